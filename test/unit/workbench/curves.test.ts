import { expect, it } from 'vitest';
import { secondsAt } from '../../../core/workbench/services/curves.ts';

it('interpolates the time of steps between the points of the clock', () => {
  const clock = [
    [10, 5],
    [20, 6],
    [40, 10],
  ] as const;
  expect(secondsAt(clock, [0, 5, 10, 15, 20, 30, 40, 50])).toEqual([0, 2.5, 5, 5.5, 6, 8, 10, 10]);
  expect(secondsAt(clock, [])).toEqual([]);
});

it('knows no time without a clock, and starts at 0 with one that starts there', () => {
  expect(secondsAt([], [0, 10])).toBeNull();
  expect(secondsAt([[0, 0]], [0, 10])).toEqual([0, 0]);
});
