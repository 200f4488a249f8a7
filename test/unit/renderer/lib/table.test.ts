import { describe, expect, test } from 'vitest';
import {
  NOTHING_SELECTED,
  extend,
  hiddenWords,
  keepKnown,
  selectedWords,
  toggle,
  toggleAll,
} from '../../../../renderer/lib/selection.ts';
import { nextSort, sortRows } from '../../../../renderer/lib/sorting.ts';
import type { SortValue } from '../../../../renderer/lib/sorting.ts';
import {
  moveRow,
  scrollToShow,
  tabbableRow,
  visibleRows,
} from '../../../../renderer/lib/windowing.ts';

describe('sorting', () => {
  const sorted = (values: readonly SortValue[], descending: boolean): SortValue[] =>
    sortRows(values, (value) => value, descending);

  test('numbers by value, text naturally', () => {
    expect(sorted([10, 9, -1], false)).toEqual([-1, 9, 10]);
    expect(sorted(['run 10', 'Run 9', 'run 1'], false)).toEqual(['run 1', 'Run 9', 'run 10']);
  });

  test('missing values come last either way', () => {
    expect(sorted([null, 2, NaN, 1], false)).toEqual([1, 2, null, NaN]);
    expect(sorted([null, 2, NaN, 1], true)).toEqual([2, 1, null, NaN]);
  });

  test('equal rows keep their order either way', () => {
    const rows = ['b1', 'a1', 'b2', 'a2'];
    const letter = (row: string): string => row.charAt(0);
    expect(sortRows(rows, letter, false)).toEqual(['a1', 'a2', 'b1', 'b2']);
    expect(sortRows(rows, letter, true)).toEqual(['b1', 'b2', 'a1', 'a2']);
  });

  test('a header turns the order around, or takes its own first direction', () => {
    expect(nextSort(undefined, 'name', false)).toEqual({ column: 'name', descending: false });
    expect(nextSort({ column: 'name', descending: false }, 'name', false).descending).toBe(true);
    expect(nextSort({ column: 'name', descending: true }, 'created', true)).toEqual({
      column: 'created',
      descending: true,
    });
  });
});

describe('selection', () => {
  const order = ['a', 'b', 'c', 'd'];
  const ids = (selection: { ids: ReadonlySet<string> }): string[] => [...selection.ids].sort();

  test('Shift reaches from the last single choice, in the order shown', () => {
    const one = toggle(NOTHING_SELECTED, 'c');
    expect(ids(extend(one, order, 'a'))).toEqual(['a', 'b', 'c']);
    const both = extend(extend(one, order, 'a'), order, 'd');
    expect(ids(both)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('Shift without a beginning that is seen selects one', () => {
    expect(ids(extend(NOTHING_SELECTED, order, 'b'))).toEqual(['b']);
    expect(ids(extend({ ids: new Set(['x']), anchor: 'x' }, order, 'b'))).toEqual(['b', 'x']);
  });

  test('rows that are selected and not shown are told', () => {
    expect(selectedWords(5, 0, 'run')).toBe('5 runs selected');
    expect(selectedWords(5, 3, 'run')).toBe('5 runs selected, 3 of them not shown');
    expect(selectedWords(2, 2, 'run')).toBe('2 runs selected, none of them shown');
    expect(selectedWords(1, 1, 'run')).toBe('1 run selected, not shown');
    expect(hiddenWords(5, 0)).toBe('');
    expect(hiddenWords(5, 1)).toBe('1 of them is not shown in the table.');
    expect(hiddenWords(2, 2)).toBe('They are not shown in the table.');
    expect(hiddenWords(1, 1)).toBe('It is not shown in the table.');
  });

  test('all, and none when all were', () => {
    expect(ids(toggleAll(toggle(NOTHING_SELECTED, 'a'), order))).toEqual(order);
    expect(ids(toggleAll({ ids: new Set(order), anchor: 'a' }, order))).toEqual([]);
  });

  test('rows that are gone are let go', () => {
    const selection = { ids: new Set(['a', 'b']), anchor: 'b' };
    expect(keepKnown(selection, new Set(['a']))).toEqual({
      ids: new Set(['a']),
      anchor: undefined,
    });
    expect(keepKnown(selection, new Set(order))).toBe(selection);
  });
});

describe('window of rows', () => {
  test('covers the viewport and a little more, whatever the position', () => {
    expect(visibleRows(0, 320, 32, 10_000, 4)).toEqual({ from: 0, past: 14 });
    expect(visibleRows(3200, 320, 32, 10_000, 4)).toEqual({ from: 96, past: 114 });
    expect(visibleRows(1e9, 320, 32, 100, 4).past).toBe(100);
    expect(visibleRows(-50, 320, 32, 0, 4)).toEqual({ from: 0, past: 0 });
  });

  test('Tab leads to a row that is there, wherever the list is scrolled to', () => {
    expect(tabbableRow(-1, 0, 32, 100)).toBe(0);
    expect(tabbableRow(-1, 3201, 32, 1000)).toBe(101);
    const { from, past } = visibleRows(3201, 320, 32, 1000);
    expect(101 >= from && 101 < past).toBe(true);
    expect(tabbableRow(7, 3200, 32, 1000)).toBe(7);
    expect(tabbableRow(-1, 1e9, 32, 100)).toBe(99);
    expect(tabbableRow(-1, 0, 32, 0)).toBe(0);
  });

  test('scrolls no farther than needed', () => {
    expect(scrollToShow(5, 32, 30, 0, 320)).toBe(0);
    expect(scrollToShow(20, 32, 30, 0, 320)).toBe(20 * 32 + 32 + 30 - 320);
    expect(scrollToShow(2, 32, 30, 400, 320)).toBe(64);
  });

  test('keys stop at the ends', () => {
    expect(moveRow(-1, 'next', 5, 3)).toBe(0);
    expect(moveRow(-1, 'previous', 5, 3)).toBe(4);
    expect(moveRow(4, 'next', 5, 3)).toBe(4);
    expect(moveRow(3, 'page-down', 5, 3)).toBe(4);
    expect(moveRow(1, 'page-up', 5, 3)).toBe(0);
    expect(moveRow(2, 'last', 5, 3)).toBe(4);
    expect(moveRow(0, 'next', 0, 3)).toBe(-1);
  });
});
