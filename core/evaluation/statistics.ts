/**
 * Uncertainty of differences between evaluation results. The unit that is resampled is the document:
 * masked tokens of one document are not independent. A loss is a ratio of sums, Σ loss / Σ tokens, so
 * both sums are resampled together (the ratio bootstrap; Efron and Tibshirani 1993, chapters 6 and 13).
 *
 * Percentiles of plain resamples claim too much of small samples: their variance has divisor n, they
 * know nothing of its own uncertainty, and they never leave the range of what was seen (Hesterberg
 * 2015, "What teachers should know about the bootstrap", The American Statistician 69). So the
 * deviation of a resample of n documents is multiplied by √(n / χ²), χ² drawn with n − 1 degrees of
 * freedom, which makes of a normal deviate one of Student's t and is next to 1 where documents are
 * many; and the mean over k seeds, mostly 2 to 5, is not resampled at all but moved by its standard
 * error times Student's t with k − 1 degrees of freedom. Two sources of error, each with a t of its
 * own, are the Behrens–Fisher sum, which covers at least what it says.
 * Alternatives and measured coverage: docs/adr/0008-small-samples-get-students-t.md.
 */
import { RandomStream } from '../base/random.ts';
import { studentQuantiles } from './studentsT.ts';

/**
 * With fewer documents no interval and no p is given: if their differences have signs by chance, five
 * documents have one sign in 2 of 2⁵ cases, which is more than 0.05.
 */
export const FEWEST_DOCUMENTS = 6;

/** Sums over the same documents in the same order. */
export interface DocumentSums {
  /** Σ loss of each document, nats. */
  readonly lossSum: Float64Array;
  /** What the loss is divided by: scored tokens, or masked words to compare across tokenizers. */
  readonly weight: ArrayLike<number>;
}

export interface Difference {
  readonly estimate: number;
  /** Ends of the interval; null for fewer than FEWEST_DOCUMENTS documents, and so is p. */
  readonly low: number | null;
  readonly high: number | null;
  /**
   * Two-sided: twice the smaller share of resamples on one side of zero, and not less than the
   * probability that so many documents have one sign by chance.
   */
  readonly p: number | null;
}

export interface BootstrapOptions {
  readonly resamples?: number;
  readonly seed?: number;
  /** Coverage of the interval. */
  readonly level?: number;
}

const DEFAULTS = { resamples: 10_000, seed: 0, level: 0.95 } as const;
/** Documents drawn between two pauses: some milliseconds. */
const DRAWN_AT_ONCE = 100_000;

/** Σ loss / Σ weight, nats. NaN for no weight at all. */
export function meanLoss({ lossSum, weight }: DocumentSums): number {
  let loss = 0;
  let total = 0;
  for (let i = 0; i < lossSum.length; i++) {
    loss += lossSum[i];
    total += weight[i];
  }
  return loss / total;
}

/** Two sets of results on the same documents, one result a seed; a − b is what is asked for. */
export interface Comparison {
  readonly a: readonly DocumentSums[];
  readonly b: readonly DocumentSums[];
  /**
   * `paired` (default): a[i] and b[i] share a seed, and what varies is their difference.
   * `independent`: they share none, and the seeds of each side vary for themselves.
   */
  readonly seeds?: 'paired' | 'independent';
}

/**
 * Differences of means over seeds, a − b, where all results share the documents: documents are
 * resampled, the same for every seed, and seeds vary as Student's t has it. With one seed it is the
 * paired bootstrap over documents, and holds for these runs alone. The resamples are drawn once for
 * all comparisons, and a result that several share (the same object) is summed once: a table costs
 * little more than one of its cells. Pauses after every portion of some milliseconds.
 * Throws a RangeError where documents, or seeds that are paired, do not match.
 */
