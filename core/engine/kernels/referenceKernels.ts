/** The kernels in plain TypeScript. Every operation is rounded to float32, as SIMD instructions do. */
import { RandomStream } from '../../base/random.ts';
import { adamWConstants } from './adamWConstants.ts';
import { dropoutKeepFactor, dropoutPlaceNumber, dropoutThreshold } from './hostKernels.ts';
import type {
  AdamWArrays,
  AdamWSettings,
  DropoutMaskRequest,
  HostKernels,
  PenaltyArrays,
  PenaltySums,
} from './hostKernels.ts';

const { fround } = Math;
/** The smallest normal float32. */
const SMALLEST_NORMAL = 2 ** -126;
/** Sums are formed in blocks of this many values, and over blocks in order. */
export const NORM_BLOCK = 65536;
/** Partial sums in a block: value i goes to lane i modulo this; in a norm, and in the other sums. */
const NORM_LANES = 8;
const LANES = 4;

export function createReferenceKernels(): HostKernels {
  return {
    implementation: 'typescript',
    threads: 1,
    allocate: (length) => new Float32Array(length),
    allocateBytes: (length) => new Uint8Array(length),
    allocateParameter: (length) => ({
      weights: new Float32Array(length),
      gradient: new Float32Array(length),
      firstMoment: new Float32Array(length),
      secondMoment: new Float32Array(length),
    }),
    adamW,
    allocateBeside: ({ length }) => new Float32Array(length),
    squaredNorm,
    dot,
    squaredDistance,
    accumulate,
    addSquares,
    addPenaltyGradient,
    addRows,
    dropoutMask,
    close: async () => {},
  };
}

function adamW(arrays: AdamWArrays, settings: AdamWSettings): void {
  checkAdamWArrays(arrays);
  const { weights, gradient, firstMoment, secondMoment } = arrays;
  const constants = adamWConstants(settings);
  const { gradientScale, decayFactor, firstRate, beta2, secondRate } = constants;
  const { rootCorrection, epsilon, stepSize } = constants;
  for (let i = 0; i < weights.length; i++) {
    const g = fround(gradient[i] * gradientScale);
    const m = flush(fround(firstMoment[i] + fround(fround(g - firstMoment[i]) * firstRate)));
    const v = flush(fround(fround(secondMoment[i] * beta2) + fround(fround(g * g) * secondRate)));
    const denominator = fround(fround(fround(Math.sqrt(v)) * rootCorrection) + epsilon);
    const change = fround(fround(m * stepSize) / denominator);
    weights[i] = fround(fround(weights[i] * decayFactor) - change);
    firstMoment[i] = m;
    secondMoment[i] = v;
  }
  if (settings.zeroGradient) gradient.fill(0);
}

function flush(value: number): number {
  return Math.abs(value) < SMALLEST_NORMAL ? 0 : value;
}

export function checkAdamWArrays(arrays: AdamWArrays): void {
  const { weights, gradient, firstMoment, secondMoment } = arrays;
  const { length } = weights;
  for (const array of [gradient, firstMoment, secondMoment]) {
    if (array.length !== length) {
      throw new RangeError(`AdamW: ${length} weights but an array of ${array.length}`);
    }
  }
}

function squaredNorm(values: Float32Array): number {
  return blockSum(values.length, NORM_LANES, (i) => values[i] * values[i]);
}

function dot(a: Float32Array, b: Float32Array): number {
  checkSameLength('dot', a, b);
  return blockSum(a.length, LANES, (i) => a[i] * b[i]);
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  checkSameLength('squaredDistance', a, b);
  return blockSum(a.length, LANES, (i) => (a[i] - b[i]) ** 2);
}

/** Σ term(i) in float64, i = 0 … length − 1, in the order that every implementation keeps. */
function blockSum(length: number, laneCount: number, term: (i: number) => number): number {
  let total = 0;
  for (let start = 0; start < length; start += NORM_BLOCK) {
    const lanes = new Float64Array(laneCount);
    const end = Math.min(start + NORM_BLOCK, length);
    for (let i = start; i < end; i++) lanes[i % laneCount] += term(i);
    total += lanes.reduce((sum, lane) => sum + lane, 0);
  }
  return total;
}

