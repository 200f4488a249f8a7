import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../core/base/random.ts';
import {
  FEWEST_DOCUMENTS,
  differencesWithPauses,
  meanAndDeviation,
  meanLoss,
  quantile,
} from '../../../core/evaluation/statistics.ts';
import type { Difference, DocumentSums } from '../../../core/evaluation/statistics.ts';
import {
  hierarchicalDifference,
  hierarchicalDifferences,
  pairedDifference,
} from '../../fixtures/differences.ts';
import { hasEnds } from '../../../core/workbench/results.ts';

const sums = (lossSum: number[], weight: number[]): DocumentSums => ({
  lossSum: Float64Array.from(lossSum),
  weight,
});
/** `count` documents alike. */
const flat = (loss: number, count = 6): DocumentSums =>
  sums(Array<number>(count).fill(loss), Array<number>(count).fill(1));

function known(difference: Difference): { low: number; high: number; p: number } {
  const { p } = difference;
  if (!hasEnds(difference) || p === null) throw new Error('there is no interval');
  return { low: difference.low, high: difference.high, p };
}

function holdsZero(difference: Difference): boolean {
  const { low, high } = known(difference);
  return low <= 0 && high >= 0;
}

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
    // Three of seven documents differ by 1: a resample has a binomial number of them, and its
    // deviation is multiplied by √(7 / χ²) with 6 degrees of freedom.
    const difference = (level: number) =>
      known(
        pairedDifference(sums([1, 1, 1, 0, 0, 0, 0], Array<number>(7).fill(1)), flat(0, 7), {
          ...{ resamples: 20_000, level },
        }),
      );
    const binomial = [1, 7, 21, 35, 35, 21, 7, 1].map(
      (choices, drawn) => choices * (3 / 7) ** drawn * (4 / 7) ** (7 - drawn),
    );
    const atMost = (chiSquared: number): number =>
      1 - Math.exp(-chiSquared / 2) * (1 + chiSquared / 2 + chiSquared ** 2 / 8);
    const beyond = (distance: number, side: -1 | 1): number =>
      binomial.reduce((sum, probability, drawn) => {
        const deviation = side * (drawn / 7 - 3 / 7);
        return deviation <= 0
          ? sum
          : sum + probability * atMost((7 * deviation ** 2) / distance ** 2);
      }, 0);
    for (const level of [0.95, 0.8, 0.5]) {
      const { low, high } = difference(level);
      const tail = (1 - level) / 2;
      expect(Math.abs(beyond(3 / 7 - low, -1) - tail)).toBeLessThan(0.1 * tail);
      expect(Math.abs(beyond(high - 3 / 7, 1) - tail)).toBeLessThan(0.1 * tail);
    }
  });

  it('is a function of its seed', () => {
    const losses = Array.from({ length: 30 }, (_, i) => Math.sin(i) + 2);
    const data = sums(losses, Array<number>(30).fill(1));
    const of = (seed: number) => pairedDifference(data, flat(1, 30), { seed, resamples: 500 });
    expect(of(5)).toEqual(of(5));
    expect(of(5)).not.toEqual(of(6));
  });

  it('is exact where nothing varies', () => {
    const weight = Array.from({ length: 12 }, (_, i) => i + 1);
    const a = sums(
      weight.map((tokens) => 2 * tokens),
      weight,
    );
    const b = sums(weight, weight);
    const difference = pairedDifference(a, b, { resamples: 999 });
    expect(difference).toEqual({ estimate: 1, low: 1, high: 1, p: 2 / 1000 });
    const none = { estimate: 0, low: 0, high: 0, p: 1 };
    expect(pairedDifference(a, a, { resamples: 999 })).toEqual(none);
    // Runs of several seeds that ended alike, as with λ = 0.
    const copy = (by: number) => sums([1.1, 2.3, 3.7, 0.1, 0.7, by], Array<number>(6).fill(3));
    const seeds = [0.3, 0.1, 0.7];
    expect(hierarchicalDifference(seeds.map(copy), seeds.map(copy))).toEqual(none);
  });

  it('has the standard error of the mean when documents weigh the same', () => {
    const random = new RandomStream(1, 'bootstrap', 0, 1);
    const loss = Array.from({ length: 400 }, () => 10 + 2 * random.nextNormal());
    const { deviation } = meanAndDeviation(loss);
    const { low, high } = known(
      pairedDifference(sums(loss, Array<number>(400).fill(1)), flat(0, 400)),
    );
    const width = (2 * 1.966 * deviation) / Math.sqrt(400);
    expect((high - low) / width).toBeGreaterThan(0.97);
    expect((high - low) / width).toBeLessThan(1.03);
  });

  it('gives no interval and no p for fewer documents than could show anything', () => {
    for (let documents = 1; documents < FEWEST_DOCUMENTS; documents++) {
      const difference = pairedDifference(flat(2, documents), flat(1, documents));
      expect(difference).toEqual({ estimate: 1, low: null, high: null, p: null });
    }
    expect(known(pairedDifference(flat(2), flat(1))).low).toBe(1);
  });

  it('has no p below what so many documents of one sign have by chance', () => {
    for (const documents of [6, 8, 10]) {
      const p = pairedDifference(flat(2, documents), flat(1, documents)).p;
      expect(p).toBe(2 / 2 ** documents);
    }
  });

  it.each([6, 10, 20])('covers the true difference with %i documents', (documents) => {
    const trials = 400;
    let covered = 0;
    for (let trial = 0; trial < trials; trial++) {
      const random = new RandomStream(trial, 'bootstrap', documents, 7);
      const weight: number[] = [];
      const loss = Array.from({ length: documents }, () => {
        const tokens = Math.ceil(Math.exp(4 + 0.5 * random.nextNormal()));
        weight.push(tokens);
        return tokens * random.nextNormal();
      });
      const options = { resamples: 400, seed: trial };
      const difference = pairedDifference(sums(loss, weight), flat(0, documents), options);
      if (holdsZero(difference)) covered++;
    }
    // Plain percentiles cover 0.85, 0.89 and 0.91; four standard deviations below 0.94 are 0.89.
    expect(covered / trials).toBeGreaterThan(0.915);
    expect(covered / trials).toBeLessThan(0.985);
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
      if (holdsZero(difference)) covered++;
      if (known(difference).p < 0.05) rejected++;
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
    const difference = known(pairedDifference(better, sums(base, weight)));
    expect(difference.high).toBeLessThan(0);
    expect(difference.p).toBeLessThan(0.001);
    const single = known(pairedDifference(sums(base, weight), flat(0, 100)));
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
    const overSeeds = known(hierarchicalDifference(a, b));
    // The standard error over seeds is 0.29, and the t of two degrees of freedom 4.3.
    expect(overSeeds.low).toBeLessThan(-1.1);
    expect(overSeeds.high).toBeGreaterThan(1.1);
    const documentsOnly = known(pairedDifference(a[1] ?? run(0), b[1] ?? run(0)));
    expect(documentsOnly.high - documentsOnly.low).toBeLessThan(0.02);
  });

  it('refuses results that are not paired', () => {
    const two = sums([1, 2], [1, 1]);
    expect(() => pairedDifference(two, sums([1], [1]))).toThrow(RangeError);
    expect(() => hierarchicalDifference([two], [two, two])).toThrow(RangeError);
  });

  it('is exact where every seed and document differs by the same', () => {
    const weight = Array.from({ length: 12 }, (_, i) => i + 1);
    const of = (loss: number) =>
      sums(
        weight.map((tokens) => loss * tokens),
        weight,
      );
    const difference = hierarchicalDifference([of(2), of(3)], [of(1.5), of(2.5)], {
      resamples: 999,
    });
    expect(difference).toEqual({ estimate: 0.5, low: 0.5, high: 0.5, p: 2 / 1000 });
  });

  // Quantiles of Student's t with 1, 2 and 4 degrees of freedom, from tables.
  it.each([
    { differences: [1, 3], quantiles: { 0.95: 12.706, 0.8: 3.078 } },
    { differences: [0, 3, 6], quantiles: { 0.95: 4.303, 0.8: 1.886 } },
    { differences: [1, 2, 3, 4, 5], quantiles: { 0.95: 2.776, 0.8: 1.533 } },
  ])(
    "is Student's t over seeds $differences where documents are alike",
    ({ differences, quantiles }) => {
      const a = differences.map((difference, seed) => flat(seed + difference));
      const b = differences.map((_, seed) => flat(seed));
      const { mean, deviation, count } = meanAndDeviation(differences);
      const error = deviation / Math.sqrt(count);
      for (const [level, quantileOfT] of Object.entries(quantiles)) {
        const options = { level: Number(level) };
        const { low, high } = known(hierarchicalDifference(a, b, options));
        expect(Math.abs((high - mean) / error / quantileOfT - 1)).toBeLessThan(0.002);
        expect(Math.abs((mean - low) / error / quantileOfT - 1)).toBeLessThan(0.002);
      }
    },
  );

  it("has the p of Student's t over seeds where documents are alike", () => {
    const of = (...differences: number[]) =>
      hierarchicalDifference(
        differences.map((one) => flat(one, 30)),
        differences.map(() => flat(0, 30)),
      ).p;
    // With one degree of freedom p is 1 − 2 atan(t) / π, with two 1 − t / √(2 + t²).
    expect(of(1, 3)).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(2), 3);
    expect(of(0, 3, 6)).toBeCloseTo(1 - Math.sqrt(3 / 5), 3);
    // t = 17.3: three seeds that agree within a tenth.
    expect(of(0.9, 1, 1.1)).toBeCloseTo(1 - Math.sqrt(300 / 302), 3);
  });

  it.each([2, 3, 5])('covers the true difference where %i seeds are what varies', (count) => {
    const trials = 300;
    let covered = 0;
    for (let trial = 0; trial < trials; trial++) {
      const random = new RandomStream(trial, 'bootstrap', count, 8);
      const documents = Array.from({ length: 40 }, () => 0.2 * random.nextNormal());
      const runs = Array.from({ length: count }, () => {
        const shift = 0.3 * random.nextNormal();
        return sums(
          documents.map((effect) => effect + shift + 0.05 * random.nextNormal()),
          Array<number>(40).fill(1),
        );
      });
      const base = runs.map(() => flat(0, 40));
      const options = { resamples: 400, seed: trial };
      if (holdsZero(hierarchicalDifference(runs, base, options))) covered++;
    }
    // Seeds that are resampled cover 0.63, 0.77 and 0.86.
    expect(covered / trials).toBeGreaterThan(0.91);
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
      if (holdsZero(both)) covered++;
      const one = pairedDifference(a[0] ?? b[0], b[0], { resamples: 400 });
      if (holdsZero(one)) coveredByDocuments++;
    }
    expect(covered / trials).toBeGreaterThan(0.9);
    // One seed with its documents alone claims far more than it knows.
    expect(coveredByDocuments / trials).toBeLessThan(0.75);
  });

  it('gives the same numbers on every machine', () => {
    const at = (shift: number): DocumentSums => ({
      lossSum: Float64Array.from({ length: 40 }, (_, i) => (i + 1) * (3 + ((i * shift) % 7) / 7)),
      weight: Uint32Array.from({ length: 40 }, (_, i) => i + 1),
    });
    const a = [at(1), at(2), at(3)];
    const b = [at(4), at(5), at(5)];
    expect(hierarchicalDifference(a, b, { resamples: 200 })).toEqual({
      estimate: -0.0002903600464575125,
      low: -0.10551902641944091,
      high: 0.07739337013162308,
      p: 0.9850746268656716,
    });
    expect(pairedDifference(at(1), at(4), { resamples: 200, seed: 3 })).toEqual({
      estimate: -0.00017421602787504042,
      low: -0.12244636166004523,
      high: 0.11312694278450844,
      p: 0.9751243781094527,
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

  it('vary independent seeds on each side for themselves', () => {
    const independent = {
      a: [flat(1), flat(3)],
      b: [flat(1), flat(3)],
      seeds: 'independent',
    } as const;
    const [difference] = hierarchicalDifferences([independent], { resamples: 40_000, level: 0.8 });
    // Both standard errors are 1: the sum of two Cauchy variates is one of twice the width.
    const { low, high } = known(difference);
    expect(difference.estimate).toBe(0);
    expect(high / (2 * Math.tan(0.4 * Math.PI))).toBeCloseTo(1, 1);
    expect(-low / (2 * Math.tan(0.4 * Math.PI))).toBeCloseTo(1, 1);
    // Paired, the same seeds differ by nothing at all.
    const paired = hierarchicalDifference(independent.a, independent.b, { resamples: 99 });
    expect(paired).toEqual({ estimate: 0, low: 0, high: 0, p: 1 });
  });

  it('come in portions between which others can work', () => {
    const [a, b] = [flat(2, 2000), flat(1, 2000)];
    const work = differencesWithPauses([{ a: [a], b: [b] }], { resamples: 300 });
    let pauses = 0;
    let step = work.next();
    for (; step.done !== true; step = work.next()) pauses++;
    expect(pauses).toBeGreaterThan(5);
    expect(step.value).toEqual([pairedDifference(a, b, { resamples: 300 })]);
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
