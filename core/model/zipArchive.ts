/**
 * The part of the ZIP format that torch.save writes: entries stored without compression, sizes of
 * 64 bits where needed (APPNOTE.TXT 6.3, sections 4.3 and 4.5.3).
 */
import { UserError } from '../base/errors.ts';
import type { ReadableFile } from './fileAccess.ts';

export interface ZipEntry {
  readonly name: string;
  readonly size: number;
  read(): Promise<Uint8Array<ArrayBuffer>>;
  /** Reads a part of the entry, counted from its first byte. */
  readRange(position: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

const LOCAL_HEADER = 0x04034b50;
const DIRECTORY_ENTRY = 0x02014b50;
const END_OF_DIRECTORY = 0x06054b50;
const END_OF_DIRECTORY_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
/** In a 16- or 32-bit field: the value is in the 64-bit record instead. */
const ELSEWHERE_16 = 0xffff;
const ELSEWHERE_32 = 0xffffffff;
/** The end record and the longest comment that may follow it, bytes. */
const LONGEST_END = 22 + 0xffff;
const LARGEST_DIRECTORY = 100_000_000;

export function isZip(start: Uint8Array): boolean {
  return start.length >= 4 && view(start).getUint32(0, true) === LOCAL_HEADER;
}

/** The entries by name. Throws a UserError for an archive that is damaged or compressed. */
export async function readZipDirectory(file: ReadableFile): Promise<Map<string, ZipEntry>> {
  const { start, length, count } = await findDirectory(file);
  if (length > LARGEST_DIRECTORY || start + length > file.size) {
    throw damaged(file, 'its directory lies outside the file');
  }
  const directory = view(await file.read(start, length));
  const entries = new Map<string, ZipEntry>();
  let position = 0;
  for (let index = 0; index < count; index++) {
    if (position + 46 > length || directory.getUint32(position, true) !== DIRECTORY_ENTRY) {
      throw damaged(file, 'its directory breaks off');
    }
    const nameLength = directory.getUint16(position + 28, true);
    const extraLength = directory.getUint16(position + 30, true);
    const next =
      position + 46 + nameLength + extraLength + directory.getUint16(position + 32, true);
    if (next > length) throw damaged(file, 'its directory breaks off');
    const name = text(directory, position + 46, nameLength);
    if (entries.has(name)) throw damaged(file, `it has two entries "${name}"`);
    const sizes = entrySizes(file, directory, position, nameLength, extraLength, name);
    entries.set(name, openEntry(file, name, sizes.size, sizes.localHeader));
    position = next;
  }
  return entries;
}

async function findDirectory(
  file: ReadableFile,
): Promise<{ start: number; length: number; count: number }> {
  const tailLength = Math.min(file.size, LONGEST_END + 20);
  const tailStart = file.size - tailLength;
  const tail = view(await file.read(tailStart, tailLength));
  for (let at = tailLength - 22; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END_OF_DIRECTORY) continue;
    const count = tail.getUint16(at + 10, true);
    const length = tail.getUint32(at + 12, true);
    const start = tail.getUint32(at + 16, true);
    const has64 = at >= 20 && tail.getUint32(at - 20, true) === LOCATOR_64;
    const needs64 = count === ELSEWHERE_16 || length === ELSEWHERE_32 || start === ELSEWHERE_32;
    if (!has64 || !needs64) return { start, length, count };
    const record = integer64(file, tail, at - 20 + 8);
    if (record + 56 > file.size) throw damaged(file, 'its directory lies outside the file');
    const end = view(await file.read(record, 56));
    if (end.getUint32(0, true) !== END_OF_DIRECTORY_64) throw damaged(file, 'it has no directory');
    return {
      count: integer64(file, end, 32),
      length: integer64(file, end, 40),
      start: integer64(file, end, 48),
    };
  }
  throw damaged(file, 'it has no directory, so it is probably truncated');
}

function entrySizes(
  file: ReadableFile,
  directory: DataView,
  position: number,
  nameLength: number,
  extraLength: number,
  name: string,
): { size: number; localHeader: number } {
  const flags = directory.getUint16(position + 8, true);
  const method = directory.getUint16(position + 10, true);
  if (method !== 0 || (flags & 1) !== 0) {
    const reason = `its entry "${name}" is ${method === 0 ? 'encrypted' : 'compressed'}`;
    throw damaged(file, `${reason}, which torch.save never does`);
  }
  let compressed = directory.getUint32(position + 20, true);
  let size = directory.getUint32(position + 24, true);
  let localHeader = directory.getUint32(position + 42, true);
  // The 64-bit extra field holds, in this order, only the values that did not fit.
  let field = position + 46 + nameLength;
  const fieldsEnd = field + extraLength;
  while (field + 4 <= fieldsEnd) {
    const fieldLength = directory.getUint16(field + 2, true);
    const end = field + 4 + fieldLength;
    if (end > fieldsEnd) break;
    if (directory.getUint16(field, true) === 1) {
      let at = field + 4;
      const widened = (value: number): number => {
        if (value !== ELSEWHERE_32 || at + 8 > end) return value;
        at += 8;
        return integer64(file, directory, at - 8);
      };
      size = widened(size);
      compressed = widened(compressed);
      localHeader = widened(localHeader);
    }
    field = end;
  }
  if (size !== compressed || localHeader + 30 + size > file.size) {
    throw damaged(file, `its entry "${name}" lies outside the file`);
  }
  return { size, localHeader };
}

function openEntry(file: ReadableFile, name: string, size: number, header: number): ZipEntry {
  let start: number | undefined;
  const readRange = async (position: number, length: number): Promise<Uint8Array<ArrayBuffer>> => {
    if (position + length > size) throw damaged(file, `its entry "${name}" is too short`);
    start ??= await dataStart(file, name, header);
    return file.read(start + position, length);
  };
  return { name, size, readRange, read: () => readRange(0, size) };
}

/** The data follows a second header whose own name and padding say where it begins. */
async function dataStart(file: ReadableFile, name: string, header: number): Promise<number> {
  const local = view(await file.read(header, 30));
  if (local.getUint32(0, true) !== LOCAL_HEADER) {
    throw damaged(file, `its entry "${name}" does not begin where its directory says`);
  }
  return header + 30 + local.getUint16(26, true) + local.getUint16(28, true);
}

function integer64(file: ReadableFile, data: DataView, position: number): number {
  const value = data.getBigUint64(position, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged(file, 'it announces impossible sizes');
  return Number(value);
}

function text(data: DataView, position: number, length: number): string {
  return new TextDecoder().decode(new Uint8Array(data.buffer, data.byteOffset + position, length));
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damaged(file: ReadableFile, reason: string): UserError {
  return new UserError(
    'model/torch-file',
    `${file.path} is not a valid PyTorch file: ${reason}.`,
    'Fetch the file again, or save the model again with save_pretrained.',
  );
}
