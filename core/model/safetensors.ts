/** Reading and writing safetensors files, tensor by tensor. */
import { createHash } from 'node:crypto';
import { UserError } from '../base/errors.ts';
import { writeFileAtomically } from '../base/files.ts';
import { openForReading, writeAll } from './fileAccess.ts';
import type { ReadableFile } from './fileAccess.ts';
import { LARGEST_HEADER, malformed, parseSafetensorsHeader } from './safetensorsHeader.ts';
import type { SafetensorsHeader } from './safetensorsHeader.ts';
import { ELEMENT_BYTES, elementCount } from './tensors.ts';
import type { ElementType, StoredTensor, TensorSource } from './tensors.ts';

export interface SafetensorsFile extends TensorSource {
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Opens a file and checks its header against its size; no tensor is read yet. Throws a UserError
 * that names the file and, where there is one, the tensor.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await openForReading(path);
  try {
    const { header, dataStart } = await readHeader(file);
    const tensors = new Map<string, StoredTensor>();
    for (const { name, type, shape, begin, end } of header.entries) {
      const byteLength = end - begin;
      const read = (): Promise<Uint8Array<ArrayBuffer>> => file.read(dataStart + begin, byteLength);
      tensors.set(name, { name, type, shape, byteLength, file: path, read });
    }
    return { tensors, metadata: header.metadata, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readHeader(
  file: ReadableFile,
): Promise<{ header: SafetensorsHeader; dataStart: number }> {
  if (file.size < 8) throw malformed(file.path, `it has ${file.size} bytes`);
  const prefix = await file.read(0, 8);
  const length = new DataView(prefix.buffer).getBigUint64(0, true);
  if (length > BigInt(LARGEST_HEADER)) {
    throw malformed(file.path, `it announces a header of ${length} bytes (at most 100 MB)`);
  }
  const dataStart = 8 + Number(length);
  if (dataStart > file.size) {
    throw malformed(file.path, `it announces a header of ${length} bytes but ends before`);
  }
  const json = new TextDecoder('utf-8', { fatal: true });
  let text: string;
  try {
    text = json.decode(await file.read(8, Number(length)));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw malformed(file.path, 'its header is not UTF-8');
  }
  return { header: parseSafetensorsHeader(text, file.size - dataStart, file.path), dataStart };
}

/** What a tensor to be written is; the bytes are asked for when their turn has come. */
export interface TensorToWrite {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  bytes(): Uint8Array | Promise<Uint8Array>;
}

/** A tensor of float32 values in memory. */
export function float32Tensor(
  name: string,
  shape: readonly number[],
  values: Float32Array,
): TensorToWrite {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, type: 'F32', shape, bytes: () => bytes };
}

export interface WrittenFile {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Writes a file as the reference implementation lays it out: wider element types first, then by
 * name, so that every tensor is aligned to its elements. The file appears only when it is complete.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Promise<WrittenFile> {
  const ordered = tensors.toSorted(
    (a, b) => ELEMENT_BYTES[b.type] - ELEMENT_BYTES[a.type] || (a.name < b.name ? -1 : 1),
  );
  const header = encodeHeader(ordered, metadata);
  const hash = createHash('sha256');
  let written = 0;
  await writeFileAtomically(path, async (file) => {
    const put = async (bytes: Uint8Array): Promise<void> => {
      hash.update(bytes);
      await writeAll(file, bytes);
      written += bytes.length;
    };
    await put(header);
    for (const tensor of ordered) {
      const bytes = await tensor.bytes();
      if (bytes.length !== byteLength(tensor)) {
        throw new Error(
          `Tensor "${tensor.name}" has ${bytes.length} bytes, not what its shape says`,
        );
      }
      await put(bytes);
    }
  });
  return { bytes: written, sha256: hash.digest('hex') };
}

function byteLength({ shape, type }: TensorToWrite): number {
  return elementCount(shape) * ELEMENT_BYTES[type];
}

/** Length (8 bytes, little-endian) and JSON, padded with spaces so that the data is aligned. */
function encodeHeader(
  ordered: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header: [string, unknown][] = [['__metadata__', metadata]];
  let position = 0;
  for (const tensor of ordered) {
    const end = position + byteLength(tensor);
    const { name, type, shape } = tensor;
    header.push([name, { dtype: type, shape, data_offsets: [position, end] }]);
    position = end;
  }
  if (new Set(header.map(([name]) => name)).size !== header.length) {
    throw new Error('Two tensors to be written have the same name');
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, 8);
  return bytes;
}
