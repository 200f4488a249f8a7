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
  const [draws] = bootstrap(sums.lossSum.length, options, 1, (chosen, _, write) => {
    write(0, ratio(sums, chosen));
  });
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

/** Two sets of results on the same documents, one result a seed; a − b is what is asked for. */
export interface Comparison {
  readonly a: readonly DocumentSums[];
  readonly b: readonly DocumentSums[];
  /**
   * `paired` (default): a[i] and b[i] share a seed, and seeds are drawn as pairs. `independent`: they
   * share none, and the seeds of each side are drawn for themselves.
   */
  readonly seeds?: 'paired' | 'independent';
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
  const [difference] = hierarchicalDifferences([{ a, b }], options);
  return difference;
}

/**
 * Many differences on the same documents, each as hierarchicalDifference gives it alone. The
 * resamples are drawn once for all, and a result that several comparisons share (the same object) is
 * summed once: a table costs little more than one of its cells.
 * Throws a RangeError where documents, or seeds that are paired, do not match.
 */
export function hierarchicalDifferences(
  comparisons: readonly Comparison[],
  options: BootstrapOptions = {},
): Difference[] {
  if (comparisons.length === 0) return [];
  const results = [...new Set(comparisons.flatMap(({ a, b }) => [...a, ...b]))];
  const documents = results[0]?.lossSum.length ?? 0;
  requireMatching(comparisons, results, documents);
  const place = new Map(results.map((sums, index) => [sums, index]));
  const placesOf = (side: readonly DocumentSums[]): number[] =>
    side.map((sums) => place.get(sums) ?? -1);
  const indexed = comparisons.map(({ a, b, seeds = 'paired' }) => ({
    a: placesOf(a),
    b: placesOf(b),
    seeds,
  }));
  const all = Float64Array.from(results, meanLoss);
  const table = interleave(results, documents);
  const losses = new Float64Array(results.length);
  const draws = bootstrap(documents, options, indexed.length, (chosen, random, write) => {
    resampledLosses(table, chosen, losses);
    for (const [index, { a, b, seeds }] of indexed.entries()) {
      // Each comparison draws its seeds as if it were the only one.
      const own = a.length > 1 || b.length > 1 ? random.clone() : random;
      const value =
        seeds === 'paired'
          ? meanOfPairs(losses, a, b, own)
          : drawnMean(losses, a, own) - drawnMean(losses, b, own);
      write(index, value);
    }
  });
  return indexed.map(({ a, b, seeds }, index) => {
    const ascending = draws[index];
    const estimate =
      seeds === 'paired'
        ? mean(a.map((one, seed) => all[one] - all[b[seed]]))
        : mean(a.map((one) => all[one])) - mean(b.map((one) => all[one]));
    return { estimate, ...percentiles(ascending, options), p: twoSidedP(ascending) };
  });
}

function requireMatching(
  comparisons: readonly Comparison[],
  results: readonly DocumentSums[],
  documents: number,
): void {
  const isPaired = comparisons.every(
    ({ a, b, seeds = 'paired' }) =>
      a.length > 0 && b.length > 0 && (seeds === 'independent' || a.length === b.length),
  );
  if (!isPaired || results.some((sums) => sums.lossSum.length !== documents)) {
    throw new RangeError('Paired results need the same seeds and the same documents.');
  }
}

function meanOfPairs(
  losses: Float64Array,
  a: readonly number[],
  b: readonly number[],
  random: RandomStream,
): number {
  const count = a.length;
  if (count === 1) return losses[a[0]] - losses[b[0]];
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const seed = random.nextInteger(count);
    sum += losses[a[seed]] - losses[b[seed]];
  }
  return sum / count;
}

function drawnMean(losses: Float64Array, side: readonly number[], random: RandomStream): number {
  if (side.length === 1) return losses[side[0]];
  let sum = 0;
  for (let i = 0; i < side.length; i++) sum += losses[side[random.nextInteger(side.length)]];
  return sum / side.length;
}

/** Results side by side, a row a document, so that a drawn document is read in one place. */
interface InterleavedSums {
  readonly results: number;
  /** (documents, results) */
  readonly loss: Float64Array;
  readonly weights: number;
  /** (documents, weights): those that differ. */
  readonly weight: Float64Array;
  /** Which weights a result is divided by. */
  readonly weightOf: Uint32Array;
}

function interleave(results: readonly DocumentSums[], documents: number): InterleavedSums {
  const distinct: ArrayLike<number>[] = [];
  const weightOf = Uint32Array.from(results, ({ weight }) => {
    const known = distinct.findIndex((other) => isEqual(other, weight, documents));
    return known === -1 ? distinct.push(weight) - 1 : known;
  });
  const rows = (columns: readonly ArrayLike<number>[]): Float64Array => {
    const values = new Float64Array(documents * columns.length);
    for (const [column, source] of columns.entries()) {
      for (let i = 0; i < documents; i++) values[i * columns.length + column] = source[i];
    }
    return values;
  };
  return {
    results: results.length,
    loss: rows(results.map(({ lossSum }) => lossSum)),
    weights: distinct.length,
    weight: rows(distinct),
    weightOf,
  };
}

function isEqual(a: ArrayLike<number>, b: ArrayLike<number>, length: number): boolean {
  if (a === b) return true;
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Ratio of sums over the chosen documents for every result, summed in the order of the choice. */
function resampledLosses(table: InterleavedSums, chosen: Uint32Array, losses: Float64Array): void {
  const { results, weights, loss, weight, weightOf } = table;
  const totals = new Float64Array(weights);
  losses.fill(0);
  for (const document of chosen) {
    const lossRow = document * results;
    for (let i = 0; i < results; i++) losses[i] += loss[lossRow + i];
    const weightRow = document * weights;
    for (let i = 0; i < weights; i++) totals[i] += weight[weightRow + i];
  }
  for (let i = 0; i < results; i++) losses[i] /= totals[weightOf[i]];
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

/**
 * The values that `statistics` writes for every resample, ascending, one array for each of `count`
 * statistics. Resample i is a pure function of (seed, i).
 */
function bootstrap(
  documents: number,
  options: BootstrapOptions,
  count: number,
  statistics: (
    chosen: Uint32Array,
    random: RandomStream,
    write: (statistic: number, value: number) => void,
  ) => void,
): Float64Array[] {
  const { resamples, seed } = { ...DEFAULTS, ...options };
  const chosen = new Uint32Array(documents);
  const draws = Array.from({ length: count }, () => new Float64Array(resamples));
  for (let resample = 0; resample < resamples; resample++) {
    const random = new RandomStream(seed, 'bootstrap', resample);
    random.fillIntegers(chosen, documents);
    statistics(chosen, random, (statistic, value) => {
      draws[statistic][resample] = value;
    });
  }
  return draws.map((values) => values.sort());
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
