import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  errorOfMean,
  exactly,
  meanSeconds,
  medianRatio,
  scaled,
  studentT95,
  sum,
  times,
  within,
} from '../../../core/workbench/spans.ts';

const isOrdered = ({ low, expected, high }: { low: number; expected: number; high: number }) =>
  low >= 0 && low <= expected * (1 + 1e-12) && expected <= high * (1 + 1e-12);

describe('arithmetic of ranges', () => {
  it('adds bounds as they are', () => {
    expect(sum([within(10, 0.1), exactly(5)])).toEqual({ expected: 15, low: 14, high: 16 });
    expect(sum([])).toEqual({ expected: 0, low: 0, high: 0 });
  });

  it('multiplies low with low and high with high', () => {
    const steps = { expected: 10, low: 8, high: 12 };
    expect(times(within(2, 0.5), steps)).toEqual({ expected: 20, low: 8, high: 36 });
    expect(times(steps, 3)).toEqual({ expected: 30, low: 24, high: 36 });
  });

  it('knows quantiles of Student’s t', () => {
    // Any table of the distribution: 0.975 at 1, 10, 30, 60 and 120 degrees of freedom.
    expect(studentT95(1)).toBe(12.706);
    expect(studentT95(10)).toBe(2.228);
    expect(studentT95(30)).toBe(2.042);
    expect(studentT95(60)).toBeCloseTo(2.0, 2);
    expect(studentT95(120)).toBeCloseTo(1.98, 2);
  });

  it('gives the error of a mean as a share of it, and none of a whole population', () => {
    // Mean 4, variance 2 over 2 values: standard error 1, t 12.706; more than the whole mean is cut.
    expect(errorOfMean([3, 5])).toBe(1);
    // Mean 10, variance 1, 101 values: 1.985 × √(1 / 101) / 10.
    const values = Array.from({ length: 101 }, (_, index) => 10 + (index % 2 === 0 ? 1 : -1));
    expect(errorOfMean(values)).toBeCloseTo(0.0198, 3);
    expect(errorOfMean(values, 101)).toBe(0);
    expect(errorOfMean(values, 202)).toBeCloseTo(0.0198 / Math.SQRT2, 3);
  });
});

describe('mean seconds from a few measurements', () => {
  it('follows a line through what was measured', () => {
    const timed = [100, 200, 300].map((size) => ({ size, seconds: 0.1 + size / 1000 }));
    const span = meanSeconds(timed, 400);
    expect(span.expected).toBeCloseTo(0.5, 12);
    expect(span.high - span.low).toBeCloseTo(0, 12);
  });

  it('lets time not fall with size, nor grow faster than size', () => {
    const falling = [
      { size: 100, seconds: 3 },
      { size: 200, seconds: 2 },
      { size: 300, seconds: 1 },
    ];
    expect(meanSeconds(falling, 1000).expected).toBe(2);
    const steep = [
      { size: 100, seconds: 0.1 },
      { size: 200, seconds: 1 },
      { size: 300, seconds: 1.9 },
    ];
    expect(meanSeconds(steep, 400).expected).toBeCloseTo(2, 12);
  });

  it('gives the textbook interval of a mean where sizes are alike', () => {
    const timed = [1, 2, 3, 4, 5].map((seconds) => ({ size: 64, seconds: 10 + seconds / 10 }));
    const { expected, low, high } = meanSeconds(timed, 64);
    // Standard deviation √0.025, of the mean √0.005; t at 4 degrees of freedom 2.776.
    expect(expected).toBeCloseTo(10.3, 12);
    expect((high - low) / 2).toBeCloseTo(2.776 * Math.sqrt(0.005), 6);
  });

  it('is wide with one measurement and empty with none', () => {
    expect(meanSeconds([{ size: 10, seconds: 2 }], 20)).toEqual({ expected: 4, low: 2, high: 6 });
    expect(meanSeconds([], 20)).toEqual(exactly(0));
  });

  it('holds what is expected, whatever was measured', () => {
    const timed = fc.record({
      size: fc.integer({ min: 1, max: 5000 }),
      seconds: fc.double({ min: 1e-4, max: 100, noNaN: true }),
    });
    const sizes = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(fc.array(timed, { maxLength: 30 }), sizes, (all, size) => {
        expect(isOrdered(meanSeconds(all, size))).toBe(true);
      }),
    );
  });

  it('grows with the size asked for', () => {
    const timed = fc.record({
      size: fc.integer({ min: 1, max: 5000 }),
      seconds: fc.double({ min: 1e-4, max: 100, noNaN: true }),
    });
    const size = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(fc.array(timed, { minLength: 1, maxLength: 30 }), size, size, (all, a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        const slack = 1 + 1e-9;
        expect(meanSeconds(all, less).expected).toBeLessThanOrEqual(
          meanSeconds(all, more).expected * slack,
        );
      }),
    );
  });
});

describe('a ratio from pairs', () => {
  it('is the median, with the interval that its distances from it give', () => {
    // Distances 0.2, 0.1, 0, 0.1, 98.7: their median 0.1, by 1.4826 × √(π/2) ÷ √5 × 2.776.
    const { expected, low, high } = medianRatio([1.1, 1.2, 1.3, 1.4, 100]);
    expect(expected).toBe(1.3);
    expect((high - low) / 2).toBeCloseTo(0.1 * 1.4826 * Math.sqrt(Math.PI / 10) * 2.776, 6);
    expect(medianRatio([2, 1]).expected).toBe(1.5);
  });

  it('is wide from one pair, and unknown from none', () => {
    expect(medianRatio([2])).toEqual({ expected: 2, low: 1.5, high: 2.5 });
    expect(medianRatio([]).expected).toBe(1);
  });

  it('scales a time, and errors that are independent add in squares', () => {
    const { expected, low, high } = scaled(within(10, 0.3), within(2, 0.4));
    expect([expected, low, high].map((each) => Number(each.toFixed(9)))).toEqual([20, 10, 30]);
    expect(scaled(exactly(0), within(2, 0.4))).toEqual(exactly(0));
  });
});
