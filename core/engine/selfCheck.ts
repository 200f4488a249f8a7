/**
 * A tiny program whose results are known, and a larger one to take its time: what an executor has
 * to get right before it is trusted, and how executors are compared.
 */
import type { Executor } from './executor.ts';
import { attention, crossEntropy, dense, gelu, layerNormalization, tf } from './ops.ts';
import type { Scalar, Tensor1D, Tensor2D, Tensor4D } from './ops.ts';
import { sizeOf } from './program.ts';
import type { Program, TensorSpec } from './program.ts';

/** Computed in float64 with PyTorch's functional ops from the same formulas; see test/fixtures/selfCheck.py. */
export const KNOWN = {
  loss: 2.485139937206347,
  gradientNorm: 0.8588737115657831,
  rowGradientNorm: 0.7670777072596084,
};
const RELATIVE_TOLERANCE = 1e-4;

const TABLE: TensorSpec = { name: 'table', shape: [10, 8] };
const BIAS: TensorSpec = { name: 'bias', shape: [10] };
const PARAMETERS: readonly TensorSpec[] = [
  TABLE,
  BIAS,
  { name: 'weight', shape: [8, 8] },
  { name: 'shift', shape: [8] },
  { name: 'scale', shape: [8] },
];
const TOKENS = Int32Array.of(3, 1, 4, 1, 5, 9);
const LABELS = Int32Array.of(2, 7, 1, 8, 2, 8);

/** Look-up, dense layer, GELU, attention, layer normalization and cross-entropy. */
const CHECK: Program = {
  key: 'self-check',
  inputs: [
    { name: 'tokens', shape: [6], type: 'int32' },
    { name: 'labels', shape: [6], type: 'int32' },
  ],
  parameters: PARAMETERS,
  lookups: [
    { name: 'words', parameter: TABLE, indices: 'tokens' },
    { name: 'labelWeights', parameter: TABLE, indices: 'labels' },
    { name: 'labelBiases', parameter: BIAS, indices: 'labels' },
  ],
  compute: (environment) => {
    const words = environment.rows('words') as Tensor2D;
    const weight = environment.parameter('weight') as Tensor2D;
    const shift = environment.parameter('shift') as Tensor1D;
    // (sequence 3, batch 2, heads 2, size 4)
    const byHead = (x: Tensor2D): Tensor4D => x.reshape([3, 2, 2, 4]);
    const heads = byHead(gelu(dense(words, weight, shift)));
    const attended: Tensor2D = attention(heads, heads, byHead(words), {}).reshape([6, 8]);
    const scale = environment.parameter('scale') as Tensor1D;
    const hidden = layerNormalization(tf.add(attended, words), scale, shift, 1e-5);
    const losses = crossEntropy(
      hidden,
      environment.parameter('table') as Tensor2D,
      environment.parameter('bias') as Tensor1D,
      environment.rows('labelWeights') as Tensor2D,
      environment.rows('labelBiases') as Tensor1D,
    );
    const loss: Scalar = tf.mean(losses);
    return { loss, outputs: { losses } };
  },
};

const SIDE = 1024;
const SQUARE: TensorSpec = { name: 'square', shape: [SIDE, SIDE] };

/** Three products of square matrices, 6.4 GFLOP, with the transfers that a step would have. */
const MEASURE: Program = {
  key: 'measure',
  inputs: [{ ...SQUARE, name: 'x', type: 'float32' }],
  parameters: [SQUARE, { name: 'row', shape: [SIDE] }],
  lookups: [],
  compute: (environment) => {
    const square = environment.parameter('square') as Tensor2D;
    const row = environment.parameter('row') as Tensor1D;
    const product = dense(environment.input('x') as Tensor2D, square, row);
    const loss: Scalar = tf.mean(tf.mul(product, product));
    return { loss, outputs: {} };
  },
};

/** Throws with what differs when the executor does not give the known results. */
export async function checkExecutor(executor: Executor): Promise<void> {
  const inputs = new Map([
    ['tokens', TOKENS],
    ['labels', LABELS],
  ]);
  const parameters = filled(PARAMETERS);
  const gradients = empty(PARAMETERS);
  const result = await executor.run(CHECK, { parameters, inputs, gradients });
  const losses = result.outputs.get('losses') ?? new Float32Array(0);
  const loss = losses.reduce((sum, value) => sum + value, 0) / losses.length;
  expectClose('loss', loss, KNOWN.loss);
  expectClose('gradient norm', norm(gradients), KNOWN.gradientNorm);
  expectClose('row gradient norm', norm(result.rowGradients), KNOWN.rowGradientNorm);
}

/** Seconds of the larger program, the best of a few runs after one to warm up. */
export async function timeExecutor(executor: Executor): Promise<number> {
  const inputs = new Map([['x', new Float32Array(SIDE * SIDE).fill(0.5)]]);
  const request = {
    parameters: filled(MEASURE.parameters),
    inputs,
    gradients: empty(MEASURE.parameters),
  };
  let best = Infinity;
  for (let run = 0; run < 3; run++) {
    const start = performance.now();
    await executor.run(MEASURE, request);
    if (run > 0) best = Math.min(best, (performance.now() - start) / 1000);
  }
  return best;
}

/** Value i of parameter p is sin(0.7 i + p) / 2. */
function filled(specs: readonly TensorSpec[]): Map<string, Float32Array> {
  return new Map(
    specs.map(({ name, shape }, p) => {
      const value = (_: unknown, i: number): number => Math.sin(0.7 * i + p) / 2;
      return [name, Float32Array.from({ length: sizeOf(shape) }, value)];
    }),
  );
}

function empty(specs: readonly TensorSpec[]): Map<string, Float32Array> {
  return new Map(specs.map(({ name, shape }) => [name, new Float32Array(sizeOf(shape))]));
}

function norm(arrays: ReadonlyMap<string, Float32Array>): number {
  let squares = 0;
  for (const array of arrays.values()) for (const value of array) squares += value * value;
  return Math.sqrt(squares);
}

function expectClose(what: string, actual: number, expected: number): void {
  if (Math.abs(actual - expected) <= RELATIVE_TOLERANCE * Math.abs(expected)) return;
  throw new Error(`The ${what} is ${actual} instead of ${expected}.`);
}
