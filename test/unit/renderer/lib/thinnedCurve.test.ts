import { describe, expect, test } from 'vitest';
import type { Curve } from '../../../../core/workbench/schemas/curves.ts';
import type { Point } from '../../../../renderer/lib/points.ts';
import { smooth } from '../../../../renderer/lib/smoothing.ts';
import { overTime, stepsAt } from '../../../../renderer/lib/stepTime.ts';
import {
  along,
  detailFor,
  isShownBy,
  readCurve,
  upTo,
  withDetail,
  withPoint,
} from '../../../../renderer/lib/thinnedCurve.ts';

const reply: Curve = {
  ...{ name: 'train/target_loss', split: '', role: '', decimated: true, seconds: null },
  ...{ steps: [0, 40, 90, 100], values: [4, 2, 3, 1] },
  trend: { spacing: 10, steps: [20, 95], values: [3, 2], seconds: null },
};
const thin = readCurve(reply);
const at = (points: readonly Point[]): number[] => points.map(({ x }) => x);

describe('a thinned curve', () => {
  test('has its points, and its means with the distance of the points that were left out', () => {
    expect(thin.points[1]).toEqual({ x: 40, y: 2 });
    expect(thin.trend).toEqual({
      points: [
        { x: 20, y: 3 },
        { x: 95, y: 2 },
      ],
      spacing: 10,
    });
    expect(readCurve({ ...reply, trend: null }).trend).toBeUndefined();
  });

  test('is finer in the part for which a detail was read, its ends included', () => {
    const detail = readCurve({ ...reply, steps: [30, 40, 50], values: [1, 1, 1], trend: null });
    const { points, trend } = withDetail(thin, detail, { min: 20, max: 90 });
    expect(at(points)).toEqual([0, 30, 40, 50, 100]);
    // All points are there: they are their own means.
    expect(at(trend?.points ?? [])).toEqual([30, 40, 50, 95]);
    expect(trend?.spacing).toBe(10);
    // A point after the range, heard since, is in both.
    const heard = withDetail(
      withPoint(thin, { x: 1000, y: 1 }),
      withPoint(detail, { x: 1000, y: 1 }),
      { min: 20, max: 90 },
    );
    expect(heard.points.filter(({ x }) => x === 1000)).toHaveLength(1);
  });

  test('that has all of its points needs no detail', () => {
    const whole = { points: thin.points };
    expect(withDetail(whole, { points: [] }, { min: 0, max: 100 })).toBe(whole);
  });

  test('takes what is heard: at the end, in its place, or instead of the same step', () => {
    expect(at(withPoint(thin, { x: 110, y: 0 }).points)).toEqual([0, 40, 90, 100, 110]);
    expect(at(withPoint(thin, { x: 50, y: 0 }).points)).toEqual([0, 40, 50, 90, 100]);
    const replaced = withPoint(thin, { x: 40, y: 9 }).points;
    expect(at(replaced)).toEqual([0, 40, 90, 100]);
    expect(replaced[1]?.y).toBe(9);
    expect(at(withPoint(thin, { x: 110, y: 0 }).trend?.points ?? [])).toEqual([20, 95, 110]);
  });

  test('ends where a run was resumed', () => {
    const { points, trend } = upTo(thin, 90);
    expect([at(points), at(trend?.points ?? [])]).toEqual([[0, 40, 90], [20]]);
  });

  test('over time has the distance of its points in seconds', () => {
    const clock = [{ x: 100, y: 50 }];
    const timed = along(thin, (points) => overTime(points, clock));
    expect(at(timed.points)).toEqual([0, 20, 45, 50]);
    expect(timed.trend?.spacing).toBe(5);
  });

  test('is smoothed as the whole curve is, from its means', () => {
    const whole = Array.from({ length: 10_000 }, (_, index) => ({
      x: index,
      y: Math.sin(index / 800) + (index % 2 === 0 ? 0.5 : -0.5),
    }));
    const means = Array.from({ length: 1000 }, (_, pixel) => {
      const own = whole.slice(10 * pixel, 10 * pixel + 10);
      return { x: own[5]?.x ?? 0, y: own.reduce((sum, { y }) => sum + y, 0) / own.length };
    });
    const expected = smooth(whole, 0.99);
    for (const { x, y } of smooth(means, 0.99, 1).slice(50)) {
      expect(Math.abs(y - (expected[x]?.y ?? NaN))).toBeLessThan(0.02);
    }
  });
});

test('a detail reaches half a view beyond the view, and serves what lies within, not much deeper', () => {
  const { range, pixels } = detailFor({ min: 100.5, max: 200.5 }, 500);
  expect(range).toEqual({ min: 50, max: 251 });
  expect(pixels).toBe(1000);
  expect(detailFor({ min: 10, max: 200 }, 500).range.min).toBe(0);
  expect(isShownBy(range, { min: 60, max: 160 })).toBe(true);
  expect(isShownBy(range, { min: 40, max: 140 })).toBe(false);
  expect(isShownBy(range, { min: 160, max: 260 })).toBe(false);
  expect(isShownBy(range, { min: 100, max: 120 })).toBe(false);
});

test('a time in view is looked up on the clocks of all runs', () => {
  const slow = [10, 20, 30].map((x) => ({ x, y: x * 2 }));
  const fast = [10, 20, 30].map((x) => ({ x, y: x }));
  expect(stepsAt([slow, fast], { min: 20, max: 30 })).toEqual({ min: 10, max: 30 });
  expect(stepsAt([slow], { min: 20, max: 40 })).toEqual({ min: 10, max: 20 });
  expect(stepsAt([slow, []], { min: 0, max: 1000 })).toEqual({ min: 0, max: 30 });
  expect(stepsAt([[]], { min: 0, max: 1000 })).toBeUndefined();
});
