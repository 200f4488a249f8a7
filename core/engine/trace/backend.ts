/**
 * A TensorFlow.js backend that computes nothing: its tensors stand for values of a graph, and its
 * kernels record the ONNX nodes that would compute them.
 */
import { tf } from '../tfjs.ts';
import type { Tensor, TensorInfo } from '../tfjs.ts';
import type { GraphBuilder } from './graph.ts';
import type { ElementType, Value } from './graph.ts';

export const TRACE_BACKEND = 'palimpsest-trace';

type DataId = TensorInfo['dataId'];
type DataType = TensorInfo['dtype'];

class TracingBackend extends tf.KernelBackend {
  readonly #values = new Map<DataId, { readonly value: Value; references: number }>();
  #builder: GraphBuilder | undefined;

  get builder(): GraphBuilder {
    if (this.#builder === undefined) throw new Error('No trace is being recorded.');
    return this.#builder;
  }

  begin(builder: GraphBuilder): void {
    if (this.#builder !== undefined) throw new Error('A trace is already being recorded.');
    this.#builder = builder;
  }

  end(): void {
    this.#builder = undefined;
    this.#values.clear();
  }

  valueFor({ dataId, shape }: TensorInfo): Value {
    const held = this.#values.get(dataId);
    if (held === undefined) throw new Error('A tensor was used in a trace it does not belong to.');
    // A clone may have another shape than what it was cloned from.
    return sameShape(held.value.shape, shape) ? held.value : this.reshaped(held.value, shape);
  }

  reshaped(value: Value, shape: readonly number[]): Value {
    if (sameShape(value.shape, shape)) return value;
    const { builder } = this;
    if (value.splat !== undefined) return builder.splat(value.splat, shape, value.type);
    if (value.data !== undefined) return builder.constant(value.data, shape, value.type);
    return builder.node('Reshape', [value, builder.integers(...shape)], {
      shape,
      type: value.type,
    });
  }

  hold(value: Value): TensorInfo {
    const dataId: DataId = {};
    this.#values.set(dataId, { value, references: 1 });
    return { dataId, shape: [...value.shape], dtype: tensorType(value.type) };
  }

  override write(values: ArrayLike<unknown> | null, shape: number[], dtype: DataType): DataId {
    if (values === null) throw new Error('A traced tensor needs values.');
    return this.hold(constantOf(this.builder, values, shape, dtype)).dataId;
  }

  override numDataIds(): number {
    return this.#values.size;
  }

  override incRef(dataId: DataId): void {
    const held = this.#values.get(dataId);
    if (held !== undefined) held.references++;
  }

  decRef(dataId: DataId): void {
    const held = this.#values.get(dataId);
    if (held !== undefined) held.references--;
  }

  override refCount(dataId: DataId): number {
    return this.#values.get(dataId)?.references ?? 0;
  }

  override disposeData(dataId: DataId, force = false): boolean {
    const held = this.#values.get(dataId);
    if (held === undefined) return true;
    held.references--;
    if (!force && held.references > 0) return false;
    this.#values.delete(dataId);
    return true;
  }

  override readSync(): never {
    throw new Error('A traced tensor has no values to read.');
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override timerAvailable(): boolean {
    return false;
  }
}

export const backend = new TracingBackend();
tf.registerBackend(TRACE_BACKEND, () => backend, 0);

/** Whether TensorFlow.js ops are being recorded rather than computed. */
export function isTracing(): boolean {
  return tf.getBackend() === TRACE_BACKEND;
}

/** Records what `body` does into `builder`; the backend in use before is restored. */
export function recordInto(builder: GraphBuilder, body: () => void): void {
  const previous: string | undefined = tf.getBackend();
  void tf.setBackend(TRACE_BACKEND);
  backend.begin(builder);
  try {
    tf.tidy(body);
  } finally {
    backend.end();
    if (previous !== undefined && previous !== '') void tf.setBackend(previous);
  }
}

/** The tensor that stands for a value in the running trace. */
export function tensorOf(value: Value): Tensor {
  return tf.engine().makeTensorFromTensorInfo(backend.hold(value));
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

export function elementType(dtype: DataType): ElementType {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new Error(`Tensors of type ${dtype} cannot be traced.`);
}

function tensorType(type: ElementType): DataType {
  if (type === 'int64') throw new Error('int64 values are internal to the graph.');
  return type;
}

function constantOf(
  builder: GraphBuilder,
  values: ArrayLike<unknown>,
  shape: readonly number[],
  dtype: DataType,
): Value {
  const type = elementType(dtype);
  const numbers = Array.from(values, Number);
  switch (type) {
    case 'float32':
      return builder.constant(Float32Array.from(numbers), shape, type);
    case 'int32':
      return builder.constant(Int32Array.from(numbers), shape, type);
    default:
      return builder.constant(Uint8Array.from(numbers), shape, type);
  }
}
