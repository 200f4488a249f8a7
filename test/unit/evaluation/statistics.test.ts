import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../core/base/random.ts';
import {
  hierarchicalDifference,
  meanAndDeviation,
  meanLoss,
  meanLossInterval,
  pairedDifference,
  quantile,
} from '../../../core/evaluation/statistics.ts';
import type { DocumentSums } from '../../../core/evaluation/statistics.ts';

const sums = (lossSum: number[], weight: number[]): DocumentSums => ({
  lossSum: Float64Array.from(lossSum),
  weight,
});

describe('meanLoss', () => {
  it('is the ratio of the sums, not the mean of the ratios', () => {
    expect(meanLoss(sums([2, 30], [1, 10]))).toBe(32 / 11);
  });
});

describe('quantile', () => {
  it('agrees with numpy.quantile', () => {
    expect(quantile([1, 2, 4, 8], 0.5)).toBe(3);
    expect(quantile([1, 2, 4, 8], 0.025)).toBeCloseTo(1.075, 12);
    expect(quantile([1, 2, 4, 8], 1)).toBe(8);
  });
});

describe('meanAndDeviation', () => {
  it('divides by n − 1', () => {
    expect(meanAndDeviation([2, 4, 9])).toEqual({ mean: 5, deviation: Math.sqrt(13), count: 3 });
    expect(meanAndDeviation([3]).deviation).toBeNaN();
  });
});

describe('the bootstrap', () => {
  it('has the distribution that enumerating all resamples gives', () => {
    // Three documents: 27 equally likely resamples of the ratio.
    const [loss, weight] = [
      [1, 5, 4],
      [1, 2, 4],
    ];
    const all: number[] = [];
    for (let i = 0; i < 27; i++) {
      const chosen = [i % 3, Math.floor(i / 3) % 3, Math.floor(i / 9)];
      const total = (values: number[]): number =>
        chosen.reduce((sum, document) => sum + (values[document] ?? Number.NaN), 0);
      all.push(total(loss) / total(weight));
    }
    all.sort((a, b) => a - b);
    const resamples = 20_000;
    for (const level of [0.9, 0.6, 0.3]) {
      const interval = meanLossInterval(sums(loss, weight), { resamples, level });
      const below = all.filter((value) => value < interval.low - 1e-12).length / 27;
      const upTo = all.filter((value) => value <= interval.low + 1e-12).length / 27;
      // The quantile of the draws is that of the exact distribution, up to sampling error.
      expect(below).toBeLessThan((1 - level) / 2 + 0.01);
      expect(upTo).toBeGreaterThan((1 - level) / 2 - 0.01);
    }
  });

  it('is a function of its seed', () => {
    const losses = Array.from({ length: 30 }, (_, i) => Math.sin(i) + 2);
    const data = sums(losses, Array<number>(30).fill(1));
    expect(meanLossInterval(data, { seed: 5 })).toEqual(meanLossInterval(data, { seed: 5 }));
    expect(meanLossInterval(data, { seed: 5 })).not.toEqual(meanLossInterval(data, { seed: 6 }));
  });

  it('is exact where nothing varies', () => {
    const a = sums([2, 4, 6], [1, 2, 3]);
    const b = sums([1, 2, 3], [1, 2, 3]);
    const { estimate, low, high, p } = pairedDifference(a, b, { resamples: 999 });
    expect([estimate, low, high]).toEqual([1, 1, 1]);
    expect(p).toBe(2 / 1000);
    expect(pairedDifference(a, a, { resamples: 999 })).toEqual({
      estimate: 0,
      low: 0,
      high: 0,
      p: 1,
    });
  });

  it('has the standard error of the mean when documents weigh the same', () => {
    const random = new RandomStream(1, 'bootstrap', 0, 1);
    const loss = Array.from({ length: 400 }, () => 10 + 2 * random.nextNormal());
    const { deviation } = meanAndDeviation(loss);
    const { low, high } = meanLossInterval(sums(loss, Array<number>(400).fill(1)));
    // Percentile interval of a mean: ± 1.96 standard errors with divisor n.
    const width = (2 * 1.96 * deviation * Math.sqrt(399 / 400)) / Math.sqrt(400);
    expect((high - low) / width).toBeGreaterThan(0.97);
    expect((high - low) / width).toBeLessThan(1.03);
  });

  it('covers the true difference in about 95 of 100 samples and rejects a true null in about 5', () => {
    const trials = 200;
    let covered = 0;
    let rejected = 0;
    for (let trial = 0; trial < trials; trial++) {
      const random = new RandomStream(trial, 'bootstrap', 0, 2);
      const a: number[] = [];
      const b: number[] = [];
      const weight: number[] = [];
      for (let document = 0; document < 80; document++) {
        const tokens = 1 + random.nextInteger(20);
        const shared = random.nextNormal();
        weight.push(tokens);
        // The ratio of expectations is 3 for both: the true difference is 0.
        a.push(tokens * (3 + shared + 0.3 * random.nextNormal()));
        b.push(tokens * (3 + shared + 0.3 * random.nextNormal()));
      }
      const difference = pairedDifference(sums(a, weight), sums(b, weight), { resamples: 400 });
      if (difference.low <= 0 && difference.high >= 0) covered++;
      if (difference.p < 0.05) rejected++;
    }
    // Binomial(200, 0.95): four standard deviations either side.
    expect(covered / trials).toBeGreaterThan(0.88);
    expect(rejected / trials).toBeLessThan(0.12);
    expect(rejected).toBeGreaterThan(0);
  });

  it('is far narrower paired than unpaired when documents differ more than runs', () => {
    const random = new RandomStream(3, 'bootstrap', 0, 3);
    const base = Array.from({ length: 100 }, () => 5 + 2 * random.nextNormal());
    const weight = Array<number>(100).fill(1);
    const better = sums(
      base.map((loss) => loss - 0.1 + 0.05 * random.nextNormal()),
      weight,
    );
    const difference = pairedDifference(better, sums(base, weight));
    expect(difference.high).toBeLessThan(0);
    expect(difference.p).toBeLessThan(0.001);
    const single = meanLossInterval(sums(base, weight));
    expect(single.high - single.low).toBeGreaterThan(10 * (difference.high - difference.low));
  });
});

describe('hierarchicalDifference', () => {
  it('is wider than the documents alone when seeds disagree', () => {
    const weight = Array<number>(60).fill(1);
    const random = new RandomStream(4, 'bootstrap', 0, 4);
    const base = Array.from({ length: 60 }, () => 4 + random.nextNormal());
    const run = (shift: number): DocumentSums =>
      sums(
        base.map((loss) => loss + shift + 0.01 * random.nextNormal()),
        weight,
      );
    const [a, b] = [
      [run(0.5), run(0), run(-0.5)],
      [run(0), run(0), run(0)],
    ];
    const overSeeds = hierarchicalDifference(a, b);
    expect(overSeeds.estimate).toBeCloseTo(0, 1);
    // Means of three draws of {0.5, 0, −0.5}: the extremes have probability 1/27 each.
    expect(overSeeds.low).toBeLessThan(-0.45);
    expect(overSeeds.high).toBeGreaterThan(0.45);
    const documentsOnly = pairedDifference(a[1] ?? run(0), b[1] ?? run(0));
    expect(documentsOnly.high - documentsOnly.low).toBeLessThan(0.02);
  });

  it('refuses results that are not paired', () => {
    const two = sums([1, 2], [1, 1]);
    expect(() => pairedDifference(two, sums([1], [1]))).toThrow(RangeError);
    expect(() => hierarchicalDifference([two], [two, two])).toThrow(RangeError);
  });
});