function accumulate(target: Float32Array, source: Float32Array, factor: number): void {
  checkSameLength('accumulate', target, source);
  const f = fround(factor);
  for (let i = 0; i < target.length; i++) target[i] += fround(f * source[i]);
}

export function checkSameLength(kernel: string, a: Float32Array, b: Float32Array): void {
  if (a.length !== b.length) {
    throw new RangeError(`${kernel}: arrays of ${a.length} and of ${b.length} values`);
  }
}

function addSquares(target: Float32Array, source: Float32Array): void {
  checkSameLength('addSquares', target, source);
  for (let i = 0; i < target.length; i++) target[i] += fround(source[i] * source[i]);
}

function addPenaltyGradient(arrays: PenaltyArrays, strength: number): PenaltySums {
  checkPenaltyArrays(arrays);
  const { gradient, weights, anchor, importance } = arrays;
  const { length } = gradient;
  const s = fround(strength);
  const difference = (i: number): number => fround(weights[i] - anchor[i]);
  const penalty = (i: number): number =>
    fround((importance === null ? s : fround(s * importance[i])) * difference(i));
  const twiceValue = blockSum(length, LANES, (i) => penalty(i) * difference(i));
  const penaltySquares = blockSum(length, LANES, (i) => penalty(i) ** 2);
  const squaresBefore = blockSum(length, LANES, (i) => gradient[i] ** 2);
  for (let i = 0; i < length; i++) gradient[i] += penalty(i);
  const squaresAfter = blockSum(length, LANES, (i) => gradient[i] ** 2);
  return { twiceValue, penaltySquares, squaresBefore, squaresAfter };
}

export function checkPenaltyArrays({ gradient, ...others }: PenaltyArrays): void {
  for (const array of Object.values(others)) {
    if (array !== null) checkSameLength('addPenaltyGradient', gradient, array);
  }
}

function addRows(
  table: Float32Array,
  rowIndices: Int32Array,
  rows: Float32Array,
  factor: number,
): void {
  const width = checkRows(table, rowIndices, rows);
  const f = fround(factor);
  for (let row = 0; row < rowIndices.length; row++) {
    const to = rowIndices[row] * width;
    const from = row * width;
    for (let i = 0; i < width; i++) table[to + i] += fround(f * rows[from + i]);
  }
}

/** The width of a row; throws RangeError when the arrays do not fit each other. */
export function checkRows(table: Float32Array, rowIndices: Int32Array, rows: Float32Array): number {
  if (rowIndices.length === 0) return 0;
  const width = rows.length / rowIndices.length;
  if (!Number.isInteger(width) || width === 0 || table.length % width !== 0) {
    throw new RangeError(
      `addRows: ${rows.length} values for ${rowIndices.length} rows of a table of ${table.length}`,
    );
  }
  const height = table.length / width;
  for (const index of rowIndices) {
    if (index < 0 || index >= height) {
      throw new RangeError(`addRows: row ${index} of a table of ${height} rows`);
    }
  }
  return width;
}

/** Decision i is the i-th 16-bit half of the stream, low halves first. */
function dropoutMask(mask: Float32Array | Uint8Array, request: DropoutMaskRequest): void {
  const stream = new RandomStream(
    request.seed,
    'dropout',
    request.step,
    dropoutPlaceNumber(request),
  );
  const threshold = dropoutThreshold(request.probability);
  const kept = mask instanceof Uint8Array ? 1 : dropoutKeepFactor(request.probability);
  for (let i = 0; i < mask.length; i += 2) {
    const bits = stream.nextUint32();
    mask[i] = (bits & 0xffff) < threshold ? 0 : kept;
    if (i + 1 < mask.length) mask[i + 1] = bits >>> 16 < threshold ? 0 : kept;
  }
}
