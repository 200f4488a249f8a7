import { readdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { previewCorpus } from '../../../core/text/previewCorpus.ts';
import { useTemporaryFolder } from './importFixture.ts';

const folder = useTemporaryFolder();
const options = { documentBoundary: 'line', strict: false } as const;
const parquet = resolve(import.meta.dirname, '../../fixtures/parquet');

describe('previewCorpus', () => {
  it('returns the first documents of a large file without reading on or storing anything', async () => {
    const path = folder.path('a.csv.gz');
    const rows = Array.from({ length: 300_000 }, (_, index) => `${index},"Note ${index}\r\nend"`);
    // The end of the file is damaged; a look at its beginning does not notice.
    await writeFile(path, gzipSync(`id,text\n${rows.join('\n')}\n`).subarray(0, -100));
    expect(await previewCorpus([path], options, 2)).toMatchObject({
      files: 1,
      filesByFormat: { csv: 1 },
      columns: ['id', 'text'],
      column: 'text',
      documents: ['Note 0\nend', 'Note 1\nend'],
      problem: null,
    });
    expect(await readdir(folder.path('.'))).toEqual(['a.csv.gz']);
  });

  it('lists the columns when the text column is not clear, with the reason', async () => {
    const path = folder.path('a.jsonl');
    await writeFile(path, '{"left":"a","right":"b"}\n');
    const unclear = await previewCorpus([path], options, 5);
    expect(unclear).toMatchObject({ columns: ['left', 'right'], column: null, documents: [] });
    expect(unclear.problem?.code).toBe('corpus/column-unclear');
    const clear = await previewCorpus([path], { ...options, column: 'right' }, 5);
    expect(clear).toMatchObject({ column: 'right', documents: ['b'], problem: null });
  });

  it('counts what it changed and left out', async () => {
    const path = folder.path('a.txt');
    await writeFile(path, Buffer.from([0x61, 0xff, 0x0a, 0x0a, 0x62, 0x00, 0x0a]));
    expect(await previewCorpus([path], options, 5)).toMatchObject({
      documents: ['a\ufffd', 'b'],
      emptyDocuments: 1,
      replacedSequences: 1,
      removedNulCharacters: 1,
    });
  });

  it('looks into Parquet, but unpacks no gzipped one', async () => {
    const file = resolve(parquet, 'notes-zstd.parquet');
    const preview = await previewCorpus([file], options, 1);
    expect(preview).toMatchObject({ columns: ['note'], column: 'note', problem: null });
    expect(preview.documents[0]).toContain('Note 0:');
    const path = folder.path('a.parquet.gz');
    await writeFile(path, gzipSync('PAR1'));
    expect((await previewCorpus([path], options, 1)).problem?.code).toBe('corpus/no-preview');
  });
});