export function* differencesWithPauses(
  comparisons: readonly Comparison[],
  options: BootstrapOptions = {},
): Generator<undefined, Difference[]> {
  if (comparisons.length === 0) return [];
  const results = [...new Set(comparisons.flatMap(({ a, b }) => [...a, ...b]))];
  const documents = results[0]?.lossSum.length ?? 0;
  requireMatching(comparisons, results, documents);
  const losses = Float64Array.from(results, meanLoss);
  const place = new Map(results.map((sums, index) => [sums, index]));
  const means = comparisons.map((comparison) => meanOf(comparison, place, losses));
  if (documents < FEWEST_DOCUMENTS) {
    return means.map(({ estimate }) => ({ estimate, low: null, high: null, p: null }));
  }
  const { resamples, seed, level } = { ...DEFAULTS, ...options };
  const seedDraws = new SeedDraws(seed, resamples);
  const moves = means.map(({ seedErrors }) =>
    seedErrors.map(({ error, degrees }, side) => ({ error, t: seedDraws.of(degrees, side) })),
  );
  const draws = means.map(() => new Float64Array(resamples));
  const table = interleave(results, documents);
  const chosen = new Uint32Array(documents);
  for (let resample = 0, drawn = 0; resample < resamples; resample++, drawn += documents) {
    if (drawn >= DRAWN_AT_ONCE) {
      yield;
      drawn = 0;
    }
    // A resample is a pure function of (seed, resample).
    const random = new RandomStream(seed, 'bootstrap', resample);
    random.fillIntegers(chosen, documents);
    const scale = Math.sqrt(documents / random.nextChiSquared(documents - 1));
    resampledLosses(table, chosen, losses);
    for (const [index, { estimate, over }] of means.entries()) {
      let value = estimate + scale * (over(losses) - estimate);
      for (const { error, t } of moves[index]) value += error * t[resample];
      draws[index][resample] = value;
    }
  }
  const tail = (1 - level) / 2;
  const differences: Difference[] = [];
  for (const [index, { estimate }] of means.entries()) {
    yield;
    const ascending = draws[index].sort();
    const [low, high] = [quantile(ascending, tail), quantile(ascending, 1 - tail)];
    differences.push({ estimate, low, high, p: twoSidedP(ascending, documents) });
  }
  return differences;
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

/** A difference of means over seeds, for any losses of the results. */
interface MeanDifference {
  readonly estimate: number;
  readonly over: (losses: Float64Array) => number;
  /** Standard errors of what is averaged over seeds; none where one seed is all there is. */
  readonly seedErrors: readonly { readonly error: number; readonly degrees: number }[];
}

/** For each resample a value of Student's t, the same for every comparison. */
class SeedDraws {
  readonly #seed: number;
  readonly #resamples: number;
  readonly #known = new Map<string, Float64Array>();

  constructor(seed: number, resamples: number) {
    this.#seed = seed;
    this.#resamples = resamples;
  }

  /** Two sides whose seeds are not paired vary independently. */
  of(degrees: number, side: number): Float64Array {
    const key = `${degrees}/${side}`;
    let draws = this.#known.get(key);
    if (draws === undefined) {
      const random = new RandomStream(this.#seed, 'bootstrap', degrees, 1 + side);
      draws = random.shuffle(studentQuantiles(degrees, this.#resamples));
      this.#known.set(key, draws);
    }
    return draws;
  }
}

function meanOf(
  { a, b, seeds = 'paired' }: Comparison,
  place: ReadonlyMap<DocumentSums, number>,
  losses: Float64Array,
): MeanDifference {
  const placesOf = (side: readonly DocumentSums[]): number[] =>
    side.map((sums) => place.get(sums) ?? -1);
  const [ofA, ofB] = [placesOf(a), placesOf(b)];
  const pairs = (of: Float64Array): number[] => ofA.map((one, seed) => of[one] - of[ofB[seed]]);
  const side = (places: readonly number[], of: Float64Array): number[] =>
    places.map((one) => of[one]);
  // Summed by pairs, equal results differ by zero exactly.
  const over =
    seeds === 'paired'
      ? (of: Float64Array) => mean(pairs(of))
      : (of: Float64Array) => mean(side(ofA, of)) - mean(side(ofB, of));
  const varying = seeds === 'paired' ? [pairs(losses)] : [side(ofA, losses), side(ofB, losses)];
  const seedErrors = varying
    .filter((values) => values.length > 1)
    .map((values) => ({
      error: meanAndDeviation(values).deviation / Math.sqrt(values.length),
      degrees: values.length - 1,
    }));
  return { estimate: over(losses), over, seedErrors };
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

/** Linear interpolation between order statistics, as NumPy's default. */
export function quantile(ascending: ArrayLike<number>, probability: number): number {
  const place = (ascending.length - 1) * probability;
  const below = ascending[Math.floor(place)] ?? Number.NaN;
  const above = ascending[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/**
 * One resample is added on each side, so that p is never 0 (Davison and Hinkley 1997, section 4.2);
 * and a sign-flip test of n documents has no smaller p than 2 of 2ⁿ.
 */
function twoSidedP(draws: Float64Array, documents: number): number {
  let atMost = 0;
  let atLeast = 0;
  for (const draw of draws) {
    if (draw <= 0) atMost++;
    if (draw >= 0) atLeast++;
  }
  const p = (2 * (Math.min(atMost, atLeast) + 1)) / (draws.length + 1);
  return Math.min(1, Math.max(p, 2 ** (1 - documents)));
}
