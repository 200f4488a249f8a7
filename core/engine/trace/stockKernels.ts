/**
 * TensorFlow.js's own kernels, recorded as ONNX nodes. Broadcasting is NumPy's in both; reductions,
 * permutations and products map one to one. Arithmetic with constants is folded, because
 * differentiation multiplies by ones and adds zeros.
 */
import { tf } from '../tfjs.ts';
import type { TensorInfo } from '../tfjs.ts';
import { TRACE_BACKEND, backend, elementType, sameShape } from './backend.ts';
import type { Attributes, GraphBuilder, Value } from './graph.ts';

type KernelAttributes = Readonly<Record<string, unknown>>;
type Inputs = Readonly<Record<string, Value>>;

/** Registers a kernel of the tracing backend that records instead of computing. */
export function registerTracedKernel(
  kernelName: string,
  record: (
    inputs: Inputs,
    attributes: KernelAttributes,
    builder: GraphBuilder,
  ) => Value | readonly Value[],
): void {
  tf.registerKernel({
    kernelName,
    backendName: TRACE_BACKEND,
    kernelFunc: ({ inputs, attrs }) => {
      const values: Record<string, Value> = {};
      for (const [name, tensor] of Object.entries(inputs)) {
        if (tensor !== undefined && tensor !== null) {
          values[name] = backend.valueFor(tensor);
        }
      }
      const recorded = record(values, attrs ?? {}, backend.builder);
      return isValue(recorded) ? backend.hold(recorded) : recorded.map((v) => backend.hold(v));
    },
  });
}

function isValue(recorded: Value | readonly Value[]): recorded is Value {
  return 'name' in recorded;
}

const broadcastShape = (a: Value, b: Value): number[] =>
  tf.backend_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);

interface BinaryRule {
  readonly kernel: string;
  readonly operator: string;
  readonly fold: (a: number, b: number) => number;
  /** Values of the left and right operand that leave the other one as it is. */
  readonly leftIdentity?: number;
  readonly rightIdentity?: number;
}

const BINARY: readonly BinaryRule[] = [
  { kernel: 'Add', operator: 'Add', fold: (a, b) => a + b, leftIdentity: 0, rightIdentity: 0 },
  { kernel: 'Sub', operator: 'Sub', fold: (a, b) => a - b, rightIdentity: 0 },
  { kernel: 'Multiply', operator: 'Mul', fold: (a, b) => a * b, leftIdentity: 1, rightIdentity: 1 },
  { kernel: 'RealDiv', operator: 'Div', fold: (a, b) => a / b, rightIdentity: 1 },
];

export function recordBinary(rule: BinaryRule, a: Value, b: Value, builder: GraphBuilder): Value {
  const shape = broadcastShape(a, b);
  if (a.splat !== undefined && b.splat !== undefined && a.type === 'float32') {
    return builder.splat(Math.fround(rule.fold(a.splat, b.splat)), shape, a.type);
  }
  if (a.splat !== undefined && a.splat === rule.leftIdentity && sameShape(b.shape, shape)) return b;
  if (b.splat !== undefined && b.splat === rule.rightIdentity && sameShape(a.shape, shape)) {
    return a;
  }
  return builder.node(rule.operator, [shrunk(a, b, shape, builder), shrunk(b, a, shape, builder)], {
    shape,
    type: a.type,
  });
}

/** A splat operand as a scalar, where the other operand already has the result's shape. */
function shrunk(
  operand: Value,
  other: Value,
  shape: readonly number[],
  builder: GraphBuilder,
): Value {
  if (operand.splat === undefined || !sameShape(other.shape, shape)) return operand;
  return builder.scalar(operand.splat, operand.type);
}

for (const rule of BINARY) {
  registerTracedKernel(rule.kernel, ({ a, b }, _, builder) => recordBinary(rule, a, b, builder));
}

