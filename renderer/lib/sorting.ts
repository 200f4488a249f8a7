/** Order of table rows. */

export type SortValue = string | number | null;

export interface Sort {
  /** Key of the column. */
  readonly column: string;
  readonly descending: boolean;
}

/** Natural order: "run 9" before "run 10", case aside. */
const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Rows in the order of a value; equal ones keep theirs, and rows without a value come last either way. */
export function sortRows<Row>(
  rows: readonly Row[],
  value: (row: Row) => SortValue,
  descending: boolean,
): Row[] {
  const keyed = rows.map((row) => ({ row, key: value(row) }));
  const sign = descending ? -1 : 1;
  keyed.sort((a, b) => {
    const [aMissing, bMissing] = [isMissing(a.key), isMissing(b.key)];
    if (aMissing || bMissing) return Number(aMissing) - Number(bMissing);
    return sign * compareValues(a.key, b.key);
  });
  return keyed.map(({ row }) => row);
}

const isMissing = (value: SortValue): boolean =>
  value === null || (typeof value === 'number' && Number.isNaN(value));

function compareValues(a: SortValue, b: SortValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return collator.compare(String(a), String(b));
}

/** What a click on a header does: ascending or the column's own first direction, then the other one. */
export function nextSort(
  current: Sort | undefined,
  column: string,
  descendingFirst: boolean,
): Sort {
  if (current?.column !== column) return { column, descending: descendingFirst };
  return { column, descending: !current.descending };
}
