/** Which column of a table is the text. */
import { UserError } from '../../base/errors.ts';

export interface ColumnRequest {
  /** The text column; found by its name when absent. */
  readonly column?: string | undefined;
  readonly groupColumn?: string | undefined;
}

/** Hears of the columns of each table that is read. */
export interface ColumnObserver {
  /** All columns that could hold the text. */
  readonly found: (columns: readonly string[]) => void;
  readonly chosen: (column: string) => void;
}

/** Names that say "this is the document"; the first set that has exactly one match decides. */
const TEXT_COLUMN_NAMES: readonly ReadonlySet<string>[] = [
  new Set(['text']),
  new Set(['answer', 'content', 'body', 'document', 'note', 'note_text', 'article', 'abstract']),
];

/** The text column of a table; a UserError lists the columns when the choice is not clear. */
export function chooseTextColumn(
  columns: readonly string[],
  request: ColumnRequest,
  name: string,
): string {
  if (request.column !== undefined) {
    return requireColumn(columns, request.column, 'column', name);
  }
  const candidates = columns.filter((column) => column !== request.groupColumn);
  for (const names of TEXT_COLUMN_NAMES) {
    const matches = candidates.filter((column) => names.has(column.toLowerCase()));
    if (matches.length === 1) return matches[0];
    if (matches.length > 1) break;
  }
  if (candidates.length === 1) return candidates[0];
  throw new UserError(
    'corpus/column-unclear',
    `Which column of ${name} holds the text is not clear; it has ${listColumns(columns)}.`,
    'Choose the text column; on the command line, name it with --column.',
  );
}

export function requireColumn(
  columns: readonly string[],
  column: string,
  role: 'column' | 'group column',
  name: string,
): string {
  if (columns.includes(column)) return column;
  throw new UserError(
    'corpus/missing-column',
    `${name} has no ${role} "${column}"; it has ${listColumns(columns)}.`,
    `Choose one of them; on the command line, name it with --${role.replace(' ', '-')}.`,
  );
}

/** Tables of one import are read by one column: another guess for a later file is no guess. */
export function differentColumns(name: string, column: string, before: string): UserError {
  return new UserError(
    'corpus/column-unclear',
    `The text column of ${name} looks to be "${column}", that of the files before "${before}".`,
    'Choose one column for all (--column), or import the files apart.',
  );
}

export function columnsWithoutTable(role: 'column' | 'group column', column: string): UserError {
  return new UserError(
    'corpus/missing-column',
    `There is no ${role} "${column}": the files are plain text, which has no columns.`,
    `Import without a ${role} (--${role.replace(' ', '-')}), or convert the text to a table.`,
  );
}

const SHOWN_COLUMNS = 30;
const SHOWN_LENGTH = 48;

/**
 * Column names for an error. Long ones are not shown: in a table without a header row the first
 * document stands where the names should be, and corpus text never enters an error.
 */
export function listColumns(columns: readonly string[]): string {
  if (columns.length === 0) return 'no columns';
  const shown = columns
    .slice(0, SHOWN_COLUMNS)
    .map((column, index) =>
      column.length > SHOWN_LENGTH || column.includes('\n')
        ? `(column ${index + 1}, a name of ${column.length} characters)`
        : column,
    );
  const more = columns.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
