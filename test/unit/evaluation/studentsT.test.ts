import { expect, it } from 'vitest';
import { quantile } from '../../../core/evaluation/statistics.ts';
import { studentQuantiles } from '../../../core/evaluation/studentsT.ts';

// The upper 5 %, 2.5 % and 0.5 % points, from tables.
it.each([
  [1, [6.3138, 12.7062, 63.6567]],
  [2, [2.92, 4.3027, 9.9248]],
  [3, [2.3534, 3.1824, 5.8409]],
  [4, [2.1318, 2.7764, 4.6041]],
  [9, [1.8331, 2.2622, 3.2498]],
  [30, [1.6973, 2.0423, 2.75]],
])('quantiles with %i degrees of freedom are those of tables', (degrees, expected) => {
  const values = studentQuantiles(degrees, 10_000);
  for (const [index, probability] of [0.95, 0.975, 0.995].entries()) {
    const ratio = quantile(values, probability) / (expected[index] ?? 0);
    expect(Math.abs(ratio - 1)).toBeLessThan(0.01);
  }
  expect(studentQuantiles(degrees, 100)[99]).toBeCloseTo(expected[2] ?? 0, 3);
});

it('quantiles ascend, symmetric about zero', () => {
  for (const count of [9, 10]) {
    const values = [...studentQuantiles(5, count)];
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    expect(values.map(Math.abs)).toEqual(values.toReversed().map(Math.abs));
  }
  expect(studentQuantiles(2, 9)[4]).toBe(0);
});
