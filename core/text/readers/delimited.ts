/** Tables in CSV and TSV (RFC 4180 quoting, a header row), row by row. */
import { Readable, pipeline } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { UserError } from '../../base/errors.ts';
import { chooseTextColumn, requireColumn } from './columns.ts';
import type { ColumnObserver, ColumnRequest } from './columns.ts';
import { MAXIMUM_RECORD_LENGTH, recordTooLong } from './records.ts';
import type { RecordBatches, TextRecord } from './records.ts';

const BATCH_ROWS = 256;
const LONG_ROW_HINT = 'Look for a quotation mark that is never closed.';

/**
 * Rows may be shorter than the header (what is missing is empty) but not longer. Errors are UserErrors that name the line and never hold text of the file.
 */
export async function* readDelimited(
  chunks: AsyncIterable<string>,
  format: 'csv' | 'tsv',
  request: ColumnRequest,
  name: string,
  observer: ColumnObserver,
): RecordBatches {
  let textIndex = -1;
  let groupIndex = -1;
  let batch: TextRecord[] = [];
  for await (const row of delimitedRows(chunks, format, name)) {
    if (textIndex < 0) {
      const columns = headerOf(row);
      observer.found(columns);
      const column = chooseTextColumn(columns, request, name);
      textIndex = columns.indexOf(column);
      if (request.groupColumn !== undefined) {
        requireColumn(columns, request.groupColumn, 'group column', name);
        groupIndex = columns.indexOf(request.groupColumn);
      }
      observer.chosen(column);
      continue;
    }
    const group = groupIndex < 0 ? null : (row[groupIndex] ?? null);
    batch.push({ text: row[textIndex] ?? '', group });
    if (batch.length === BATCH_ROWS) {
      yield batch;
      batch = [];
    }
  }
  yield batch;
}

/** The fields of every row, the header first. */
export async function* delimitedRows(
  chunks: AsyncIterable<string>,
  format: 'csv' | 'tsv',
  name: string,
): AsyncGenerator<string[]> {
  const source = chunks[Symbol.asyncIterator]();
  const first = await firstText(source);
  const delimiter = format === 'tsv' ? '\t' : csvDelimiter(first);
  const parser = parse({
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count_less: true,
    skip_empty_lines: true,
    max_record_size: MAXIMUM_RECORD_LENGTH,
  });
  // The iteration below throws what the pipeline reports.
  pipeline(Readable.from(startingWith(first, source)), parser, () => undefined);
  try {
    yield* parser as AsyncIterable<string[]>;
  } catch (error) {
    throw error instanceof CsvError ? malformedTable(error, name) : error;
  }
}

export function headerOf(row: readonly string[]): string[] {
  return row.map((column) => column.trim());
}

/** The first chunk that is not empty; decoding may hold the first bytes back. */
async function firstText(source: AsyncIterator<string>): Promise<string> {
  for (;;) {
    const result = await source.next();
    if (result.done === true) return '';
    if (result.value !== '') return result.value;
  }
}

async function* startingWith(first: string, rest: AsyncIterator<string>): AsyncGenerator<string> {
  yield first;
  yield* { [Symbol.asyncIterator]: () => rest };
}

/** Spreadsheets of many locales write `;`; a header without a comma shows it. */
function csvDelimiter(text: string): string {
  const header = text.slice(0, text.search(/[\r\n]|$/));
  if (header.includes(',')) return ',';
  return [';', '\t'].find((candidate) => header.includes(candidate)) ?? ',';
}

/** The parser's own messages quote the file, so they are not passed on. */
function malformedTable(error: CsvError, name: string): UserError {
  const line = typeof error.lines === 'number' ? error.lines : 0;
  const where = `Line ${line} of ${name}`;
  if (error.code === 'CSV_MAX_RECORD_SIZE') {
    return recordTooLong(`The row that ends after line ${line} of ${name}`, LONG_ROW_HINT);
  }
  const reasons: Partial<Record<string, string>> = {
    CSV_QUOTE_NOT_CLOSED: 'opens a quotation mark that is never closed',
    CSV_INVALID_CLOSING_QUOTE: 'has text after a closing quotation mark',
    INVALID_OPENING_QUOTE: 'has a quotation mark inside a field that is not quoted',
    CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: 'has more fields than the header',
  };
  return new UserError(
    'corpus/malformed-table',
    `${where} ${reasons[error.code] ?? 'cannot be read as a table row'}.`,
    'Correct the row: fields with delimiters, line ends or quotation marks stand in quotation marks, and those inside are doubled.',
  );
}
