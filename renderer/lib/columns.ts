/** Which columns of a table are shown, in which order, and how many of them stay at the left. */

export interface ColumnKey {
  readonly key: string;
  /** Shown unless the person chose otherwise; true when left out. */
  readonly isShown?: boolean;
  /** Cannot be hidden: what names the row. */
  readonly isRequired?: boolean;
}

export interface ColumnLayout {
  /** Keys of the shown columns in their order; undefined: the table's own. */
  readonly columns?: readonly string[];
  readonly pinned?: number;
}

/** The shown columns in their order; keys that are not there (any more) are passed over. */
export function shownColumns<Column extends ColumnKey>(
  columns: readonly Column[],
  layout: ColumnLayout,
): Column[] {
  if (layout.columns === undefined) return columns.filter(({ isShown }) => isShown ?? true);
  const chosen = layout.columns.flatMap(
    (key) => columns.find((column) => column.key === key) ?? [],
  );
  const unique = [...new Set(chosen)];
  const missing = columns.filter((column) => column.isRequired && !unique.includes(column));
  return [...missing, ...unique];
}

/** All columns for a list to choose from: the shown ones first, in their order. */
export function chooserOrder<Column extends ColumnKey>(
  columns: readonly Column[],
  layout: ColumnLayout,
): { readonly column: Column; readonly shown: boolean }[] {
  const shown = shownColumns(columns, layout);
  const hidden = columns.filter((column) => !shown.includes(column));
  return [
    ...shown.map((column) => ({ column, shown: true })),
    ...hidden.map((column) => ({ column, shown: false })),
  ];
}

/** Shows a hidden column at the end, or hides a shown one unless it is required. */
export function toggleColumn<Layout extends ColumnLayout>(
  columns: readonly ColumnKey[],
  layout: Layout,
  key: string,
): Layout {
  const shown = shownColumns(columns, layout);
  const column = columns.find((candidate) => candidate.key === key);
  if (column === undefined) return layout;
  if (!shown.includes(column)) return { ...layout, columns: [...keys(shown), key] };
  if (column.isRequired === true) return layout;
  const pinned = layout.pinned ?? 0;
  const index = shown.indexOf(column);
  return {
    ...layout,
    columns: keys(shown).filter((candidate) => candidate !== key),
    ...(index < pinned ? { pinned: pinned - 1 } : {}),
  };
}

/** Moves a shown column one place to the left (−1) or to the right (1). */
export function moveColumn<Layout extends ColumnLayout>(
  columns: readonly ColumnKey[],
  layout: Layout,
  key: string,
  by: -1 | 1,
): Layout {
  const order = keys(shownColumns(columns, layout));
  const from = order.indexOf(key);
  const to = from + by;
  const other = order[to];
  if (from < 0 || other === undefined) return layout;
  return { ...layout, columns: order.with(from, other).with(to, key) };
}

const keys = (columns: readonly ColumnKey[]): string[] => columns.map(({ key }) => key);
