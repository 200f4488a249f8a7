/** Every kernel of the tracing backend against TensorFlow.js's own CPU backend. */
import { afterAll, describe, expect, test } from 'vitest';
import { RandomStream } from '../../../core/base/random.ts';
import type { InputArray } from '../../../core/engine/executor.ts';
import { OnnxExecutor } from '../../../core/engine/onnx/onnxExecutor.ts';
import {
  attention,
  crossEntropy,
  distilledCrossEntropy,
  dense,
  feedForward,
  gelu,
  geluTanh,
  layerNormalization,
  takeRows,
  tf,
} from '../../../core/engine/ops.ts';
import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D } from '../../../core/engine/ops.ts';
import { sizeOf } from '../../../core/engine/program.ts';
import type { Environment, Program } from '../../../core/engine/program.ts';
import { TRACE_BACKEND } from '../../../core/engine/trace/backend.ts';
import { runEagerly } from '../../fixtures/eagerProgram.ts';

interface KernelCase {
  readonly name: string;
  /** Differentiable operands by name; drawn from a standard normal, or positive where asked. */
  readonly operands: Readonly<Record<string, readonly number[]>>;
  readonly positive?: boolean;
  readonly indices?: Readonly<Record<string, readonly number[]>>;
  readonly data?: Readonly<Record<string, { shape: readonly number[]; values: Float32Array }>>;
  readonly compute: (environment: Environment) => Tensor;
}

const p = (environment: Environment, ...names: string[]): Tensor[] =>
  names.map((name) => environment.parameter(name));

const unary = (name: string, apply: (x: Tensor) => Tensor, positive = false): KernelCase => ({
  name,
  operands: { x: [3, 5] },
  positive,
  compute: (environment) => apply(environment.parameter('x')),
});

const binary = (name: string, apply: (a: Tensor, b: Tensor) => Tensor, positive = false) => [
  {
    name,
    operands: { a: [3, 5], b: [3, 5] },
    positive,
    compute: (environment: Environment) =>
      apply(environment.parameter('a'), environment.parameter('b')),
  },
  {
    name: `${name}, broadcast`,
    operands: { a: [2, 1, 5], b: [3, 1] },
    positive,
    compute: (environment: Environment) =>
      apply(environment.parameter('a'), environment.parameter('b')),
  },
];

const random = (length: number, place: number): Float32Array => {
  const stream = new RandomStream(2026, 'initialWeights', place);
  return Float32Array.from({ length }, () => stream.nextNormal());
};

const dropoutMask = (shape: readonly number[]) => ({
  shape,
  values: random(sizeOf(shape), 99).map((x) => (x < -1 ? 0 : 1.25)),
});

/** Two windows of which one ends with padding and the other begins with it. */
const keyBias = {
  shape: [2, 6],
  values: Float32Array.from([0, 0, 0, 0, -1e9, -1e9, -1e9, 0, 0, 0, 0, 0]),
};

const attentionOperands = { q: [6, 2, 3, 4], k: [6, 2, 3, 4], v: [6, 2, 3, 4] };
const attentionCase = (name: string, bias: boolean, mask: boolean): KernelCase => ({
  name,
  operands: attentionOperands,
  data: {
    ...(bias ? { bias: keyBias } : {}),
    ...(mask ? { mask: dropoutMask([2, 3, 6, 6]) } : {}),
  },
  compute: (environment) => {
    const [q, k, v] = p(environment, 'q', 'k', 'v') as Tensor4D[];
    return attention(q, k, v, {
      keyBias: bias ? (environment.input('bias') as Tensor2D) : undefined,
      dropoutMask: mask ? (environment.input('mask') as Tensor4D) : undefined,
    });
  },
});

