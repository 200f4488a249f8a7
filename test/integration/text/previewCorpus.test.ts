import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
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
      columns: [
        { name: 'id', text: true, examples: ['0', '1', '2'] },
        { name: 'text', text: true, examples: ['Note 0 end', 'Note 1 end', 'Note 2 end'] },
      ],
      column: 'text',
      suggestedColumn: null,
      documents: ['Note 0\nend', 'Note 1\nend'],
      problem: null,
    });
    expect(await readdir(folder.path('.'))).toEqual(['a.csv.gz']);
  });

  it('shows the columns and suggests one when the text column is not clear, with the reason', async () => {
    const path = folder.path('a.jsonl');
    const row = { patient_id: 7, left: 'a', right: 'b c', date: null };
    await writeFile(path, `${JSON.stringify(row)}\n`);
    const unclear = await previewCorpus([path], options, 5);
    expect(unclear).toMatchObject({
      columns: [
        { name: 'patient_id', kind: 'number', text: false, examples: ['7'] },
        { name: 'left', kind: 'text', text: true, examples: ['a'] },
        { name: 'right', text: true, examples: ['b c'] },
        { name: 'date', kind: 'empty', text: true, examples: [] },
      ],
      column: null,
      suggestedColumn: 'right',
      suggestedGroupColumn: 'patient_id',
      documents: [],
    });
    expect(unclear.problem?.code).toBe('corpus/column-unclear');
    const clear = await previewCorpus([path], { ...options, column: 'right' }, 5);
    expect(clear).toMatchObject({ column: 'right', documents: ['b c'], problem: null });
  });

  it('warns of what looks like personal data in files spread over all that were given', async () => {
    const notes = folder.path('notes');
    await mkdir(notes);
    for (let index = 0; index < 200; index++) {
      const name = `${String(index).padStart(3, '0')}.txt`;
      await writeFile(join(notes, name), index < 100 ? 'Nothing.' : 'Dr. Smith, 01/02/2003.');
    }
    const { documents, personalData } = await previewCorpus([notes], options, 3);
    expect(documents).toEqual(['Nothing.', 'Nothing.', 'Nothing.']);
    expect(personalData).toEqual({
      findings: [
        { kind: 'name', count: 32, documents: 32, examples: ['Dr. S••••'] },
        { kind: 'date', count: 32, documents: 32, examples: ['0•/••/••••'] },
      ],
      files: 64,
      documents: 64,
      characters: 32 * 'Nothing.'.length + 32 * 'Dr. Smith, 01/02/2003.'.length,
      complete: false,
    });
  });

  it('says when all there is was searched for personal data, and when a large file was cut', async () => {
    const small = folder.path('small.txt');
    await writeFile(small, 'One.\nTwo.\n\n');
    expect((await previewCorpus([small], options, 1)).personalData).toMatchObject({
      findings: [],
      documents: 2,
      complete: true,
    });
    const large = folder.path('large.txt');
    await writeFile(large, 'A line.\n'.repeat(5000));
    expect((await previewCorpus([large], options, 1)).personalData).toMatchObject({
      documents: 2000,
      complete: false,
    });
  });

  it('finds that there is nothing to import, but gives up searching among empty rows', async () => {
    const empty = folder.path('empty.txt');
    await writeFile(empty, '\n\n');
    expect((await previewCorpus([empty], options, 1)).problem?.code).toBe('corpus/empty');
    const folderWithout = folder.path('images');
    await mkdir(folderWithout);
    await writeFile(join(folderWithout, 'a.png'), '');
    expect((await previewCorpus([folderWithout], options, 1)).problem?.code).toBe(
      'corpus/no-files',
    );
    const sparse = folder.path('sparse.txt');
    await writeFile(sparse, `${'\n'.repeat(30_000)}A line.`);
    const preview = await previewCorpus([sparse], options, 1);
    expect(preview).toMatchObject({ documents: [], problem: null });
    expect(preview.emptyDocuments).toBe(20_000);
  });

  it('says what the values of a column look like', async () => {
    const path = folder.path('a.jsonl');
    const rows = [
      {
        text: 'a',
        n: -1.5e3,
        s: '1,200',
        d: '2024-05-01',
        t: '2024-05-01T10:00:00Z',
        b: true,
        o: {},
      },
      { text: '1', n: 2, s: '.5', d: '2024-05-02', t: '2024-05-02 11:00', b: 'No', o: [1] },
    ];
    await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const { columns } = await previewCorpus([path], options, 1);
    expect(columns.map(({ kind }) => kind)).toEqual([
      'text',
      'number',
      'number',
      'date',
      'date',
      'boolean',
      'structure',
    ]);
  });

  it.each([
    ['column', { column: 'text' }],
    ['group column', { groupColumn: 'patient' }],
  ])('finds that plain text has no %s', async (what, choice) => {
    const path = folder.path('a.txt');
    await writeFile(path, 'A line.');
    const { problem } = await previewCorpus([path], { ...options, ...choice }, 1);
    expect(problem?.code).toBe('corpus/missing-column');
    expect(problem?.message).toContain(`There is no ${what} "`);
  });

  it('finds that tables would be read by different columns', async () => {
    await writeFile(folder.path('a.csv'), 'id,text\n1,One.\n');
    await writeFile(folder.path('b.csv'), 'id,note\n1,Two.\n');
    const { documents, problem } = await previewCorpus([folder.path('.')], options, 1);
    expect(documents).toEqual(['One.']);
    expect(problem?.message).toMatch(/b\.csv looks to be "note", that of the files before "text"/);
  });

  it('takes bytes that are no text for what they are, and old encodings for text', async () => {
    const noise = folder.path('noise.txt');
    const bytes = Uint8Array.from(
      { length: 5000 },
      (_, index) => (index * index * 7 + 13 * index) % 256,
    );
    await writeFile(noise, bytes);
    expect((await previewCorpus([noise], options, 1)).problem?.code).toBe('corpus/not-text');
    const old = folder.path('old.txt');
    await writeFile(
      old,
      Buffer.from('Die Patientin klagt über Schmerzen in der Hüfte. '.repeat(99), 'latin1'),
    );
    expect(await previewCorpus([old], options, 1)).toMatchObject({
      replacedSequences: 198,
      problem: null,
    });
  });

  it('stops when it is told to, which is no problem of the files', async () => {
    const path = folder.path('a.txt');
    await writeFile(path, 'A line.');
    const reason = new UserError('call/aborted', 'Stopped.', 'Start again.');
    await expect(
      previewCorpus([path], options, 1, undefined, AbortSignal.abort(reason)),
    ).rejects.toBe(reason);
  });

  it('tells of a damaged file that the sample comes upon', async () => {
    const good = folder.path('a.txt');
    const bad = folder.path('b.txt.gz');
    await writeFile(good, 'One.\nTwo.\n');
    await writeFile(bad, 'no gzip');
    const preview = await previewCorpus([good, bad], options, 1);
    expect(preview.documents).toEqual(['One.']);
    expect(preview.problem?.code).toBe('corpus/damaged-gzip');
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
    expect(preview).toMatchObject({ column: 'note', problem: null });
    expect(preview.columns).toMatchObject([
      { name: 'patient', text: false, examples: ['100', '100', '101'] },
      { name: 'note', text: true },
      { name: 'score', text: false, examples: ['0', '0.5', '1'] },
    ]);
    expect(preview.columns[1]?.examples[0]).toContain('Größe 0 cm, 🩺.');
    expect(preview.suggestedGroupColumn).toBe('patient');
    expect(preview.documents[0]).toContain('Note 0:');
    const path = folder.path('a.parquet.gz');
    await writeFile(path, gzipSync('PAR1'));
    expect((await previewCorpus([path], options, 1)).problem?.code).toBe('corpus/no-preview');
  });
});
