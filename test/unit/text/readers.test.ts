import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import { chooseTextColumn } from '../../../core/text/readers/columns.ts';
import { readDelimited } from '../../../core/text/readers/delimited.ts';
import { fileKind } from '../../../core/text/readers/formats.ts';
import { readJsonLines } from '../../../core/text/readers/jsonLines.ts';
import { readPlainText } from '../../../core/text/readers/plainText.ts';
import { MAXIMUM_RECORD_LENGTH } from '../../../core/text/readers/records.ts';
import type { RecordBatches, TextRecord } from '../../../core/text/readers/records.ts';

/** The text in chunks of `size` characters; the decoder never cuts one either. */
async function* inChunks(text: string, size: number): AsyncGenerator<string> {
  const characters = [...text];
  for (let start = 0; start < characters.length; start += size) {
    yield characters.slice(start, start + size).join('');
  }
}

async function all(batches: RecordBatches): Promise<TextRecord[]> {
  const records: TextRecord[] = [];
  for await (const batch of batches) records.push(...batch);
  return records;
}

async function texts(batches: RecordBatches): Promise<string[]> {
  return (await all(batches)).map((record) => record.text);
}

async function failure(batches: RecordBatches): Promise<UserError> {
  const error: unknown = await all(batches).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof UserError) return error;
  throw new Error('A UserError was expected.', { cause: error });
}

/** Many megabytes of one line, without ever being held. */
async function* longLine(before: string): AsyncGenerator<string> {
  yield before;
  const part = 'x'.repeat(1 << 20);
  for (let length = 0; length <= MAXIMUM_RECORD_LENGTH; length += part.length) yield part;
  throw new Error('The reader went on past the limit.');
}

const ignore = { found: (): void => undefined, chosen: (): void => undefined };

describe('fileKind', () => {
  it.each([
    ['a/b.txt', { format: 'text', gzipped: false }],
    ['B.TXT.GZ', { format: 'text', gzipped: true }],
    ['notes.md', { format: 'text', gzipped: false }],
    ['x.ndjson', { format: 'jsonl', gzipped: false }],
    ['x.tar.parquet', { format: 'parquet', gzipped: false }],
    ['x.json', undefined],
    ['x.gz', undefined],
    ['txt', undefined],
    ['x.constructor', undefined],
  ])('%s', (path, kind) => {
    expect(fileKind(path)).toEqual(kind);
  });
});

describe('readPlainText', () => {
  const text = '\r\nfirst line\rsecond\n\n \t \nthird\r\n\r\n\r\nfourth';

  it.each([1, 2, 3, 7, 1000])('finds the documents in chunks of %i', async (size) => {
    expect(await texts(readPlainText(inChunks(text, size), 'file', 'a'))).toEqual([text]);
    expect(await texts(readPlainText(inChunks(text, size), 'blank-line', 'a'))).toEqual([
      'first line\nsecond',
      'third',
      'fourth',
    ]);
    expect(await texts(readPlainText(inChunks(text, size), 'line', 'a'))).toEqual(
      text.split(/\r\n|\r|\n/),
    );
  });

  it('splits lines like a regular expression does, however the text is cut', async () => {
    const piece = fc.constantFrom('a', 'bc', '\n', '\r', '\r\n', ' ');
    await fc.assert(
      fc.asyncProperty(fc.array(piece), fc.integer({ min: 1, max: 5 }), async (pieces, size) => {
        const joined = pieces.join('');
        const expected = joined.split(/\r\n|\r|\n/);
        if (expected.at(-1) === '') expected.pop();
        expect(await texts(readPlainText(inChunks(joined, size), 'line', 'a'))).toEqual(expected);
      }),
    );
  });

  it('stops at a line that is too long and says which', async () => {
    const error = await failure(readPlainText(longLine('one\ntwo\n'), 'line', 'notes.txt'));
    expect(error.toJSON()).toMatchObject({
      code: 'corpus/record-too-long',
      message: 'Line 3 of notes.txt is longer than 64 Mi characters.',
    });
    const whole = await failure(readPlainText(longLine(''), 'file', 'notes.txt'));
    expect(whole.hint).toContain('one document a line');
    const parts = await failure(readPlainText(longLine('one\n\ntwo\n'), 'blank-line', 'notes.txt'));
    expect(parts.message).toContain('4 of notes.txt');
  });
});

