import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openCorpus, verifyCorpus } from '../../../core/text/corpusReader.ts';
import { importCorpus } from '../../../core/text/importCorpus.ts';
import type { CorpusImport } from '../../../core/text/importCorpus.ts';
import type { Progress } from '../../../core/text/types.ts';
import { DEFAULTS, importInto, textsOf, useTemporaryFolder } from './importFixture.ts';

const folder = useTemporaryFolder();
const parquet = resolve(import.meta.dirname, '../../fixtures/parquet');

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const path = folder.path(name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, content);
  return path;
}

const NOTES = ['Größe 180 cm.', 'No fever.\n\nNo cough.', 'Temperature 38.5 °C 🌡'];

describe('formats', () => {
  it('reads the same documents from every format, gzipped too', async () => {
    const csv = `id,text\n${NOTES.map((note, id) => `${id},"${note}"`).join('\n')}\n`;
    const jsonl = NOTES.map((text) => JSON.stringify({ text })).join('\n');
    const contents: Record<string, string> = {
      'a.csv': csv,
      'a.tsv': csv.replaceAll(',', '\t'),
      'a.jsonl': jsonl,
      'a.ndjson': jsonl,
    };
    const hashes = new Set<string>();
    for (const [name, content] of Object.entries(contents)) {
      const plain = await write(name, `\ufeff${content}`);
      const half = content.length >> 1;
      const members = [content.slice(0, half), content.slice(half)].map((part) => gzipSync(part));
      const gzipped = await write(`${name}.gz`, Buffer.concat(members));
      for (const path of [plain, gzipped]) {
        const { manifest, documents } = await importInto(`${path}.corpus`, [path]);
        expect(textsOf(documents)).toEqual(NOTES);
        hashes.add(manifest.contentHash);
      }
    }
    expect(hashes.size).toBe(1);
  });

  it('reads a folder as one document a file, in the order of names', async () => {
    for (const [index, note] of NOTES.entries()) await write(`notes/${index}.txt`, note);
    await write('notes/.hidden/x.txt', 'hidden');
    await write('notes/.hidden.txt', 'hidden');
    await write('notes/sub/deep.TEXT.gz', gzipSync('deep'));
    await write('notes/scan.pdf', 'not read');
    await symlink('..', folder.path('notes/sub/circle'));
    await symlink('/nowhere/at/all', folder.path('notes/broken'));
    const { manifest, documents } = await importInto(folder.path('corpus'), [folder.path('notes')]);
    expect(textsOf(documents)).toEqual([...NOTES, 'deep']);
    expect(manifest).toMatchObject({ documents: 4, skippedFiles: 2, column: null });
    expect(manifest.sources).toHaveLength(1);
    expect(manifest.sources[0]).toMatchObject({ name: 'notes' });
  });

  it('records the hash and size of a source file as it lies on disk', async () => {
    const bytes = gzipSync(NOTES.join('\n'));
    const path = await write('a.txt.gz', bytes);
    const { manifest } = await importInto(folder.path('corpus'), [path]);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(manifest.sources).toEqual([{ name: 'a.txt.gz', bytes: bytes.length, sha256 }]);
  });

  it.each(['none', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4'])(
    'reads Parquet compressed with %s, over several row groups',
    async (codec) => {
      const { manifest, documents } = await importInto(
        folder.path('corpus'),
        [join(parquet, `notes-${codec}.parquet`)],
        { groupColumn: 'patient' },
      );
      expect(manifest).toMatchObject({ column: 'note', documents: 9, emptyDocuments: 1 });
      expect(documents[8].text).toBe(
        'Note 9: the patient reports pain since day 9. Größe 9 cm, 🩺.',
      );
      // Rows 0 and 1, 2 and 3, (4 is null) 5, 6 and 7, 8 and 9 are of one patient each.
      expect(documents.map((document) => document.group)).toEqual([0, 0, 1, 1, 2, 3, 3, 4, 4]);
    },
  );

  it('reads a gzipped Parquet file and leaves nothing of it unpacked', async () => {
    const path = await write(
      'a.parquet.gz',
      gzipSync(await readFile(join(parquet, 'bytes.parquet'))),
    );
    const { manifest, documents } = await importInto(folder.path('corpus'), [path]);
    expect(textsOf(documents)).toEqual(['valid', 'not \ufffd\ufffd valid', 'NUL  inside']);
    expect(manifest).toMatchObject({ replacedSequences: 2, removedNulCharacters: 1 });
    const files = execFileSync('ls', [folder.path('corpus')], { encoding: 'utf8' });
    expect(files.trim().split('\n')).toEqual(['corpus.json', 'documents.index', 'documents.txt']);
  });
});

describe('duplicates, groups and splits', () => {
  const sentence = (topic: string): string =>
    Array.from({ length: 60 }, (_, index) => `${topic}${index}`).join(' ');

  it('drops exact duplicates after normalisation and keeps the first', async () => {
    const path = await write('a.txt', 'one \r\n\r\n\r\ntwo\n\none\n\n\n TWO\n\n\ttwo\n');
    const { manifest, documents } = await importInto(folder.path('corpus'), [path], {
      documentBoundary: 'blank-line',
    });
    expect(textsOf(documents)).toEqual(['one', 'two', 'TWO']);
    expect(manifest).toMatchObject({ documents: 3, documentsRead: 5, exactDuplicates: 2 });
  });

  it('groups near-duplicates and the values of the group column together', async () => {
    const rows = [
      { text: sentence('a'), patient: 'p1' },
      { text: sentence('b'), patient: 'p2' },
      { text: `${sentence('b')} addendum`, patient: 'p3' },
      { text: sentence('c'), patient: 'p3' },
      { text: sentence('d'), patient: null },
      { text: sentence('e'), patient: '' },
      { text: sentence('f'), patient: 'p1' },
    ];
    const path = await write('a.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
    const { manifest, documents } = await importInto(folder.path('corpus'), [path], {
      groupColumn: 'patient',
    });
    expect(documents.map((document) => document.group)).toEqual([0, 1, 1, 1, 2, 3, 0]);
    expect(manifest).toMatchObject({ nearDuplicates: 2, nearDuplicateClusters: 1 });
  });

  it('keeps every group in one split and gives each split something', async () => {
    const rows = Array.from({ length: 300 }, (_, index) => ({
      text: sentence(`t${index}x`),
      patient: index % 100,
    }));
    const path = await write('a.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
    const request = {
      ...DEFAULTS,
      paths: [path],
      folder: folder.path('corpus'),
      groupColumn: 'patient',
    };
    const manifest = await importCorpus(request, () => undefined);
    const reader = openCorpus(request.folder);
    const splitOf = new Map<number, string>();
    const counts = { train: 0, validation: 0, test: 0 };
    for (const document of reader.documents()) {
      expect(splitOf.get(document.group) ?? document.split).toBe(document.split);
      splitOf.set(document.group, document.split);
      counts[document.split]++;
    }
    expect(splitOf.size).toBe(100);
    expect(counts).toEqual(manifest.splitDocuments);
    expect([...reader.documents('test')]).toHaveLength(counts.test);
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(0);
    reader.close();
  });

  it('is the same from the same files, and keeps the splits of a corpus that grows', async () => {
    const texts = Array.from({ length: 400 }, (_, index) => sentence(`t${index}x`));
    const path = await write('a.txt', texts.join('\n'));
    const others = texts.map((_, index) => sentence(`u${index}x`));
    const more = await write('b.txt', [...texts, ...others].join('\n'));
    const make = async (name: string, source: string, extra: Partial<CorpusImport> = {}) => {
      const request = { ...DEFAULTS, documentBoundary: 'line', ...extra } as const;
      await importCorpus(
        { ...request, paths: [source], folder: folder.path(name) },
        () => undefined,
      );
      const reader = openCorpus(folder.path(name));
      const documents = [...reader.documents()];
      reader.close();
      return { manifest: reader.manifest, documents };
    };
    const first = await make('one', path);
    const second = await make('two', path);
    expect(second).toEqual(first);
    const read = (name: string, file: string) => readFile(join(folder.path(name), file));
    for (const file of ['documents.txt', 'documents.index', 'corpus.json']) {
      expect(await read('two', file)).toEqual(await read('one', file));
    }
    const otherSeed = await make('three', path, { seed: 1 });
    expect(otherSeed.manifest.contentHash).not.toBe(first.manifest.contentHash);
    expect(textsOf(otherSeed.documents)).toEqual(textsOf(first.documents));

    const grown = await make('four', more);
    const splits = grown.documents.slice(0, 400).map((document) => document.split);
    expect(splits).toEqual(first.documents.map((document) => document.split));
  });
});

describe('openCorpus', () => {
  it('reads documents in any order', async () => {
    const texts = Array.from({ length: 3000 }, (_, index) => `${index} `.repeat(1 + (index % 200)));
    const path = await write('a.jsonl', texts.map((text) => JSON.stringify({ text })).join('\n'));
    await importInto(folder.path('corpus'), [path]);
    const reader = openCorpus(folder.path('corpus'));
    for (const index of [2999, 0, 1500, 1499, 1501, 7, 2998]) {
      expect(reader.document(index)).toMatchObject({ index, text: texts[index].trim() });
    }
    expect(() => reader.document(3000)).toThrow(RangeError);
    expect(() => reader.document(-1)).toThrow(RangeError);
    reader.close();
    await expect(verifyCorpus(folder.path('corpus'))).resolves.toEqual(reader.manifest);
  });

  it('reads a document larger than its block', async () => {
    const large = 'Größe '.repeat(200_000).trim();
    await write('notes/a.txt', 'small');
    await write('notes/b.txt', large);
    await write('notes/c.txt', 'also small');
    const { documents } = await importInto(folder.path('corpus'), [folder.path('notes')]);
    expect(textsOf(documents)).toEqual(['small', large, 'also small']);
  });

  it.each([
    ['documents.txt', (bytes: Buffer) => bytes.subarray(1), 'documents.txt has'],
    ['documents.index', (bytes: Buffer) => bytes.subarray(0, 30), 'documents.index has'],
    ['documents.index', (bytes: Buffer) => bytes.fill(0, 0, 4), 'not an index of documents'],
    ['documents.index', (bytes: Buffer) => bytes.fill(9, 4, 8), 'newer version'],
    ['corpus.json', (bytes: Buffer) => bytes.subarray(0, 50), 'not JSON'],
    ['corpus.json', () => Buffer.from('{}'), 'not a corpus manifest'],
    [
      'corpus.json',
      (bytes: Buffer) => Buffer.from(bytes.toString().replace('"seed": 0', '"seed": 1')),
      'changed after the import',
    ],
    [
      'corpus.json',
      (bytes: Buffer) =>
        Buffer.from(bytes.toString().replace('"formatVersion": 1', '"formatVersion": 2')),
      'newer version',
    ],
  ])('refuses a corpus whose %s was changed (%#)', async (name, damage, message) => {
    const path = await write('a.txt', NOTES[0]);
    await importInto(folder.path('corpus'), [path]);
    const file = join(folder.path('corpus'), name);
    await writeFile(file, damage(await readFile(file)));
    expect(() => openCorpus(folder.path('corpus'))).toThrow(message);
  });

  it('notices altered text in verifyCorpus, and a missing folder', async () => {
    const path = await write('a.txt', NOTES[1]);
    await importInto(folder.path('corpus'), [path]);
    await writeFile(
      join(folder.path('corpus'), 'documents.txt'),
      NOTES[1].replace('fever', 'FEVER'),
    );
    await expect(verifyCorpus(folder.path('corpus'))).rejects.toThrow('changed after the import');
    expect(() => openCorpus(folder.path('none'))).toThrow('There is no such file or folder');
  });
});

describe('progress', () => {
  it('reports bytes read up to their total, then the later stages', async () => {
    const path = await write('a.txt', 'line of text\n'.repeat(1_000_000));
    const reports: Progress[] = [];
    await importCorpus(
      {
        ...DEFAULTS,
        documentBoundary: 'line',
        splitShares: { train: 1, validation: 0, test: 0 },
        paths: [path],
        folder: folder.path('corpus'),
      },
      (progress) => reports.push(progress),
    );
    const reading = reports.filter((progress) => progress.stage === 'reading');
    expect(reading.length).toBeGreaterThan(3);
    expect(reading[0]).toMatchObject({ done: 0, total: 13_000_000, unit: 'bytes' });
    expect(reading.at(-1)).toMatchObject({ done: 13_000_000 });
    expect(new Set(reports.map((progress) => progress.stage))).toEqual(
      new Set(['reading', 'finding near-duplicates', 'writing']),
    );
  });
});