const UNARY = {
  Abs: 'Abs',
  Erf: 'Erf',
  Exp: 'Exp',
  Log: 'Log',
  Neg: 'Neg',
  Reciprocal: 'Reciprocal',
  Relu: 'Relu',
  Sigmoid: 'Sigmoid',
  Sqrt: 'Sqrt',
  Tanh: 'Tanh',
} as const;
for (const [kernel, operator] of Object.entries(UNARY)) {
  registerTracedKernel(kernel, ({ x }, _, builder) => builder.node(operator, [x], x));
}

registerTracedKernel('Square', ({ x }, _, builder) => builder.node('Mul', [x, x], x));

/** The derivative of relu: 1 above zero, `alpha` elsewhere. */
registerTracedKernel('Step', ({ x }, { alpha = 0 }, builder) => {
  const zero = builder.scalar(0, x.type);
  const positive = builder.node('Greater', [x, zero], { shape: x.shape, type: 'bool' });
  const one = builder.scalar(1, x.type);
  return builder.node('Where', [positive, one, builder.scalar(Number(alpha), x.type)], x);
});

registerTracedKernel('AddN', (inputs, _, builder) =>
  builder.node('Sum', Object.values(inputs), inputs[0]),
);

registerTracedKernel('Identity', ({ x }) => x);
registerTracedKernel('Reshape', ({ x }, { shape }) =>
  backend.reshaped(x, tf.util.inferFromImplicitShape(shape as number[], sizeOfValue(x))),
);
registerTracedKernel('ExpandDims', ({ input }, { dim }) => {
  const shape = [...input.shape];
  const axis = dim as number;
  shape.splice(axis < 0 ? shape.length + 1 + axis : axis, 0, 1);
  return backend.reshaped(input, shape);
});
registerTracedKernel('Cast', ({ x }, { dtype }, builder) => {
  const type = elementType(dtype as TensorInfo['dtype']);
  if (type === x.type) return x;
  if (x.splat !== undefined && type === 'float32') return builder.splat(x.splat, x.shape, type);
  return builder.node('Cast', [x], { shape: x.shape, type }, { to: ONNX_TYPE[type] });
});
registerTracedKernel('Fill', (_, { shape, value, dtype }, builder) =>
  builder.splat(
    value as number,
    shape as number[],
    elementType((dtype as TensorInfo['dtype'] | undefined) ?? 'float32'),
  ),
);
registerTracedKernel('ZerosLike', ({ x }, _, builder) => builder.splat(0, x.shape, x.type));
registerTracedKernel('OnesLike', ({ x }, _, builder) => builder.splat(1, x.shape, x.type));

/** Numbers of the ONNX element types (onnx.proto, TensorProto.DataType). */
export const ONNX_TYPE = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;

function sizeOfValue(value: Value): number {
  return value.shape.reduce((product, dimension) => product * dimension, 1);
}

function registerReduction(kernel: string, operator: string, axisAttribute: string): void {
  registerTracedKernel(kernel, ({ x }, attributes, builder) => {
    const axis = attributes[axisAttribute] as number | number[] | undefined;
    const axes = tf.util.parseAxisParam(axis as number | number[], [...x.shape]);
    const [kept] = tf.backend_util.computeOutAndReduceShapes([...x.shape], axes);
    const shape =
      attributes.keepDims === true ? tf.backend_util.expandShapeToKeepDim(kept, axes) : kept;
    return recordReduction(operator, x, axes, shape, builder);
  });
}

export function recordReduction(
  operator: string,
  x: Value,
  axes: readonly number[],
  shape: readonly number[],
  builder: GraphBuilder,
): Value {
  if (axes.length === 0) return x;
  const keepdims = shape.length === x.shape.length ? 1 : 0;
  return builder.node(
    operator,
    [x, builder.integers(...axes)],
    { shape, type: x.type },
    { keepdims },
  );
}

registerReduction('Sum', 'ReduceSum', 'axis');
registerReduction('Mean', 'ReduceMean', 'axis');
registerReduction('Max', 'ReduceMax', 'reductionIndices');

