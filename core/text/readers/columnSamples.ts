/** The columns of a table with a few of their values, so that a person can tell which is the text. */
import { readText } from './byteStream.ts';
import { delimitedRows, headerOf } from './delimited.ts';
import type { SourceFile } from './findFiles.ts';
import { LONG_LINE_HINT, parseObject } from './jsonLines.ts';
import { LineSplitter } from './lines.ts';
import { readParquetHead } from './parquet.ts';

export type ColumnKind = 'text' | 'number' | 'date' | 'boolean' | 'structure' | 'empty';

export interface ColumnSample {
  readonly name: string;
  /** What the sampled values look like, whatever type the file gives them. */
  readonly kind: ColumnKind;
  /** Whether the column could be the text. */
  readonly text: boolean;
  /** First values that are not empty, shortened. Corpus text: to be shown, never to be logged. */
  readonly examples: readonly string[];
  /** Mean length of the sampled values that are not empty, in UTF-16 code units. */
  readonly meanLength: number;
}

/** Rows looked at. */
const ROWS = 20;
const EXAMPLES = 3;
const LONGEST_EXAMPLE = 160;

type Row = Readonly<Record<string, unknown>>;
interface Head {
  readonly columns: readonly { readonly name: string; readonly text: boolean }[];
  readonly rows: readonly Row[];
}

/** Empty for plain text. @throws UserError as the readers do */
export async function sampleColumns(
  file: SourceFile,
  signal?: AbortSignal,
): Promise<ColumnSample[]> {
  const { columns, rows } = await readHead(file, signal);
  return columns.map(({ name, text }) => {
    const values = rows.flatMap((row) => written(row[name]) ?? []);
    const length = values.reduce((sum, value) => sum + value.length, 0);
    return {
      name,
      kind: kindOf(
        rows.map((row) => row[name]),
        values,
      ),
      text,
      examples: values.slice(0, EXAMPLES).map(shortened),
      meanLength: values.length === 0 ? 0 : length / values.length,
    };
  });
}

/** The column of text with the longest values: a guess for a table whose names say nothing. */
export function longestColumn(columns: readonly ColumnSample[]): string | null {
  const candidates = columns.filter(({ text, meanLength }) => text && meanLength > 0);
  const longest = candidates.reduce<ColumnSample | undefined>(
    (best, column) => (best === undefined || column.meanLength > best.meanLength ? column : best),
    undefined,
  );
  return longest?.name ?? null;
}

async function readHead(file: SourceFile, signal: AbortSignal | undefined): Promise<Head> {
  const changes = { replacedSequences: 0, removedNulCharacters: 0 };
  const text = (): AsyncGenerator<string> => readText(file, changes, false, null, signal);
  switch (file.kind.format) {
    case 'text':
      return { columns: [], rows: [] };
    case 'csv':
    case 'tsv':
      return delimitedHead(text(), file.kind.format, file.name);
    case 'jsonl':
      return jsonHead(text(), file.name);
    case 'parquet':
      // A gzipped one would have to be unpacked first.
      return file.kind.gzipped ? { columns: [], rows: [] } : readParquetHead(file, ROWS);
  }
}

async function delimitedHead(
  chunks: AsyncIterable<string>,
  format: 'csv' | 'tsv',
  name: string,
): Promise<Head> {
  let columns: readonly string[] | undefined;
  const rows: Row[] = [];
  for await (const row of delimitedRows(chunks, format, name)) {
    if (columns === undefined) columns = headerOf(row);
    else rows.push(Object.fromEntries(columns.map((column, index) => [column, row[index]])));
    if (rows.length === ROWS) break;
  }
  const names = [...new Set(columns ?? [])];
  return { columns: names.map((column) => ({ name: column, text: true })), rows };
}

async function jsonHead(chunks: AsyncIterable<string>, name: string): Promise<Head> {
  const splitter = new LineSplitter(name, LONG_LINE_HINT);
  const rows: Row[] = [];
  const take = (lines: readonly string[], firstLine: number): void => {
    for (const [index, line] of lines.entries()) {
      if (line.trim() === '' || rows.length === ROWS) continue;
      rows.push(parseObject(line, `Line ${firstLine + index} of ${name}`));
    }
  };
  for await (const chunk of chunks) {
    const firstLine = splitter.nextLine;
    take(splitter.push(chunk), firstLine);
    if (rows.length === ROWS) break;
  }
  const firstLine = splitter.nextLine;
  take(splitter.end(), firstLine);
  // An import reads the keys of the first object.
  const columns = Object.keys(rows[0] ?? {}).map((column) => ({
    name: column,
    text: rows.every((row) => ['string', 'undefined'].includes(typeof (row[column] ?? undefined))),
  }));
  return { columns, rows };
}

const KINDS: readonly (readonly [ColumnKind, RegExp])[] = [
  ['number', /^[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?<=\d)(?:e[+-]?\d+)?$/i],
  ['date', /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}\S*)?$/],
  ['boolean', /^(?:true|false|yes|no)$/i],
];

/** `values` are the ones that can be written. */
function kindOf(raw: readonly unknown[], values: readonly string[]): ColumnKind {
  if (values.length === 0) {
    const hasParts = raw.some((value) => typeof value === 'object' && value !== null);
    return hasParts ? 'structure' : 'empty';
  }
  const kind = KINDS.find(([, pattern]) => values.every((value) => pattern.test(value)));
  return kind?.[0] ?? 'text';
}

/** A value as people read it; undefined for one that is empty or has parts. */
function written(value: unknown): string | undefined {
  if (value instanceof Date) return value.toISOString();
  const isPlain = ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
  const text = isPlain ? String(value).trim() : '';
  return text === '' ? undefined : text;
}

function shortened(value: string): string {
  const line = value.slice(0, 4 * LONGEST_EXAMPLE).replace(/\s+/g, ' ');
  return line.length > LONGEST_EXAMPLE ? `${line.slice(0, LONGEST_EXAMPLE - 1)}…` : line;
}
