/**
 * How a fused op is written: its meaning as a composition of stock ops, which is what every backend
 * but the tracing one runs and differentiates, and its recording, forward and gradient by hand.
 */
import { tf } from '../tfjs.ts';
import type { Tensor } from '../tfjs.ts';
import { backend, tensorOf } from '../trace/backend.ts';
import type { GraphBuilder, Value } from '../trace/graph.ts';

export interface Recording {
  readonly value: Value;
  /** Gradients of the inputs, in their order, given the gradient of `value`. */
  readonly gradients: (dy: Value) => readonly Value[];
}

/** Records a fused op over the tensors that it is differentiated by. */
export function recordFused<Result extends Tensor>(
  inputs: readonly Tensor[],
  record: (builder: GraphBuilder, values: readonly Value[]) => Recording,
): Result {
  const op = tf.customGrad(() => {
    const values = inputs.map((tensor) => backend.valueFor(tensor));
    const { builder } = backend;
    const { value, gradients } = record(builder, values);
    return {
      value: tensorOf(value),
      gradFunc: (dy: Tensor) => gradients(backend.valueFor(dy)).map(tensorOf),
    };
  });
  return op(...inputs) as Result;
}

/** The value of a tensor that is data: not differentiated. */
export function dataValue(tensor: Tensor): Value {
  return backend.valueFor(tensor);
}

export function reshaped(value: Value, shape: readonly number[]): Value {
  return backend.reshaped(value, shape);
}
