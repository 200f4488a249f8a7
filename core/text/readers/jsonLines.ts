/** One JSON object a line; the text column is a key. */
import { UserError } from '../../base/errors.ts';
import { chooseTextColumn, listColumns, requireColumn } from './columns.ts';
import type { ColumnObserver, ColumnRequest } from './columns.ts';
import { LineSplitter } from './lines.ts';
import type { RecordBatches, TextRecord } from './records.ts';

export const LONG_LINE_HINT =
  'JSON Lines hold one object a line; a JSON array has to be converted first.';

/**
 * The first object decides which key is read; later objects without it, or with null, count as
 * empty documents. Blank lines are passed over. Errors name the line and never hold its text.
 */
export async function* readJsonLines(
  chunks: AsyncIterable<string>,
  request: ColumnRequest,
  name: string,
  observer: ColumnObserver,
): RecordBatches {
  const splitter = new LineSplitter(name, LONG_LINE_HINT);
  let column: string | undefined;

  function read(lines: readonly string[], firstLine: number): TextRecord[] {
    const records: TextRecord[] = [];
    for (const [index, line] of lines.entries()) {
      if (line.trim() === '') continue;
      const where = `Line ${firstLine + index} of ${name}`;
      const object = parseObject(line, where);
      if (column === undefined) {
        observer.found(Object.keys(object));
        column = chooseTextColumn(Object.keys(object), request, name);
        if (request.groupColumn !== undefined) {
          requireColumn(Object.keys(object), request.groupColumn, 'group column', name);
        }
        observer.chosen(column);
      }
      const group = request.groupColumn === undefined ? null : object[request.groupColumn];
      records.push({ text: textOf(object[column], column, where), group: groupOf(group, where) });
    }
    return records;
  }

  for await (const chunk of chunks) {
    const firstLine = splitter.nextLine;
    yield read(splitter.push(chunk), firstLine);
  }
  const firstLine = splitter.nextLine;
  yield read(splitter.end(), firstLine);
}

/** @throws UserError `corpus/malformed-json` */
export function parseObject(line: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The parser's message quotes the line, so it is not passed on.
    throw malformedLine(where, 'is not JSON');
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw malformedLine(where, 'is not a JSON object');
  }
  return value as Record<string, unknown>;
}

function textOf(value: unknown, column: string, where: string): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  throw malformedLine(where, `has no text under the key ${listColumns([column])}`);
}

function groupOf(value: unknown, where: string): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw malformedLine(where, 'has a group value that is neither text nor a number');
}

function malformedLine(where: string, what: string): UserError {
  return new UserError(
    'corpus/malformed-json',
    `${where} ${what}.`,
    'Each line has to be one JSON object that holds the text under the chosen key.',
  );
}
