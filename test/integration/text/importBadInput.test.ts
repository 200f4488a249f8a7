import { execFileSync } from 'node:child_process';
import { chmod, mkdir, open, readdir, rm, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { importCorpus } from '../../../core/text/importCorpus.ts';
import type { CorpusImport } from '../../../core/text/importCorpus.ts';
import { DEFAULTS, failedImport, importInto, useTemporaryFolder } from './importFixture.ts';

const failing = vi.hoisted(() => ({ bytesLeft: Infinity, name: '' }));

/** A disk that is full after `failing.bytesLeft` bytes of the files whose name holds `failing.name`. */
vi.mock(import('node:fs/promises'), async (original) => {
  const real = await original();
  const openFile = async (...parameters: Parameters<typeof real.open>): Promise<FileHandle> => {
    const handle = await real.open(...parameters);
    if (failing.name === '' || !String(parameters[0]).includes(failing.name)) return handle;
    const full = (bytes: number): void => {
      failing.bytesLeft -= bytes;
      if (failing.bytesLeft < 0) {
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      }
    };
    return new Proxy(handle, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property);
        if (typeof value !== 'function') return value;
        return (...values: unknown[]): unknown => {
          const [first] = values;
          if (property === 'write' || property === 'writeFile') {
            full(first instanceof Uint8Array || typeof first === 'string' ? first.length : 0);
          }
          if (property === 'sync') full(1);
          return Reflect.apply(value, target, values);
        };
      },
    });
  };
  return { ...real, open: openFile };
});

const folder = useTemporaryFolder();
const parquet = resolve(import.meta.dirname, '../../fixtures/parquet');

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const path = folder.path(name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

interface BadInput {
  readonly what: string;
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly options?: Partial<CorpusImport>;
  readonly code: string;
  readonly message: string;
}

const SECRET = 'Jane Doe';
const BAD_INPUTS: readonly BadInput[] = [
  {
    what: 'an empty file',
    name: 'a.txt',
    content: '',
    code: 'corpus/empty',
    message: 'There is nothing but empty documents in a.txt.',
  },
  {
    what: 'a table with a header alone',
    name: 'a.csv',
    content: 'text\n',
    code: 'corpus/empty',
    message: 'There is no document in a.csv.',
  },
  {
    what: 'an unknown format',
    name: 'a.docx',
    content: SECRET,
    code: 'corpus/unknown-format',
    message: 'a.docx is not known',
  },
  {
    what: 'a missing column',
    name: 'a.csv',
    content: `id,note\n1,${SECRET}\n`,
    options: { column: 'text' },
    code: 'corpus/missing-column',
    message: 'a.csv has no column "text"; it has id, note.',
  },
  {
    what: 'a missing group column',
    name: 'a.csv',
    content: `id,note\n1,${SECRET}\n`,
    options: { groupColumn: 'patient' },
    code: 'corpus/missing-column',
    message: 'a.csv has no group column "patient"; it has id, note.',
  },
  {
    what: 'a column asked of plain text',
    name: 'a.txt',
    content: SECRET,
    options: { groupColumn: 'patient' },
    code: 'corpus/missing-column',
    message: 'plain text, which has no columns',
  },
  {
    what: 'a column that is not clear',
    name: 'a.jsonl',
    content: `{"left":"${SECRET}","right":"x"}`,
    code: 'corpus/column-unclear',
    message: 'it has left, right',
  },
  {
    what: 'damaged JSON',
    name: 'a.jsonl',
    content: `{"text":"a"}\n{"text": ${SECRET}}\n`,
    code: 'corpus/malformed-json',
    message: 'Line 2 of a.jsonl is not JSON.',
  },
  {
    what: 'a damaged table',
    name: 'a.csv',
    content: `text,id\n${SECRET},1,2\n`,
    code: 'corpus/malformed-table',
    message: 'Line 2 of a.csv has more fields than the header.',
  },
  {
    what: 'invalid UTF-8 when strict',
    name: 'a.txt',
    content: Buffer.from([...Buffer.from(SECRET), 0xff, 0xfe]),
    options: { strict: true },
    code: 'corpus/invalid-utf8',
    message: `Byte ${SECRET.length} of a.txt is not valid UTF-8.`,
  },
  {
    what: 'a truncated gzip file',
    name: 'a.txt.gz',
    content: gzipSync(SECRET.repeat(1000)).subarray(0, 40),
    code: 'corpus/damaged-gzip',
    message: 'a.txt.gz is not a complete gzip file.',
  },
  {
    what: 'a gzip name without gzip content',
    name: 'a.jsonl.gz',
    content: `{"text":"${SECRET}"}`,
    code: 'corpus/damaged-gzip',
    message: 'a.jsonl.gz is not a complete gzip file.',
  },
  {
    what: 'a file that is no Parquet',
    name: 'a.parquet',
    content: SECRET,
    code: 'corpus/damaged-parquet',
    message: 'a.parquet cannot be read as Parquet.',
  },
  {
    what: 'too few documents for three splits',
    name: 'a.txt',
    content: SECRET,
    options: { splitShares: { train: 0.9, validation: 0.05, test: 0.05 } },
    code: 'corpus/too-few-groups',
    message: 'The corpus has 1 different document, too few for',
  },
];

describe('input that is refused', () => {
  it.each(BAD_INPUTS)('$what', async ({ name, content, options, code, message }) => {
    const path = await write(name, content);
    const error = await failedImport(folder.path('.'), [path], options);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.hint).not.toBe('');
    expect(`${error.stack} ${String(error.cause)} ${error.hint}`).not.toContain(SECRET);
  });

  it.each([
    ['a missing file', 'none.txt', 'system/enoent'],
    ['a folder without files', '.', 'corpus/no-files'],
  ])('%s', async (_, name, code) => {
    expect((await failedImport(folder.path('.'), [folder.path(name)])).code).toBe(code);
  });

  it('tables with different text columns', async () => {
    await write('tables/a.csv', 'text\nx\n');
    await write('tables/b.csv', 'body\ny\n');
    const error = await failedImport(folder.path('.'), [folder.path('tables')]);
    expect(error.message).toContain('"body"');
    expect(error.code).toBe('corpus/column-unclear');
  });

  it('a Parquet column that is no text, and truncated Parquet', async () => {
    const path = join(parquet, 'notes-snappy.parquet');
    const number = await failedImport(folder.path('.'), [path], { column: 'score' });
    expect(number.message).toBe('The column "score" of notes-snappy.parquet does not hold text.');
    const missing = await failedImport(folder.path('.'), [path], { column: 'text' });
    expect(missing.message).toContain('patient, note, score');
    const strict = await failedImport(folder.path('.'), [join(parquet, 'bytes.parquet')], {
      strict: true,
    });
    expect(strict.message).toBe('Byte 4 of Row 2 of bytes.parquet is not valid UTF-8.');
  });

  it('a line of 200 MB, whatever reads it, without holding it', async () => {
    const path = folder.path('long.txt');
    const handle = await open(path, 'w');
    for (let part = 0; part < 200; part++) await handle.write(Buffer.alloc(1 << 20, 'x '));
    await handle.close();
    const line = await failedImport(folder.path('.'), [path], { documentBoundary: 'line' });
    expect(line.message).toBe('Line 1 of long.txt is longer than 64 Mi characters.');
    const whole = await failedImport(folder.path('.'), [path]);
    expect(whole.toJSON()).toMatchObject({
      code: 'corpus/record-too-long',
      hint: expect.stringContaining('one document a line') as string,
    });
  });

  it.runIf(process.getuid?.() !== 0)('a file that may not be read', async () => {
    const path = await write('a.txt', 'x');
    await chmod(path, 0);
    expect((await failedImport(folder.path('.'), [path])).code).toBe('system/eacces');
  });
});

