/** Tensors as they lie in files: a name, an element type, a shape and bytes that are read on demand. */
import { UserError } from '../base/errors.ts';

/** Bytes an element, by the names safetensors gives to element types. */
export const ELEMENT_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
  C64: 8,
} as const;
export type ElementType = keyof typeof ELEMENT_BYTES;

export function isElementType(name: string): name is ElementType {
  return Object.hasOwn(ELEMENT_BYTES, name);
}

export interface StoredTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly byteLength: number;
  /** File the bytes are in, for messages. */
  readonly file: string;
  /** The elements, row-major, little-endian; a fresh array whose buffer is its own. */
  read(): Promise<Uint8Array<ArrayBuffer>>;
}

/** Open files of one model; every tensor was checked against the size of its file. */
export interface TensorSource {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  close(): Promise<void>;
}

/** Number of elements; Infinity when it is beyond what a number counts exactly. */
export function elementCount(shape: readonly number[]): number {
  const count = shape.reduce((product, size) => product * size, 1);
  return Number.isSafeInteger(count) ? count : Infinity;
}

export function describeShape(shape: readonly number[]): string {
  return `(${shape.join(', ')})`;
}

/** Reads a floating-point tensor as float32; F16 and BF16 values are all exact in float32. */
export async function readFloat32(tensor: StoredTensor): Promise<Float32Array<ArrayBuffer>> {
  switch (tensor.type) {
    case 'F32':
      return new Float32Array((await tensor.read()).buffer);
    case 'F16':
      return float16ToFloat32(new Uint16Array((await tensor.read()).buffer));
    case 'BF16':
      return bfloat16ToFloat32(new Uint16Array((await tensor.read()).buffer));
    default:
      throw new UserError(
        'model/element-type',
        `${tensor.file}: tensor "${tensor.name}" holds ${tensor.type} values where weights are expected.`,
        'Weights are read as F32, F16 or BF16; convert the model to one of them.',
      );
  }
}

/** Widens IEEE 754 half-precision bit patterns. */
export function float16ToFloat32(bits: Uint16Array): Float32Array<ArrayBuffer> {
  halfValues ??= Float32Array.from({ length: 1 << 16 }, (_, pattern) => halfValue(pattern));
  const table = halfValues;
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]];
  return values;
}

let halfValues: Float32Array | undefined;

function halfValue(pattern: number): number {
  const sign = pattern & 0x8000 ? -1 : 1;
  const exponent = (pattern >> 10) & 0x1f;
  const fraction = pattern & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Widens bfloat16 bit patterns, which are the upper halves of float32 ones. */
export function bfloat16ToFloat32(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(bits.length);
  const patterns = new Uint32Array(values.buffer);
  for (let i = 0; i < bits.length; i++) patterns[i] = bits[i] << 16;
  return values;
}
