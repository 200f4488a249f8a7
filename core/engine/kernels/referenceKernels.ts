/** The kernels in plain TypeScript. Every operation is rounded to float32, as SIMD instructions do. */
import { RandomStream } from '../../base/random.ts';
import { adamWConstants } from './adamWConstants.ts';
import { dropoutKeepFactor, dropoutPlaceNumber, dropoutThreshold } from './hostKernels.ts';
import type { AdamWArrays, AdamWSettings, DropoutMaskRequest, HostKernels } from './hostKernels.ts';

const { fround } = Math;
/** The smallest normal float32. */
const SMALLEST_NORMAL = 2 ** -126;
/** Sums of squares are formed in blocks of this many values, and over blocks in order. */
export const NORM_BLOCK = 65536;
/** Partial sums in a block: value i goes to lane i modulo this. */
const NORM_LANES = 8;

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
    squaredNorm,
    accumulate,
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
  let total = 0;
  for (let start = 0; start < values.length; start += NORM_BLOCK) {
    const lanes = new Float64Array(NORM_LANES);
    const end = Math.min(start + NORM_BLOCK, values.length);
    for (let i = start; i < end; i++) lanes[i % NORM_LANES] += values[i] * values[i];
    total += lanes.reduce((sum, lane) => sum + lane, 0);
  }
  return total;
}

function accumulate(target: Float32Array, source: Float32Array, factor: number): void {
  checkSameLength(target, source);
  const f = fround(factor);
  for (let i = 0; i < target.length; i++) target[i] += fround(f * source[i]);
}

export function checkSameLength(target: Float32Array, source: Float32Array): void {
  if (source.length !== target.length) {
    throw new RangeError(`accumulate: ${source.length} values into ${target.length}`);
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