describe('input that is repaired and counted', () => {
  it('invalid UTF-8, NUL characters and empty documents', async () => {
    const lines = [Buffer.from('good\n'), Buffer.from([0x61, 0xff, 0x62, 0xc3, 0x0a, 0x00, 0x63])];
    const path = await write('a.txt', Buffer.concat([...lines, Buffer.from('\n\n \n\0\n')]));
    const { manifest, documents } = await importInto(folder.path('corpus'), [path], {
      documentBoundary: 'line',
    });
    expect(documents.map(({ text }) => text)).toEqual(['good', 'a\ufffdb\ufffd', 'c']);
    expect(manifest).toMatchObject({
      documentsRead: 6,
      emptyDocuments: 3,
      replacedSequences: 2,
      removedNulCharacters: 2,
    });
  });
});

describe('a full disk', () => {
  // Enough text that it is written in several pieces.
  const lines = Array.from({ length: 40_000 }, (_, index) => `line ${index} of some length here`);

  it.each([
    ['documents.txt', 0],
    ['documents.txt', 700_000],
    ['documents.txt', 1_000_000],
    ['documents.index', 0],
    ['documents.index', 600_000],
    ['corpus.json', 0],
  ])('in %s after %i bytes leaves nothing', async (name, bytesLeft) => {
    const path = await write('a.txt', lines.join('\n'));
    Object.assign(failing, { name, bytesLeft });
    try {
      const options = { documentBoundary: 'line' } as const;
      const error = await failedImport(folder.path('.'), [path], options);
      expect(error.code).toBe('system/enospc');
      expect(failing.bytesLeft).toBeLessThan(0);
    } finally {
      Object.assign(failing, { name: '', bytesLeft: Infinity });
    }
  });

  it('of a real file system leaves nothing', async ({ skip }) => {
    const disk = folder.path('disk');
    await mkdir(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      skip('mounting a small file system needs root');
    }
    try {
      const path = await write('a.txt', lines.join('\n'));
      const error = await failedImport(disk, [path], { documentBoundary: 'line' });
      expect(error.code).toBe('system/enospc');
    } finally {
      execFileSync('umount', [disk]);
      await rm(disk, { recursive: true });
    }
  });
});

describe('an import that is stopped', () => {
  it.each(['reading', 'finding near-duplicates', 'writing'])(
    'while %s leaves nothing and throws the reason',
    async (stage) => {
      const lines = Array.from({ length: 200_000 }, (_, index) => `line ${index} of some length`);
      const path = await write('a.txt', lines.join('\n'));
      const controller = new AbortController();
      const reason = new Error('stopped by the test');
      const request = { ...DEFAULTS, documentBoundary: 'line', paths: [path] } as const;
      const stopped = importCorpus(
        { ...request, folder: folder.path('corpora/corpus') },
        (progress) => {
          if (progress.stage === stage) controller.abort(reason);
        },
        controller.signal,
      );
      await expect(stopped).rejects.toBe(reason);
      expect(await readdir(folder.path('corpora'))).toEqual([]);
    },
  );

  it('refuses a folder that exists and leaves it as it was', async () => {
    const path = await write('a.txt', 'x');
    await write('corpus/kept.txt', 'kept');
    await expect(importInto(folder.path('corpus'), [path])).rejects.toMatchObject({
      code: 'corpus/folder-exists',
    });
    expect(await readdir(folder.path('corpus'))).toEqual(['kept.txt']);
    expect((await readdir(folder.path('.'))).sort()).toEqual(['a.txt', 'corpus']);
  });
});
