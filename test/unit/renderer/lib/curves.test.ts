import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { decimate } from '../../../../renderer/lib/decimate.ts';
import { describeCurves } from '../../../../renderer/lib/describeChart.ts';
import { paretoFront, paretoStairs } from '../../../../renderer/lib/pareto.ts';
import { extent, nearestPoint } from '../../../../renderer/lib/points.ts';
import type { Point } from '../../../../renderer/lib/points.ts';
import { smooth } from '../../../../renderer/lib/smoothing.ts';

const curve = (...values: number[]): Point[] => values.map((y, x) => ({ x, y }));

describe('smoothing', () => {
  test('is the debiased average of TensorBoard', () => {
    const smoothed = smooth(curve(1, 2, 4), 0.5);
    // s = 0.5, 1.25, 2.625 over 1 − 0.5^n = 0.5, 0.75, 0.875.
    expect(smoothed.map(({ y }) => y)).toEqual([1, 1.25 / 0.75, 2.625 / 0.875]);
  });

  test('weight 0 is the curve itself, and a constant stays one', () => {
    expect(smooth(curve(3, 1, 2), 0)).toEqual(curve(3, 1, 2));
    for (const { y } of smooth(curve(...Array<number>(50).fill(7)), 0.95)) expect(y).toBeCloseTo(7);
  });

  test('a value that is not finite leaves its neighbours alone', () => {
    const smoothed = smooth(curve(2, NaN, 2), 0.9);
    expect(smoothed[1]?.y).toBeNaN();
    expect(smoothed[2]?.y).toBeCloseTo(2);
  });

  test('a long gap forgets what lies before it', () => {
    const points = [...curve(10, 10, 10, 10), { x: 400, y: 0 }];
    expect(smooth(points, 0.9).at(-1)?.y).toBeCloseTo(0);
  });
});

describe('decimation', () => {
  const long = Array.from({ length: 10_000 }, (_, x) => ({
    x,
    y: Math.sin(x / 7) + (x % 13) / 10,
  }));

  test('keeps the least and the greatest of every column', () => {
    const range = { min: 0, max: 9999 };
    const kept = decimate(long, range, 100);
    expect(kept.length).toBeLessThanOrEqual(401 + 4);
    expect(extent([kept], 'y')).toEqual(extent([long], 'y'));
    expect(kept[0]).toBe(long[0]);
    expect(kept.at(-1)).toBe(long.at(-1));
    expect(kept.every(({ x }, index) => index === 0 || x > (kept[index - 1]?.x ?? x))).toBe(true);
  });

  test('shows one neighbour beyond each end of the range', () => {
    const kept = decimate(long, { min: 100.5, max: 110.5 }, 100);
    expect(kept.map(({ x }) => x)).toEqual([
      100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
    ]);
  });

  test('no peak is ever lost', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, min: -9, max: 9 }), { minLength: 1 }),
        (values) => {
          const points = curve(...values);
          const kept = decimate(points, { min: 0, max: values.length }, 3);
          expect(extent([kept], 'y')).toEqual(extent([points], 'y'));
        },
      ),
    );
  });

  test('a gap stays a gap', () => {
    const holed = long.map((point) => (point.x === 5000 ? { x: 5000, y: NaN } : point));
    expect(decimate(holed, { min: 0, max: 9999 }, 50).some(({ y }) => Number.isNaN(y))).toBe(true);
  });
});

describe('Pareto front', () => {
  test('holds what no other point beats, once', () => {
    const points = [
      { x: 0.489, y: 0.731, name: 'sdt' },
      { x: 0.09, y: 0.706, name: 'rh' },
      { x: 0.054, y: 0.619, name: 'ewc' },
      { x: 0.2, y: 0.5, name: 'l2' },
      { x: 0, y: 0, name: 'ndt' },
      { x: 0.09, y: 0.706, name: 'twin' },
      { x: NaN, y: 9, name: 'broken' },
    ];
    expect(paretoFront(points).map(({ name }) => name)).toEqual(['ndt', 'ewc', 'rh', 'sdt']);
  });

  test('is drawn as a staircase', () => {
    const front = [
      { x: 0, y: 0 },
      { x: 1, y: 2 },
    ];
    expect(paretoStairs(front)).toEqual([
      { x: 0, y: 0 },
      { x: 1, y: 0 },
      { x: 1, y: 2 },
    ]);
  });
});

test('the nearest point is found at and beyond the ends', () => {
  const points = curve(5, 6, 7);
  expect(nearestPoint(points, -4)?.y).toBe(5);
  expect(nearestPoint(points, 0.6)?.y).toBe(6);
  expect(nearestPoint(points, 99)?.y).toBe(7);
  expect(nearestPoint([], 1)).toBeUndefined();
});

test('a chart is told in words', () => {
  const steps = (x: number): string => `step ${x}`;
  const values = (y: number): string => y.toFixed(1);
  expect(describeCurves([{ label: 'EWC', points: curve(4, 2, 3) }], steps, values)).toBe(
    'EWC: from 4.0 at step 0 to 3.0 at step 2; least 2.0 at step 1.',
  );
  expect(describeCurves([{ label: 'EWC', points: [] }], steps, values)).toBe(
    'There are no points yet.',
  );
  expect(describeCurves([{ label: 'NDT', points: curve(4) }], steps, values)).toBe(
    'NDT: 4.0 at step 0.',
  );
});
