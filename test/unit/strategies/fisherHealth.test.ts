import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../core/base/random.ts';
import type { ParameterSpec, Weights } from '../../../core/engine/types.ts';
import { compareHalves, describeDiagonal } from '../../../core/strategies/fisherHealth.ts';

function specs(...depths: readonly number[]): ParameterSpec[] {
  return depths.map((depth, index) => ({
    name: `p${index}`,
    shape: [2],
    kind: 'matrix',
    decay: true,
    depth,
  }));
}

function weights(...arrays: readonly (readonly number[] | Float32Array)[]): Weights {
  return new Map(arrays.map((values, index) => [`p${index}`, Float32Array.from(values)]));
}

const one = specs(0);

describe('the description of a diagonal', () => {
  it('has its mean, its largest element, and the sum over each depth', () => {
    const described = describeDiagonal(specs(0, 2, 0), weights([1, 2], [3, 10], [4, 0.5]));
    expect(described).toEqual({
      mean: 20.5 / 6,
      largest: 10,
      nearZeroShare: 0,
      depthSums: [7.5, 0, 13],
    });
  });

  it('counts elements below a millionth of the mean as near zero', () => {
    // The mean is 1; float32 values on both sides of 1e-6.
    const described = describeDiagonal(one, weights([4 - 2.1e-6, 0.9e-6, 1.2e-6, 0]));
    expect(described.nearZeroShare).toBe(2 / 4);
  });

  it('says of a diagonal of zeros that all of it is near zero', () => {
    const described = describeDiagonal(one, weights([0, 0]));
    expect(described).toEqual({ mean: 0, largest: 0, nearZeroShare: 1, depthSums: [0] });
  });
});

describe('the agreement of two halves', () => {
  it('is complete when one is a multiple of the other', () => {
    const agreement = compareHalves(one, weights([1, 5, 2, 8]), weights([3, 15, 6, 24]));
    expect(agreement.halvesCosine).toBeCloseTo(1, 12);
    expect(agreement.halvesRankCorrelation).toBeCloseTo(1, 12);
  });

  it('has the values worked out by hand', () => {
    // Ranks 0 1 2 3 against 1 0 3 2: 1 − 6 · 4 / (4 · 15) = 0.6.
    const agreement = compareHalves(one, weights([1, 2, 3, 4]), weights([2, 1, 4, 3]));
    expect(agreement.halvesCosine).toBeCloseTo(28 / 30, 12);
    expect(agreement.halvesRankCorrelation).toBeCloseTo(0.6, 12);
  });

  it('gives equal values the mean of their ranks', () => {
    // Ranks 0.5 0.5 2 against 0 1 2: covariance 1.5, variances 1.5 and 2.
    const agreement = compareHalves(one, weights([7, 7, 9]), weights([1, 2, 3]));
    expect(agreement.halvesRankCorrelation).toBeCloseTo(1.5 / Math.sqrt(1.5 * 2), 12);
  });

  it('looks across parameters in their order', () => {
    const split = compareHalves(specs(0, 1), weights([1, 2], [3, 4]), weights([2, 1], [4, 3]));
    expect(split).toEqual(compareHalves(one, weights([1, 2, 3, 4]), weights([2, 1, 4, 3])));
  });

  it('is nothing where a half has no sequence', () => {
    const agreement = compareHalves(one, weights([1, 2]), weights([0, 0]));
    expect(agreement).toEqual({ halvesCosine: 0, halvesRankCorrelation: 0 });
  });

  it('is estimated from a fixed sample of many elements, near the value of all', () => {
    const count = 400_000;
    const random = new RandomStream(5, 'demoText');
    const a = new Float32Array(count);
    const b = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      const common = random.nextNormal();
      a[i] = Math.exp(common);
      b[i] = Math.exp(0.6 * common + 0.8 * random.nextNormal());
    }
    const agreement = compareHalves(one, weights(a), weights(b));
    expect(compareHalves(one, weights(a), weights(b))).toEqual(agreement);
    // Spearman's coefficient of normal variables with Pearson's 0.6 is (6 / π) asin(0.3).
    expect(agreement.halvesRankCorrelation).toBeCloseTo((6 / Math.PI) * Math.asin(0.3), 2);
  });
});
