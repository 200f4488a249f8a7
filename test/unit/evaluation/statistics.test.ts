import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../core/base/random.ts';
import {
  hierarchicalDifference,
  hierarchicalDifferences,
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

  it('is exact where every seed and document differs by the same', () => {
    const a = [sums([2, 4, 6], [1, 2, 3]), sums([3, 6, 9], [1, 2, 3])];
    const b = [sums([1.5, 3, 4.5], [1, 2, 3]), sums([2.5, 5, 7.5], [1, 2, 3])];
    const { estimate, low, high, p } = hierarchicalDifference(a, b, { resamples: 999 });
    for (const value of [estimate, low, high]) expect(value).toBeCloseTo(0.5, 12);
    expect(p).toBe(2 / 1000);
  });

  it('has the distribution that enumerating seeds gives where documents are alike', () => {
    // Seeds differ by 0, 3 and 6: the mean of three draws has 27 equally likely values 0 … 6.
    const flat = (loss: number): DocumentSums => sums([loss, loss], [1, 1]);
    const a = [flat(1), flat(5), flat(9)];
    const b = [flat(1), flat(2), flat(3)];
    const of = (level: number) => hierarchicalDifference(a, b, { resamples: 20_000, level });
    expect(of(0.95).estimate).toBe(3);
    // Below 0.025 lies nothing but the 1 in 27 of three times the first seed.
    expect([of(0.95).low, of(0.95).high]).toEqual([0, 6]);
    // 4 of 27 are at most 1, and 10 of 27 at most 2.
    expect([of(0.8).low, of(0.8).high]).toEqual([1, 5]);
    expect([of(0.4).low, of(0.4).high]).toEqual([2, 4]);
    // 1 of 27 resamples is at or below zero.
    expect(of(0.95).p).toBeGreaterThan((2 / 27) * 0.85);
    expect(of(0.95).p).toBeLessThan((2 / 27) * 1.15);
  });

  it('covers the true difference when both seeds and documents vary', () => {
    const trials = 150;
    let covered = 0;
    let coveredByDocuments = 0;
    for (let trial = 0; trial < trials; trial++) {
      const random = new RandomStream(trial, 'bootstrap', 0, 5);
      const levels = Array.from({ length: 40 }, () => 4 + random.nextNormal());
      const effects = levels.map(() => 0.2 * random.nextNormal());
      const tokens = levels.map(() => 1 + random.nextInteger(10));
      const a: DocumentSums[] = [];
      const b: DocumentSums[] = [];
      // The true difference is 0; seeds shift it by as much as the sample of documents does.
      for (let seed = 0; seed < 10; seed++) {
        const shift = 0.1 * random.nextNormal();
        const noisy = (offset: (document: number) => number): DocumentSums =>
          sums(
            levels.map((level, i) => (tokens[i] ?? 0) * (level + offset(i))),
            tokens,
          );
        a.push(noisy((i) => (effects[i] ?? 0) + shift + 0.05 * random.nextNormal()));
        b.push(noisy(() => 0.05 * random.nextNormal()));
      }
      const both = hierarchicalDifference(a, b, { resamples: 400 });
      if (both.low <= 0 && both.high >= 0) covered++;
      const one = pairedDifference(a[0] ?? b[0], b[0], { resamples: 400 });
      if (one.low <= 0 && one.high >= 0) coveredByDocuments++;
    }
    expect(covered / trials).toBeGreaterThan(0.87);
    // One seed with its documents alone claims far more than it knows.
    expect(coveredByDocuments / trials).toBeLessThan(0.75);
  });

  it('gives the numbers it gave when every resample was summed for itself', () => {
    const at = (shift: number): DocumentSums => ({
      lossSum: Float64Array.from({ length: 40 }, (_, i) => (i + 1) * (3 + ((i * shift) % 7) / 7)),
      weight: Uint32Array.from({ length: 40 }, (_, i) => i + 1),
    });
    const a = [at(1), at(2), at(3)];
    const b = [at(4), at(5), at(5)];
    expect(hierarchicalDifference(a, b, { resamples: 200 })).toEqual({
      estimate: -0.0002903600464575125,
      low: -0.1192413149267108,
      high: 0.09356598822324642,
      p: 0.9651741293532339,
    });
    expect(pairedDifference(at(1), at(4), { resamples: 200, seed: 3 })).toEqual({
      estimate: -0.00017421602787504042,
      low: -0.13332554504691735,
      high: 0.11234863897451645,
      p: 0.9751243781094527,
    });
    expect(meanLossInterval(at(1), { resamples: 200 })).toEqual({
      estimate: 3.4216027874564454,
      low: 3.3152660048455105,
      high: 3.521450895923694,
    });
  });
});

describe('hierarchicalDifferences', () => {
  const random = new RandomStream(6, 'bootstrap', 0, 6);
  const one = (): DocumentSums => ({
    lossSum: Float64Array.from({ length: 25 }, () => 10 * (4 + random.nextNormal())),
    weight: Uint32Array.from({ length: 25 }, () => 10),
  });
  const [p, q, r, s] = [one(), one(), one(), one()];

  it('are each what they are alone, whatever stands beside them', () => {
    const heavier = {
      lossSum: s.lossSum,
      weight: Uint32Array.from({ length: 25 }, (_, i) => 1 + i),
    };
    const comparisons = [
      { a: [p, q], b: [r, r] },
      { a: [p], b: [q] },
      { a: [p, q, s], b: [r, r, r] },
      { a: [heavier], b: [s] },
      { a: [p, q], b: [r, s, s], seeds: 'independent' },
    ] as const;
    const options = { resamples: 300 };
    expect(hierarchicalDifferences(comparisons, options)).toEqual(
      comparisons.map((comparison) => hierarchicalDifferences([comparison], options)[0]),
    );
    expect(hierarchicalDifferences(comparisons.slice(0, 1), options)).toEqual([
      hierarchicalDifference([p, q], [r, r], options),
    ]);
    expect(hierarchicalDifferences([])).toEqual([]);
  });

  it('draw independent seeds on each side for themselves', () => {
    const flat = (loss: number): DocumentSums => sums([loss, loss], [1, 1]);
    const independent = {
      a: [flat(1), flat(3)],
      b: [flat(1), flat(3)],
      seeds: 'independent',
    } as const;
    const [difference] = hierarchicalDifferences([independent], { resamples: 20_000, level: 0.8 });
    // Each mean is 1, 2, 2 or 3: the difference is −2 and 2 in 1 of 16, −1 and 1 in 4 of 16.
    expect(difference).toMatchObject({ estimate: 0, low: -1, high: 1 });
    // Paired, the same seeds differ by nothing at all.
    const paired = hierarchicalDifference(independent.a, independent.b, { resamples: 99 });
    expect([paired.low, paired.high, paired.p]).toEqual([0, 0, 1]);
  });

  it('refuse sides that do not match', () => {
    const short = sums([1], [1]);
    expect(() => hierarchicalDifferences([{ a: [p], b: [] }])).toThrow(RangeError);
    expect(() => hierarchicalDifferences([{ a: [p, q], b: [r] }])).toThrow(RangeError);
    expect(() =>
      hierarchicalDifferences([{ a: [p, q], b: [short], seeds: 'independent' }]),
    ).toThrow(RangeError);
  });
});
