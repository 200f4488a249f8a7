import { expect, it } from 'vitest';
import { isNext } from '../../../core/workbench/ingestion.ts';

it.each([
  ['the first of all', { attempt: 1, sequence: 0 }, { attempt: 0, sequence: -1 }, true],
  ['the one after the last', { attempt: 1, sequence: 5 }, { attempt: 1, sequence: 4 }, true],
  ['the first of a later attempt', { attempt: 3, sequence: 0 }, { attempt: 1, sequence: 9 }, true],
  ['one after a gap', { attempt: 1, sequence: 6 }, { attempt: 1, sequence: 4 }, false],
  ['one that was taken in', { attempt: 1, sequence: 4 }, { attempt: 1, sequence: 4 }, false],
  ['a later attempt after a gap', { attempt: 2, sequence: 1 }, { attempt: 1, sequence: 4 }, false],
  ['an earlier attempt', { attempt: 1, sequence: 0 }, { attempt: 2, sequence: 4 }, false],
])('%s is next: %o after %o', (_, event, last, expected) => {
  expect(isNext(event, last)).toBe(expected);
});
