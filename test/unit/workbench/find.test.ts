import { expect, it } from 'vitest';
import { pick } from '../../../core/workbench/find.ts';

const runs = [
  { id: 'run-aaaabbbbcc', name: 'sdt-seed-1' },
  { id: 'run-aaaacccccc', name: 'sdt-seed-1' },
  { id: 'run-zzzzzzzzzz', name: 'run-aaaabbbbcc' },
  { id: 'run-yyyyyyyyyy', name: 'ndt-seed-1' },
];

it.each([
  ['an id, before a name that equals it', 'run-aaaabbbbcc', 0],
  ['a name', 'ndt-seed-1', 3],
  ['the beginning of an id', 'run-zz', 2],
])('finds by %s', (_, word, index) => {
  expect(pick('run', runs, word)).toBe(runs[index]);
});

it.each([
  ['run/ambiguous', 'sdt-seed-1'],
  ['run/ambiguous', 'run-aaaa'],
  ['run/not-found', 'run-b'],
  ['run/not-found', 'run'],
  ['run/not-found', ''],
])('fails with %s for "%s"', (code, word) => {
  expect(() => pick('run', runs, word)).toThrow(expect.objectContaining({ code }) as Error);
});
