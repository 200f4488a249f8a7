import { expect, test } from 'vitest';
import {
  chooserOrder,
  moveColumn,
  shownColumns,
  toggleColumn,
} from '../../../../renderer/lib/columns.ts';
import type { ColumnLayout } from '../../../../renderer/lib/columns.ts';

const columns = [
  { key: 'name', isRequired: true },
  { key: 'seed' },
  { key: 'device', isShown: false },
  { key: 'created' },
];
const shown = (layout: ColumnLayout): string[] =>
  shownColumns(columns, layout).map(({ key }) => key);

test('the table’s own columns until a person chooses', () => {
  expect(shown({})).toEqual(['name', 'seed', 'created']);
});

test('a remembered column that is gone is passed over, a required one is never lost', () => {
  expect(shown({ columns: ['created', 'gone', 'seed', 'seed'] })).toEqual([
    'name',
    'created',
    'seed',
  ]);
});

test('columns are shown at the end and hidden, but for the required ones', () => {
  const more = toggleColumn(columns, {}, 'device');
  expect(shown(more)).toEqual(['name', 'seed', 'created', 'device']);
  expect(shown(toggleColumn(columns, more, 'seed'))).toEqual(['name', 'created', 'device']);
  expect(shown(toggleColumn(columns, {}, 'name'))).toEqual(['name', 'seed', 'created']);
  expect(shown(toggleColumn(columns, {}, 'gone'))).toEqual(['name', 'seed', 'created']);
});

test('hiding a column that stays at the left lets the next one scroll', () => {
  expect(toggleColumn(columns, { pinned: 2 }, 'seed').pinned).toBe(1);
  expect(toggleColumn(columns, { pinned: 1 }, 'created').pinned).toBe(1);
});

test('columns change places with their neighbours, up to the ends', () => {
  expect(shown(moveColumn(columns, {}, 'seed', -1))).toEqual(['seed', 'name', 'created']);
  expect(shown(moveColumn(columns, {}, 'seed', 1))).toEqual(['name', 'created', 'seed']);
  expect(moveColumn(columns, {}, 'created', 1)).toEqual({});
});

test('the list to choose from has the shown ones first', () => {
  expect(chooserOrder(columns, { columns: ['created', 'name'] })).toEqual([
    { column: columns[3], shown: true },
    { column: columns[0], shown: true },
    { column: columns[1], shown: false },
    { column: columns[2], shown: false },
  ]);
});
