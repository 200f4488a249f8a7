import type { Snippet } from 'svelte';
import type { ColumnKey } from '../lib/columns.ts';
import type { SortValue } from '../lib/sorting.ts';

/** A column of Table. */
export interface Column<Row> extends ColumnKey {
  readonly title: string;
  /** After the title, muted: "nats", "steps/s". Every number has one here or in its cell. */
  readonly unit?: string;
  /** What the column means, in its header's tooltip and in the column chooser. */
  readonly description?: string;
  /** Pixels. */
  readonly width: number;
  /** Takes the room that is left; one a table. */
  readonly grows?: boolean;
  readonly align?: 'left' | 'right';
  /** Sortable when given. */
  readonly sort?: (row: Row) => SortValue;
  /** What a first click on the header does: newest and largest first. */
  readonly descendingFirst?: boolean;
  /** The cell in words; drawn when there is no snippet. */
  readonly text: (row: Row) => string;
  readonly cell?: Snippet<[Row]> | undefined;
  /** In the data typeface: ids, paths, numbers. */
  readonly data?: boolean;
}
