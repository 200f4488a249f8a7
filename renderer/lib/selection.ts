/** Which rows of a table are selected, and what clicks and keys do to that. */
import { formatCount, formatCounted } from './format.ts';

export interface Selection {
  readonly ids: ReadonlySet<string>;
  /** Where a range with Shift begins. */
  readonly anchor: string | undefined;
}

export const NOTHING_SELECTED: Selection = { ids: new Set(), anchor: undefined };

/** Adds or removes one row. */
export function toggle({ ids }: Selection, id: string): Selection {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return { ids: next, anchor: id };
}

/** Adds every row between the anchor and `id` in the order shown; without an anchor that is seen, `id`. */
export function extend(
  { ids, anchor }: Selection,
  order: readonly string[],
  id: string,
): Selection {
  const to = order.indexOf(id);
  const from = anchor === undefined ? -1 : order.indexOf(anchor);
  if (to < 0) return { ids, anchor };
  if (from < 0) return { ids: new Set(ids).add(id), anchor: id };
  const range = order.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { ids: new Set([...ids, ...range]), anchor };
}

/** All rows shown; none when all of them are selected. */
export function toggleAll({ ids }: Selection, order: readonly string[]): Selection {
  const all = order.length > 0 && order.every((id) => ids.has(id));
  return { ids: all ? new Set() : new Set(order), anchor: undefined };
}

/** Without rows that are gone. */
export function keepKnown(selection: Selection, known: ReadonlySet<string>): Selection {
  const { ids, anchor } = selection;
  if ([...ids].every((id) => known.has(id))) return selection;
  return {
    ids: new Set([...ids].filter((id) => known.has(id))),
    anchor: anchor !== undefined && known.has(anchor) ? anchor : undefined,
  };
}

/** "5 runs selected, 3 of them not shown": what is done to a selection is done to hidden rows, too. */
export function selectedWords(selected: number, hidden: number, singular: string): string {
  const words = `${formatCounted(selected, singular)} selected`;
  if (hidden === 0) return words;
  if (hidden < selected) return `${words}, ${formatCount(hidden)} of them not shown`;
  return `${words}, ${selected === 1 ? 'not shown' : 'none of them shown'}`;
}

/** The same for a question: "3 of them are not shown in the table." Empty where all are. */
export function hiddenWords(asked: number, hidden: number): string {
  if (hidden === 0) return '';
  if (hidden < asked) {
    return `${formatCount(hidden)} of them ${hidden === 1 ? 'is' : 'are'} not shown in the table.`;
  }
  return `${asked === 1 ? 'It is' : 'They are'} not shown in the table.`;
}