const cases: readonly KernelCase[] = [
  ...binary('add', tf.add),
  ...binary('sub', tf.sub),
  ...binary('mul', tf.mul),
  ...binary('div', tf.div, true),
  unary('abs', tf.abs),
  unary('erf', tf.erf),
  unary('exp', tf.exp),
  unary('log', tf.log, true),
  unary('neg', tf.neg),
  unary('reciprocal', tf.reciprocal, true),
  unary('relu', tf.relu),
  unary('sigmoid', tf.sigmoid),
  unary('sqrt', tf.sqrt, true),
  unary('square', tf.square),
  unary('tanh', tf.tanh),
  unary('add with constants', (x) => tf.add(tf.mul(x, 3), 2)),
  unary('addN', (x) => tf.addN([x, tf.square(x), tf.neg(x)])),
  unary('ones and zeros', (x) => tf.add(tf.mul(x, tf.onesLike(x)), tf.zerosLike(x))),
  unary('fill', (x) => tf.mul(x, tf.fill([3, 5], 0.5))),
  unary('cast', (x) => tf.cast(tf.cast(x, 'float32'), 'float32')),
  unary('reshape', (x) => tf.reshape(x, [5, -1])),
  unary('expandDims', (x) => tf.mul(tf.expandDims(x, 1), tf.expandDims(x, -1).as3D(3, 1, 5))),
  unary('sum of rows', (x) => tf.square(tf.sum(x, 1))),
  unary('sum, kept', (x) => tf.mul(x, tf.sum(x, 0, true))),
  unary('mean', (x) => tf.mul(x, tf.mean(x, 1, true))),
  unary('max', (x) => tf.square(tf.max(x, 1))),
  unary('transpose', (x) => tf.square(tf.transpose(x))),
  unary('softmax', (x) => tf.softmax(x as Tensor2D)),
  unary('slice', (x) => tf.square(tf.slice(x, [1, 2], [2, 2]))),
  {
    name: 'concat',
    operands: { a: [2, 3], b: [4, 3] },
    compute: (environment) => tf.square(tf.concat(p(environment, 'a', 'b'), 0)),
  },
  ...[false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) => ({
      name: `matMul ${transposeA ? 'Aᵀ' : 'A'} ${transposeB ? 'Bᵀ' : 'B'}`,
      operands: { a: transposeA ? [2, 4, 3] : [2, 3, 4], b: transposeB ? [2, 5, 4] : [2, 4, 5] },
      compute: (environment: Environment) =>
        tf.matMul(environment.parameter('a'), environment.parameter('b'), transposeA, transposeB),
    })),
  ),
  {
    name: 'dense',
    operands: { x: [6, 4], w: [3, 4], b: [3] },
    compute: (environment) => {
      const [x, w, b] = p(environment, 'x', 'w', 'b');
      return dense(x as Tensor2D, w as Tensor2D, b as Tensor1D);
    },
  },
  {
    name: 'feedForward',
    operands: { x: [6, 4], w1: [5, 4], b1: [5], w2: [4, 5], b2: [4] },
    compute: (environment) => {
      const [x, w1, b1, w2, b2] = p(environment, 'x', 'w1', 'b1', 'w2', 'b2');
      return feedForward(x as Tensor2D, {
        innerWeight: w1 as Tensor2D,
        innerBias: b1 as Tensor1D,
        outerWeight: w2 as Tensor2D,
        outerBias: b2 as Tensor1D,
      });
    },
  },
  {
    name: 'layerNormalization',
    operands: { x: [6, 8], scale: [8], shift: [8] },
    compute: (environment) => {
      const [x, scale, shift] = p(environment, 'x', 'scale', 'shift');
      return layerNormalization(x as Tensor2D, scale as Tensor1D, shift as Tensor1D, 1e-5);
    },
  },
  unary('gelu', (x) => gelu(x as Tensor2D)),
  unary('geluTanh', (x) => geluTanh(x as Tensor2D)),
  attentionCase('attention', false, false),
  attentionCase('attention, padded', true, false),
  attentionCase('attention, dropout', false, true),
  attentionCase('attention, padded, dropout', true, true),
  {
    name: 'takeRows',
    operands: { x: [5, 3] },
    indices: { taken: [4, 1, 0], slots: [2, 1, 3, 3, 0] },
    compute: (environment) =>
      takeRows(
        environment.parameter('x') as Tensor2D,
        environment.input('taken') as Tensor1D,
        environment.input('slots') as Tensor1D,
      ),
  },
  {
    name: 'crossEntropy',
    operands: { h: [4, 3], w: [7, 3], b: [7], labelW: [4, 3], labelB: [4] },
    compute: (environment) => {
      const [h, w, b, labelW, labelB] = p(environment, 'h', 'w', 'b', 'labelW', 'labelB');
      return crossEntropy(
        h as Tensor2D,
        w as Tensor2D,
        b as Tensor1D,
        labelW as Tensor2D,
        labelB as Tensor1D,
      );
    },
  },
  distillationCase(1),
  distillationCase(2.5),
];