describe('readDelimited', () => {
  const read = (text: string, options = {}, size = 1000, format: 'csv' | 'tsv' = 'csv') =>
    readDelimited(inChunks(text, size), format, options, 'table.csv', ignore);

  it('reads back any table that is written by RFC 4180, however it is cut', async () => {
    const field = fc.string({
      unit: fc.constantFrom('a', 'é', '🩺', '"', ',', '\n', '\r\n', ';', '\t', ' '),
      maxLength: 8,
    });
    const row = fc.tuple(field, field, field);
    const quote = (value: string): string => `"${value.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        async (rows, size) => {
          const lines = [['id', 'text', 'site'], ...rows].map((cells) =>
            cells.map(quote).join(','),
          );
          const records = await all(
            read(lines.join('\r\n'), { column: 'text', groupColumn: 'site' }, size),
          );
          expect(records).toEqual(rows.map(([, text, group]) => ({ text, group })));
        },
      ),
    );
  });

  it('takes ; and tabs as delimiters when the header shows them', async () => {
    expect(await texts(read('id;text\n1;a, b\n'))).toEqual(['a, b']);
    expect(await texts(read('id\ttext\n1\ta, b\n'))).toEqual(['a, b']);
    expect(await texts(read('id\ttext\n1\t"a\tb"\n', {}, 1000, 'tsv'))).toEqual(['a\tb']);
  });

  it('takes missing fields at the end of a row as empty', async () => {
    expect(await texts(read('id,text\n1\n2,b\n\n'))).toEqual(['', 'b']);
  });

  it.each([
    ['a row longer than the header', 'id,text\n1,a\n2,b,secret\n', 'corpus/malformed-table', '3'],
    ['an open quotation mark', 'id,text\n1,"secret\n2,b\n', 'corpus/malformed-table', ''],
    ['text after a quotation', 'id,text\n1,"secret" x\n', 'corpus/malformed-table', '2'],
    ['a missing column', 'id,text\n1,secret\n', 'corpus/missing-column', 'id, text', 'note'],
  ])('refuses %s without quoting the file', async (_, text, code, part, column = 'text') => {
    const error = await failure(read(text, { column }));
    expect(error.code).toBe(code);
    expect(error.message).toContain('table.csv');
    expect(error.message).toContain(part);
    expect(JSON.stringify(error) + String(error.cause)).not.toContain('secret');
  });

  it('reads an empty table as no documents', async () => {
    expect(await texts(read(''))).toEqual([]);
    expect(await texts(read('id,text\n'))).toEqual([]);
  });
});

describe('readJsonLines', () => {
  const read = (text: string, options = {}) =>
    readJsonLines(inChunks(text, 7), options, 'a.jsonl', ignore);

  it('reads the key and the group, with null and absence as empty', async () => {
    const lines = [
      { text: 'one\r\ntwo', patient: 7 },
      { patient: 'p', text: null },
      { patient: null },
      { text: 'three', patient: '7' },
    ];
    const text = `${lines.map((line) => JSON.stringify(line)).join('\r\n')}\n\n`;
    expect(await all(read(text, { groupColumn: 'patient' }))).toEqual([
      { text: 'one\r\ntwo', group: '7' },
      { text: '', group: 'p' },
      { text: '', group: null },
      { text: 'three', group: '7' },
    ]);
  });

  it.each([
    ['no JSON', '{"text":"a"}\n{"text":"secret\n', 'corpus/malformed-json', 'Line 2'],
    ['an array', '[{"text":"secret"}]\n', 'corpus/malformed-json', 'Line 1'],
    ['a number for text', '{"text":"a"}\n{"text":5}\n', 'corpus/malformed-json', 'Line 2'],
    ['no such key', '{"body":"secret","id":1}\n', 'corpus/missing-column', 'body, id', 'text'],
  ])('refuses %s without quoting the file', async (_, text, code, part, column?: string) => {
    const error = await failure(read(text, column === undefined ? {} : { column }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(part);
    expect(JSON.stringify(error) + String(error.cause)).not.toContain('secret');
  });

  it('refuses a line of 64 Mi characters before it is held', async () => {
    const batches = readJsonLines(longLine('{"text":"a"}\n'), {}, 'a.jsonl', ignore);
    const error = await failure(batches);
    expect(error.message).toBe('Line 2 of a.jsonl is longer than 64 Mi characters.');
  });
});

describe('chooseTextColumn', () => {
  it.each([
    [['id', 'focus', 'question', 'answer'], 'answer'],
    [['title', 'Text'], 'Text'],
    [['text', 'body'], 'text'],
    [['comment'], 'comment'],
  ])('chooses from %j', (columns, chosen) => {
    expect(chooseTextColumn(columns, {}, 'a.csv')).toBe(chosen);
  });

  it('does not guess', () => {
    expect(() => chooseTextColumn(['body', 'note', 'id'], {}, 'a.csv')).toThrow('body, note, id');
    expect(() => chooseTextColumn(['left', 'right'], {}, 'a.csv')).toThrow(UserError);
  });

  it('does not show names that may be text of a table without a header', () => {
    const sentence = 'Mr Smith, born 1 January 1950, was admitted with chest pain.';
    expect(() => chooseTextColumn(['1', sentence], {}, 'a.csv')).toThrow(
      `it has 1, (column 2, a name of ${sentence.length} characters)`,
    );
  });
});
