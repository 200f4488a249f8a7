/**
 * The arithmetic that stays outside the graph: the optimizer, norms, sums of gradients and dropout
 * masks, on float32 arrays in host memory. Two implementations give the same bits: plain TypeScript,
 * which defines the results, and WebAssembly SIMD, which is used.
 */
import type { AdamWUpdate } from '../types.ts';

/** Tensors of one trainable parameter; equal lengths. */
export interface AdamWArrays {
  readonly weights: Float32Array;
  readonly gradient: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
}

export interface AdamWSettings extends Omit<AdamWUpdate, 'maxGradNorm' | 'depthFactors'> {
  /** Number of this update, from 1; the bias corrections depend on it. */
  readonly step: number;
  /** The gradient is multiplied by this on the fly: the clip coefficient, or 1. */
  readonly gradientScale: number;
  /** Leave zeros in `gradient`, ready for the next accumulation. */
  readonly zeroGradient: boolean;
}

/** Operands of a quadratic penalty's gradient; equal lengths. */
export interface PenaltyArrays {
  readonly gradient: Float32Array;
  readonly weights: Float32Array;
  readonly anchor: Float32Array;
  /** Null: 1 everywhere. */
  readonly importance: Float32Array | null;
}

/** With p = strength · importance · (weights − anchor), what is added to the gradient. */
export interface PenaltySums {
  /** Σ strength · importance · (weights − anchor)², twice the penalty. */
  readonly twiceValue: number;
  /** Σ p². */
  readonly penaltySquares: number;
  /** Σ gradient² before and after the addition. */
  readonly squaresBefore: number;
  readonly squaresAfter: number;
}

/** Where in a step a dropout mask is used; together with seed and step it places the mask. */
export interface DropoutSite {
  /** Index of the loss term, below 2^8. */
  readonly term: number;
  /** Index of the micro-batch in its term, below 2^14. */
  readonly microBatch: number;
  /** 0 for the embeddings, 1 … L for the encoder layers, below 2^7. */
  readonly layer: number;
  /** Which of the layer's dropouts, below 2^3. */
  readonly site: number;
}

export interface DropoutMaskRequest extends DropoutSite {
  readonly seed: number;
  readonly step: number;
  /** Probability of dropping, 0 ≤ p < 1; rounded to a multiple of 1/65536. */
  readonly probability: number;
}

/**
 * Arrays from `allocate` are zero, aligned to 64 bytes, never move, and may be given to ONNX Runtime
 * as inputs and as preallocated outputs; kernels work on them without copies. Other arrays are
 * accepted everywhere and are copied block by block where needed. Operands of one call are either
 * the same array or do not overlap.
 */
export interface HostKernels {
  readonly implementation: 'webassembly' | 'typescript';
  /** Threads that work on one call; results do not depend on it. */
  readonly threads: number;

  allocate(length: number): Float32Array;
  /** Arrays for byte masks: zero, aligned, as `allocate`. */
  allocateBytes(length: number): Uint8Array;
  /** Four arrays of one parameter, placed so that `adamW` needs no copies. */
  allocateParameter(length: number): AdamWArrays;
  /**
   * An array as long as an array of `allocateParameter`, placed so that kernels over both need no
   * copies: four of them for each parameter where a memory holds that many, later ones anywhere.
   */
  allocateBeside(array: Float32Array): Float32Array;

  /**
   * One AdamW update (Loshchilov and Hutter 2019, algorithm 2, as torch.optim.AdamW):
   * w ← w (1 − lr λ); m ← m + (1 − β1)(g − m); v ← β2 v + (1 − β2) g²;
   * w ← w − lr / (1 − β1^t) · m / (√v / √(1 − β2^t) + ε), with g = gradientScale · gradient.
   * Moments below the smallest normal float32 become zero, as arithmetic on denormals is slow.
   */
  adamW(arrays: AdamWArrays, settings: AdamWSettings): void;

  /** Σ x², accumulated in float64 in a fixed order. */
  squaredNorm(values: Float32Array): number;

  /** Σ a b, Σ (a − b)²: accumulated in float64 in a fixed order. */
  dot(a: Float32Array, b: Float32Array): number;
  squaredDistance(a: Float32Array, b: Float32Array): number;

  /** target ← target + factor · source. */
  accumulate(target: Float32Array, source: Float32Array, factor: number): void;

  /** target ← target + source². */
  addSquares(target: Float32Array, source: Float32Array): void;

  /**
   * gradient ← gradient + strength · importance · (weights − anchor), the gradient of the penalty
   * (strength / 2) Σ importance (weights − anchor)², in one pass with all the sums that a step
   * reports. The sums are float64, in a fixed order.
   */
  addPenaltyGradient(arrays: PenaltyArrays, strength: number): PenaltySums;

  /**
   * table[rowIndices[i]] ← table[rowIndices[i]] + factor · rows[i] for i = 0, 1, … in this order;
   * `table` (rows of the table, width), `rows` (rowIndices.length, width). Indices may repeat.
   * Throws RangeError for an index outside the table, before anything is written.
   */
  addRows(table: Float32Array, rowIndices: Int32Array, rows: Float32Array, factor: number): void;

  /**
   * Fills a mask of independent decisions: 0 = dropped, else kept. A Float32Array gets 1 / keep for
   * what is kept, keep = 1 − round(p · 65536) / 65536; a Uint8Array gets 1.
   */
  dropoutMask(mask: Float32Array | Uint8Array, request: DropoutMaskRequest): void;

  /** Ends helper threads. Arrays stay valid; their memory goes with them. */
  close(): Promise<void>;
}

/** The factor of what dropout keeps, as a float32: 1 / keep. */
export function dropoutKeepFactor(probability: number): number {
  return Math.fround(65536 / (65536 - dropoutThreshold(probability)));
}

/** A 16-bit random number below this drops. */
export function dropoutThreshold(probability: number): number {
  const threshold = Math.round(probability * 65536);
  if (!(threshold >= 0 && threshold < 65536)) {
    throw new RangeError(`dropout probability ${probability} is not in 0 … 1`);
  }
  return threshold;
}

/** One 32-bit number for a site; the second place of the `dropout` stream, the step being the first. */
export function dropoutPlaceNumber({ term, microBatch, layer, site }: DropoutSite): number {
  const part = (value: number, bits: number): number => {
    if (Number.isInteger(value) && value >= 0 && value < 2 ** bits) return value;
    throw new RangeError(`dropout site: ${value} does not fit ${bits} bits`);
  };
  const place = part(term, 8) * 2 ** 24 + part(microBatch, 14) * 2 ** 10 + part(layer, 7) * 2 ** 3;
  return place + part(site, 3);
}