function distillationCase(temperature: number): KernelCase {
  return {
    name: `distilledCrossEntropy at temperature ${temperature}`,
    operands: { h: [4, 3], w: [7, 3], b: [7], labelW: [4, 3], labelB: [4] },
    data: { teacher: { shape: [4, 7], values: random(28, 31).map((x) => 3 * x) } },
    compute: (environment) => {
      const [h, w, b, labelW, labelB] = p(environment, 'h', 'w', 'b', 'labelW', 'labelB');
      const { losses, divergences } = distilledCrossEntropy(
        {
          hidden: h as Tensor2D,
          weight: w as Tensor2D,
          bias: b as Tensor1D,
          labelWeight: labelW as Tensor2D,
          labelBias: labelB as Tensor1D,
        },
        { logits: environment.input('teacher') as Tensor2D, temperature },
      );
      return tf.concat([losses, divergences]);
    },
  };
}

/** The program Σ coefficients · compute(…), so that the gradient of the result is not all ones. */
function programOf({ name, operands, indices = {}, data = {}, compute }: KernelCase): Program {
  return {
    key: name,
    parameters: Object.entries(operands).map(([operand, shape]) => ({ name: operand, shape })),
    lookups: [],
    inputs: [
      ...Object.entries(indices).map(
        ([input, values]) => ({ name: input, shape: [values.length], type: 'int32' }) as const,
      ),
      ...Object.entries(data).map(
        ([input, { shape }]) => ({ name: input, shape, type: 'float32' }) as const,
      ),
    ],
    compute: (environment) => {
      const y = compute(environment);
      const coefficients = tf.tensor(random(y.size, 77), y.shape);
      return { loss: tf.sum<Scalar>(tf.mul(y, coefficients)), outputs: { y } };
    },
  };
}

describe('traced kernels agree with TensorFlow.js on the CPU, forward and gradient', () => {
  const executor = new OnnxExecutor({
    provider: 'cpu',
    threads: 2,
    cacheBytes: 1e8,
    allocate: (length) => new Float32Array(length),
  });
  afterAll(() => executor.close());
  const covered = new Set<string>();

  test.each(cases.map((item) => [item.name, item] as const))('%s', async (_, item) => {
    const program = programOf(item);
    const parameters = new Map(
      program.parameters.map(({ name, shape }, place) => {
        const values = random(sizeOf(shape), place);
        return [name, item.positive === true ? values.map((x) => Math.abs(x) + 0.1) : values];
      }),
    );
    const inputs = new Map<string, InputArray>([
      ...Object.entries(item.indices ?? {}).map(
        ([name, values]) => [name, Int32Array.from(values)] as const,
      ),
      ...Object.entries(item.data ?? {}).map(([name, { values }]) => [name, values] as const),
    ]);
    const expected = await runEagerly(program, parameters, inputs);
    for (const kernel of expected.kernels) covered.add(kernel);
    const gradients = new Map(
      [...parameters].map(([name, { length }]) => [name, new Float32Array(length)]),
    );
    const { outputs } = await executor.run(program, { parameters, inputs, gradients });
    expectClose(outputs.get('y'), expected.outputs.get('y'));
    for (const [name, gradient] of gradients) {
      expectClose(gradient, expected.gradients.get(name));
    }
  });

  test('no traced kernel is left out', () => {
    const traced = tf.getKernelsForBackend(TRACE_BACKEND).map(({ kernelName }) => kernelName);
    expect(traced.filter((name) => !covered.has(name))).toEqual([]);
  });
});

function expectClose(actual: Float32Array | undefined, expected: Float32Array | undefined): void {
  expect(actual).toBeDefined();
  expect(expected).toBeDefined();
  if (actual === undefined || expected === undefined) return;
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(1, ...expected.map(Math.abs));
  const worst = actual.reduce((most, x, i) => Math.max(most, Math.abs(x - expected[i])), 0);
  expect(worst / scale).toBeLessThan(2e-6);
  expect(actual.every(Number.isFinite)).toBe(true);
}
