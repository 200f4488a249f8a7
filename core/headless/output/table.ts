/** Plain-text tables whose columns line up; no frames, so that other tools can cut them. */

export interface Column {
  readonly title: string;
  /** Numbers stand at the right so that their digits line up. */
  readonly align?: 'left' | 'right';
}

/** A header line and one line a row; ends with a newline. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, column) =>
    Math.max(width(title), ...rows.map((row) => width(row[column] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, column) => {
        const cell = cells[column] ?? '';
        const space = ' '.repeat(widths[column] - width(cell));
        return align === 'right' ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  return [columns.map(({ title }) => title), ...rows].map((cells) => `${line(cells)}\n`).join('');
}

/** Names and values below each other: "  documents  2,310". */
export function facts(entries: readonly (readonly [name: string, value: string])[]): string {
  const widest = Math.max(0, ...entries.map(([name]) => width(name)));
  return entries
    .map(([name, value]) => `  ${name}${' '.repeat(widest - width(name))}  ${value}\n`)
    .join('');
}

function width(text: string): number {
  return [...new Intl.Segmenter().segment(text)].length;
}
