/**
 * The header of a safetensors file: a JSON object that gives each tensor's element type, shape and
 * byte range in the data that follows. Files come from anywhere, so nothing in it is believed before
 * it was compared with the size of the file.
 */
import { z } from 'zod';
import { UserError } from '../base/errors.ts';
import { ELEMENT_BYTES, describeShape, elementCount, isElementType } from './tensors.ts';
import type { ElementType } from './tensors.ts';

/** The limit of the reference implementation, bytes. */
export const LARGEST_HEADER = 100_000_000;
/** Object, entry, array: a header has no reason to nest deeper. */
const DEEPEST_NESTING = 3;

export interface SafetensorsEntry {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** First byte, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

const size = z.number().int().nonnegative();
const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(size),
  data_offsets: z.tuple([size, size]),
});
const metadataSchema = z.record(z.string(), z.string());

/**
 * Checks that the tensors fill exactly the `dataLength` bytes after the header, in some order,
 * without holes or overlaps. Throws a UserError that names `file` and the tensor.
 */
export function parseSafetensorsHeader(
  json: string,
  dataLength: number,
  file: string,
): SafetensorsHeader {
  const found = scanStructure(json);
  if (found.tooDeep) throw malformed(file, 'its header nests too deeply');
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    throw malformed(file, 'its header is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw malformed(file, 'its header is not a JSON object');
  }
  if (found.duplicateKey !== undefined) {
    throw malformed(file, `its header names "${found.duplicateKey}" twice`);
  }
  const entries: SafetensorsEntry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(parsed)) {
    if (name === '__metadata__') {
      const result = metadataSchema.safeParse(value);
      if (!result.success) throw malformed(file, 'its metadata is not a map of strings');
      metadata = result.data;
    } else {
      entries.push(parseEntry(name, value, file));
    }
  }
  checkCoverage(entries, dataLength, file);
  return { entries, metadata };
}

function parseEntry(name: string, value: unknown, file: string): SafetensorsEntry {
  const result = entrySchema.safeParse(value);
  if (!result.success) {
    throw malformed(file, `the entry of tensor "${name}" lacks a valid dtype, shape or offsets`);
  }
  const { dtype, shape, data_offsets } = result.data;
  if (!isElementType(dtype)) {
    throw malformed(file, `tensor "${name}" has the unknown element type ${dtype}`);
  }
  const [begin, end] = data_offsets;
  const wanted = elementCount(shape) * ELEMENT_BYTES[dtype];
  if (end - begin !== wanted) {
    throw malformed(
      file,
      `tensor "${name}" of shape ${describeShape(shape)} and type ${dtype} needs ${wanted} bytes but its offsets give ${end - begin}`,
    );
  }
  return { name, type: dtype, shape, begin, end };
}

function checkCoverage(
  entries: readonly SafetensorsEntry[],
  dataLength: number,
  file: string,
): void {
  const ordered = entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { name, begin, end } of ordered) {
    if (end > dataLength) {
      throw malformed(
        file,
        `tensor "${name}" ends at byte ${end} of ${dataLength} bytes of data; the file is truncated or its header is wrong`,
      );
    }
    if (begin < position) throw malformed(file, `tensor "${name}" overlaps another one`);
    if (begin > position) {
      throw malformed(
        file,
        `${begin - position} bytes before tensor "${name}" belong to no tensor`,
      );
    }
    position = end;
  }
  if (position !== dataLength) {
    throw malformed(file, `${dataLength - position} bytes at its end belong to no tensor`);
  }
}

export function malformed(file: string, reason: string): UserError {
  return new UserError(
    'model/safetensors',
    `${file} is not a valid safetensors file: ${reason}.`,
    'Fetch the file again, or save the model again with safetensors.',
  );
}

/**
 * One pass over JSON text before it is parsed: how deep it nests, and a key that one object has
 * twice, which JSON.parse would silently drop. Text that is not JSON is left to JSON.parse.
 */
function scanStructure(json: string): { tooDeep: boolean; duplicateKey?: string } {
  const keys: (Set<string> | null)[] = [];
  let duplicateKey: string | undefined;
  let position = 0;
  while (position < json.length) {
    const character = json[position];
    if (character === '"') {
      const end = endOfString(json, position);
      const text = json.slice(position, end);
      position = end;
      while (' \t\r\n'.includes(json.charAt(position)) && position < json.length) position++;
      const known = keys.at(-1);
      if (json[position] === ':' && known) {
        const key = unquote(text);
        if (known.has(key)) duplicateKey ??= key;
        known.add(key);
      }
      continue;
    }
    if (character === '{' || character === '[') {
      keys.push(character === '{' ? new Set() : null);
      if (keys.length > DEEPEST_NESTING) return { tooDeep: true };
    } else if (character === '}' || character === ']') {
      keys.pop();
    }
    position++;
  }
  return duplicateKey === undefined ? { tooDeep: false } : { tooDeep: false, duplicateKey };
}

/** Position after the closing quote, or the end of the text when there is none. */
function endOfString(json: string, start: number): number {
  let position = start + 1;
  while (position < json.length) {
    if (json[position] === '\\') position += 2;
    else if (json[position++] === '"') return position;
  }
  return json.length;
}

/** Two spellings of one key ("a" and "\u0061") are the same key. */
function unquote(text: string): string {
  if (!text.includes('\\')) return text.slice(1, -1);
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}
