/** Figures by which a person can tell whether an estimate of the Fisher diagonal is sound. */
import { RandomStream } from '../base/random.ts';
import type { ParameterSpec, Weights } from '../engine/types.ts';
import type { FisherHealth } from './fisherSettings.ts';

/** Elements below this share of the mean count as near zero. */
const NEAR_ZERO = 1e-6;
/** Elements that are ranked: the rank correlation of so many is that of all to two decimals. */
const RANKED_AT_MOST = 200_000;
/** Second place of the random stream `fisherSample`; the first draws the sequences. */
const RANKED_PLACE = 1;

/** Scale, share near zero and sums per depth of a diagonal with an array for each parameter. */
export function describeDiagonal(
  parameters: readonly ParameterSpec[],
  diagonal: Weights,
): Pick<FisherHealth, 'mean' | 'largest' | 'nearZeroShare' | 'depthSums'> {
  const depthSums: number[] = [];
  let count = 0;
  let largest = 0;
  for (const { name, depth } of parameters) {
    const values = valuesOf(diagonal, name);
    let sum = 0;
    for (let i = 0; i < values.length; i++) {
      sum += values[i];
      if (values[i] > largest) largest = values[i];
    }
    while (depthSums.length <= depth) depthSums.push(0);
    depthSums[depth] += sum;
    count += values.length;
  }
  const mean = depthSums.reduce((total, sum) => total + sum, 0) / count;
  const bound = NEAR_ZERO * mean;
  let nearZero = 0;
  for (const { name } of parameters) {
    const values = valuesOf(diagonal, name);
    for (let i = 0; i < values.length; i++) {
      // Of a diagonal that is zero throughout, every element is near zero.
      if (values[i] < bound || values[i] === 0) nearZero++;
    }
  }
  return { mean, largest, nearZeroShare: nearZero / count, depthSums };
}

/**
 * How alike two estimates are: the cosine over all elements, and Spearman's rank correlation over at
 * most 200,000 of them, one drawn from each of as many equal stretches, the same at every call. Both
 * are 0 when an estimate is constant, as that of no sequence is.
 */
export function compareHalves(
  parameters: readonly ParameterSpec[],
  one: Weights,
  other: Weights,
): Pick<FisherHealth, 'halvesCosine' | 'halvesRankCorrelation'> {
  let dot = 0;
  let squaresOfOne = 0;
  let squaresOfOther = 0;
  let count = 0;
  for (const { name } of parameters) {
    const [a, b] = [valuesOf(one, name), valuesOf(other, name)];
    count += a.length;
    for (let i = 0; i < a.length; i++) {
      dot += a[i] * b[i];
      squaresOfOne += a[i] * a[i];
      squaresOfOther += b[i] * b[i];
    }
  }
  const elements = rankedElements(count);
  const [a, b] = [one, other].map((weights) => ranks(pick(parameters, weights, elements)));
  const scale = Math.sqrt(squaresOfOne) * Math.sqrt(squaresOfOther);
  return {
    halvesCosine: scale === 0 ? 0 : Math.min(1, dot / scale),
    halvesRankCorrelation: correlation(a, b),
  };
}

/** Ascending places among `count` elements. */
function rankedElements(count: number): Float64Array {
  if (count <= RANKED_AT_MOST) return Float64Array.from({ length: count }, (_, place) => place);
  const random = new RandomStream(0, 'fisherSample', 0, RANKED_PLACE);
  const stretch = count / RANKED_AT_MOST;
  return Float64Array.from({ length: RANKED_AT_MOST }, (_, index) =>
    Math.floor((index + random.nextFloat()) * stretch),
  );
}

/** Values at ascending places of the parameters' arrays laid end to end. */
function pick(
  parameters: readonly ParameterSpec[],
  weights: Weights,
  elements: Float64Array,
): Float32Array {
  const picked = new Float32Array(elements.length);
  let at = 0;
  let begin = 0;
  for (const { name } of parameters) {
    const values = valuesOf(weights, name);
    for (; at < elements.length && elements[at] < begin + values.length; at++) {
      picked[at] = values[elements[at] - begin];
    }
    begin += values.length;
  }
  return picked;
}

/** Ranks from 0; equal values share the mean of theirs. */
function ranks(values: Float32Array): Float64Array {
  const order = Uint32Array.from(values, (_, index) => index).sort((a, b) => values[a] - values[b]);
  const result = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]] === values[order[from]]) to++;
    for (let place = from; place < to; place++) result[order[place]] = (from + to - 1) / 2;
    from = to;
  }
  return result;
}

/** Pearson's; 0 when one of them is constant. */
function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (a.length - 1) / 2;
  let covariance = 0;
  let varianceOfA = 0;
  let varianceOfB = 0;
  for (let i = 0; i < a.length; i++) {
    covariance += (a[i] - mean) * (b[i] - mean);
    varianceOfA += (a[i] - mean) ** 2;
    varianceOfB += (b[i] - mean) ** 2;
  }
  const scale = Math.sqrt(varianceOfA) * Math.sqrt(varianceOfB);
  return scale === 0 ? 0 : covariance / scale;
}

function valuesOf(weights: Weights, name: string): Float32Array {
  const values = weights.get(name);
  if (values === undefined) throw new RangeError(`There is no array for ${name}.`);
  return values;
}
