/**
 * Uncertainty of evaluation results. The unit that is resampled is the document: masked tokens of
 * one document are not independent. A loss is a ratio of sums, Σ loss / Σ tokens, so both sums are
 * resampled together (the ratio bootstrap; Efron and Tibshirani 1993, chapters 6 and 13).
 */
import { RandomStream } from '../base/random.ts';

/** Sums over the same documents in the same order. */
export interface DocumentSums {
  /** Σ loss of each document, nats. */
  readonly lossSum: Float64Array;
  /** What the loss is divided by: scored tokens, or masked words to compare across tokenizers. */
  readonly weight: ArrayLike<number>;
}

export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

export interface Difference extends Interval {
  /** Two-sided: twice the smaller share of resamples on one side of zero. */
  readonly p: number;
}

export interface BootstrapOptions {
  readonly resamples?: number;
  readonly seed?: number;
  /** Coverage of the interval. */
  readonly level?: number;
}

const DEFAULTS = { resamples: 10_000, seed: 0, level: 0.95 } as const;

/** Σ loss / Σ weight, nats. NaN for no weight at all. */
export function meanLoss(sums: DocumentSums): number {
  return ratio(sums, undefined);
}

/** The mean loss of one run with its percentile interval over documents. */
export function meanLossInterval(sums: DocumentSums, options: BootstrapOptions = {}): Interval {
  const draws = bootstrap(sums.lossSum.length, options, (chosen) => ratio(sums, chosen));
  return { estimate: meanLoss(sums), ...percentiles(draws, options) };
}

/** The mean loss of `a` minus that of `b`, both resampled with the same documents. */
export function pairedDifference(
  a: DocumentSums,
  b: DocumentSums,
  options: BootstrapOptions = {},
): Difference {
  return hierarchicalDifference([a], [b], options);
}

/**
 * The difference of means over seeds, a − b, where `a[i]` and `b[i]` share a seed and all share the
 * documents. A resample draws seeds, then documents (the same for every drawn seed), with
 * replacement. With one seed it is the paired bootstrap over documents.
 */
export function hierarchicalDifference(
  a: readonly DocumentSums[],
  b: readonly DocumentSums[],
  options: BootstrapOptions = {},
): Difference {
  const documents = a[0]?.lossSum.length ?? 0;
  if (a.length !== b.length || [...a, ...b].some((sums) => sums.lossSum.length !== documents)) {
    throw new RangeError('Paired results need the same seeds and the same documents.');
  }
  const differences = (chosen: Uint32Array | undefined): number[] =>
    a.map((sums, index) => ratio(sums, chosen) - ratio(b[index] ?? sums, chosen));
  const draws = bootstrap(documents, options, (chosen, random) => {
    const bySeed = differences(chosen);
    if (bySeed.length === 1) return bySeed[0] ?? Number.NaN;
    return mean(bySeed.map(() => bySeed[random.nextInteger(bySeed.length)] ?? Number.NaN));
  });
  return {
    estimate: mean(differences(undefined)),
    ...percentiles(draws, options),
    p: twoSidedP(draws),
  };
}

/** Mean and sample standard deviation (divisor n − 1); the deviation of one value is NaN. */
export function meanAndDeviation(values: readonly number[]): {
  mean: number;
  deviation: number;
  count: number;
} {
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return {
    mean: centre,
    deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : Number.NaN,
    count: values.length,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Ratio of sums over the chosen documents (repeats count), or over all. */
function ratio(sums: DocumentSums, chosen: Uint32Array | undefined): number {
  const { lossSum, weight } = sums;
  let loss = 0;
  let total = 0;
  const count = chosen?.length ?? lossSum.length;
  for (let i = 0; i < count; i++) {
    const document = chosen === undefined ? i : chosen[i];
    loss += lossSum[document];
    total += weight[document];
  }
  return loss / total;
}

/** The statistic of every resample, ascending. Resample i is a pure function of (seed, i). */
function bootstrap(
  documents: number,
  options: BootstrapOptions,
  statistic: (chosen: Uint32Array, random: RandomStream) => number,
): Float64Array {
  const { resamples, seed } = { ...DEFAULTS, ...options };
  const chosen = new Uint32Array(documents);
  const draws = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample++) {
    const random = new RandomStream(seed, 'bootstrap', resample);
    for (let i = 0; i < documents; i++) chosen[i] = random.nextInteger(documents);
    draws[resample] = statistic(chosen, random);
  }
  return draws.sort();
}

function percentiles(
  ascending: Float64Array,
  options: BootstrapOptions,
): { low: number; high: number } {
  const tail = (1 - (options.level ?? DEFAULTS.level)) / 2;
  return { low: quantile(ascending, tail), high: quantile(ascending, 1 - tail) };
}

/** Linear interpolation between order statistics, as NumPy's default. */
export function quantile(ascending: ArrayLike<number>, probability: number): number {
  const place = (ascending.length - 1) * probability;
  const below = ascending[Math.floor(place)] ?? Number.NaN;
  const above = ascending[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** One resample is added on each side, so that p is never 0 (Davison and Hinkley 1997, section 4.2). */
function twoSidedP(draws: Float64Array): number {
  let atMost = 0;
  let atLeast = 0;
  for (const draw of draws) {
    if (draw <= 0) atMost++;
    if (draw >= 0) atLeast++;
  }
  return Math.min(1, (2 * (Math.min(atMost, atLeast) + 1)) / (draws.length + 1));
}
