/** Which rows of a long table are in the document. */

export interface Window {
  /** First row and the one past the last. */
  readonly from: number;
  readonly past: number;
}

/** Rows in the viewport and `overscan` more on both sides; from is even, so that stripes do not jump. */
export function visibleRows(
  scrollTop: number,
  viewportHeight: number,
  rowHeight: number,
  count: number,
  overscan = 8,
): Window {
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight) - overscan;
  const from = Math.min(Math.max(0, first - (first & 1)), Math.max(0, count - 1));
  const past = Math.ceil((Math.max(0, scrollTop) + viewportHeight) / rowHeight) + overscan;
  return { from, past: Math.max(from, Math.min(count, past)) };
}

/** The scroll position that shows row `index` below a header, moving as little as possible. */
export function scrollToShow(
  index: number,
  rowHeight: number,
  headerHeight: number,
  scrollTop: number,
  viewportHeight: number,
): number {
  const top = index * rowHeight;
  const bottom = top + rowHeight + headerHeight - viewportHeight;
  if (top < scrollTop) return top;
  return bottom > scrollTop ? bottom : scrollTop;
}

/** The row that Tab leads to: the active one, or before there is one the first that is seen whole. */
export function tabbableRow(
  activeIndex: number,
  scrollTop: number,
  rowHeight: number,
  count: number,
): number {
  if (activeIndex >= 0) return activeIndex;
  return Math.max(0, Math.min(count - 1, Math.ceil(Math.max(0, scrollTop) / rowHeight)));
}

export type RowKey = 'next' | 'previous' | 'page-down' | 'page-up' | 'first' | 'last';

/** Where a key leads from a row; −1 is before the first one. */
export function moveRow(index: number, key: RowKey, count: number, page: number): number {
  if (count === 0) return -1;
  const target = {
    next: index + 1,
    previous: index < 0 ? count - 1 : index - 1,
    'page-down': Math.max(0, index) + page,
    'page-up': index - page,
    first: 0,
    last: count - 1,
  }[key];
  return Math.min(count - 1, Math.max(0, target));
}