registerTracedKernel('Transpose', ({ x }, { perm }, builder) => {
  const order = perm as number[];
  const shape = order.map((axis) => x.shape[axis]);
  return builder.node('Transpose', [x], { shape, type: x.type }, { perm: order });
});

registerTracedKernel('BatchMatMul', ({ a, b }, { transposeA, transposeB }, builder) => {
  const rows = a.shape.at(transposeA === true ? -1 : -2) ?? 1;
  const columns = b.shape.at(transposeB === true ? -2 : -1) ?? 1;
  const batch = tf.backend_util.assertAndGetBroadcastShape(
    a.shape.slice(0, -2),
    b.shape.slice(0, -2),
  );
  const attributes: Attributes = {
    transA: transposeA === true ? 1 : 0,
    transB: transposeB === true ? 1 : 0,
  };
  const shape = [...batch, rows, columns];
  return builder.node('FusedMatMul', [a, b], { shape }, attributes, 'com.microsoft');
});

/** Of Max's gradient. */
registerTracedKernel('Equal', ({ a, b }, _, builder) =>
  builder.node('Equal', [a, b], { shape: broadcastShape(a, b), type: 'bool' }),
);

registerTracedKernel('Softmax', ({ logits }, { dim }, builder) =>
  builder.node('Softmax', [logits], logits, { axis: dim as number }),
);

/** Forward only: the gradient of a gather is a look-up's rows, or takeRows. */
registerTracedKernel('GatherV2', ({ x, indices }, { axis, batchDims }, builder) => {
  if (batchDims !== undefined && batchDims !== 0)
    throw new Error('Batched gathers are not traced.');
  const along = tf.util.parseAxisParam(axis as number, [...x.shape])[0];
  const shape = [...x.shape.slice(0, along), ...indices.shape, ...x.shape.slice(along + 1)];
  return builder.node('Gather', [x, indices], { shape, type: x.type }, { axis: along });
});

registerTracedKernel('Concat', (inputs, { axis }, builder) => {
  const parts = Object.values(inputs);
  const along = tf.util.parseAxisParam(axis as number, [...parts[0].shape])[0];
  const shape = tf.backend_util.computeOutShape(
    parts.map((part) => [...part.shape]),
    along,
  );
  return builder.node('Concat', parts, { shape, type: parts[0].type }, { axis: along });
});

/** Of Concat's gradient. */
registerTracedKernel('SplitV', ({ x }, { numOrSizeSplits, axis }, builder) => {
  const along = tf.util.parseAxisParam(axis as number, [...x.shape])[0];
  const sizes = numOrSizeSplits as number[];
  const parts = sizes.map((size) => ({ shape: x.shape.with(along, size), type: x.type }));
  return builder.nodes('Split', [x, builder.integers(...sizes)], parts, { axis: along });
});

registerTracedKernel('Slice', ({ x }, { begin, size }, builder) => {
  const [starts, shape] = tf.slice_util.parseSliceParams(
    { dataId: {}, dtype: 'float32', shape: [...x.shape] },
    begin as number[],
    size as number[],
  );
  const ends = starts.map((start, axis) => start + shape[axis]);
  const inputs = [x, builder.integers(...starts), builder.integers(...ends)];
  return builder.node('Slice', inputs, { shape, type: x.type });
});

/** Of Slice's gradient. */
registerTracedKernel('PadV2', ({ x }, { paddings, constantValue }, builder) => {
  const pairs = paddings as [number, number][];
  const shape = x.shape.map((dimension, axis) => pairs[axis][0] + dimension + pairs[axis][1]);
  const pads = [...pairs.map(([before]) => before), ...pairs.map(([, after]) => after)];
  const filler = builder.scalar(Number(constantValue), x.type);
  return builder.node('Pad', [x, builder.integers(...pads), filler], { shape, type: x.type });
});
