/**
 * A program is one computation over parameters and data with fixed shapes, written in TensorFlow.js
 * ops and the fused ops of ops.ts. Executors run it: traced to ONNX, or eagerly.
 */
import type { Scalar, Tensor } from './tfjs.ts';

export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A data input. Those with `dropout` are masks, filled by the session from its counter streams. */
export interface InputSpec extends TensorSpec {
  readonly type: 'float32' | 'int32';
  readonly dropout?: DropoutInput;
}

export interface DropoutInput {
  readonly probability: number;
  /** 0 for the embeddings, 1 … L for the encoder layers. */
  readonly layer: number;
  /** Which of the layer's dropouts. */
  readonly site: number;
}

/**
 * Rows of a parameter at the indices of an int32 input. The gradient of a look-up is its rows: they
 * are summed into the parameter's gradient outside the program, in a fixed order, because a
 * scatter-add inside ONNX Runtime is a data race when indices repeat.
 */
export interface Lookup {
  readonly name: string;
  readonly parameter: TensorSpec;
  /** Name of the input that holds the indices (rows). */
  readonly indices: string;
}

/** What a program computes with; asking for a name that it did not declare is an error. */
export interface Environment {
  parameter(name: string): Tensor;
  input(name: string): Tensor;
  /** (rows, width), or (rows) for a parameter of one dimension. */
  rows(lookup: string): Tensor;
}

export interface ProgramResult {
  /** What is differentiated, when gradients are asked for. */
  readonly loss?: Scalar;
  readonly outputs: Readonly<Record<string, Tensor>>;
}

export interface Varying {
  readonly size: number;
  /** The same program at another size. */
  resized(size: number): Program;
}

export interface Program {
  /** Equal keys mean equal computations over equal shapes, but for the varying dimension. */
  readonly key: string;
  /** The one dimension that may differ from run to run at no cost; absent when all are fixed. */
  readonly varying?: Varying;
  readonly inputs: readonly InputSpec[];
  /** Parameters that are used whole; a parameter may also be looked up. */
  readonly parameters: readonly TensorSpec[];
  readonly lookups: readonly Lookup[];
  compute(environment: Environment): ProgramResult;
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}
