/**
 * Bytes to text, chunk by chunk. UTF-8 is assumed unless a UTF-16 byte order mark says otherwise;
 * the mark itself is removed. Invalid sequences become U+FFFD as the WHATWG Encoding Standard
 * prescribes (one per maximal subpart) and are counted; NUL characters are removed and counted.
 */
import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { UserError } from '../base/errors.ts';

/** What was changed on the way from bytes to documents. */
export interface TextChanges {
  replacedSequences: number;
  removedNulCharacters: number;
}

export function invalidTextError(where: string): UserError {
  return new UserError(
    'corpus/invalid-utf8',
    `${where} is not valid UTF-8.`,
    'Convert the file to UTF-8, or import without the strict check (--strict), which replaces such bytes by U+FFFD.',
  );
}

export class StreamingTextDecoder {
  readonly #name: string;
  readonly #strict: boolean;
  readonly #changes: TextChanges;
  /** Chosen once the first three bytes were seen. */
  #encoding: 'unknown' | 'utf-8' | 'utf-16' = 'unknown';
  #utf16: TextDecoder | undefined;
  /** Bytes of a character whose end was not seen yet. */
  #pending: Buffer = Buffer.alloc(0);
  /** Bytes before `#pending` in the file. */
  #offset = 0;

  /** `name` is the file as errors show it. With `strict`, invalid bytes are a UserError. */
  constructor(name: string, strict: boolean, changes: TextChanges) {
    this.#name = name;
    this.#strict = strict;
    this.#changes = changes;
  }

  decode(chunk: Buffer): string {
    return this.#decode(chunk, false);
  }

  /** The text of the bytes held back. */
  end(): string {
    return this.#decode(Buffer.alloc(0), true);
  }

  #decode(chunk: Buffer, last: boolean): string {
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    if (this.#encoding === 'unknown') {
      if (bytes.length < 3 && !last) {
        // The caller may reuse its chunk, so what is held back is a copy.
        this.#pending = Buffer.from(bytes);
        return '';
      }
      const mark = byteOrderMark(bytes);
      this.#encoding = mark.encoding === 'utf-8' ? 'utf-8' : 'utf-16';
      if (this.#encoding === 'utf-16') {
        this.#utf16 = new TextDecoder(mark.encoding, { fatal: this.#strict });
      }
      this.#pending = Buffer.alloc(0);
      this.#offset = mark.length;
      return this.#decodeKnown(bytes.subarray(mark.length), last);
    }
    return this.#decodeKnown(bytes, last);
  }

  #decodeKnown(bytes: Buffer, last: boolean): string {
    return this.#withoutNul(
      this.#encoding === 'utf-8' ? this.#decodeUtf8(bytes, last) : this.#decodeUtf16(bytes, last),
    );
  }

  #decodeUtf8(bytes: Buffer, last: boolean): string {
    const held = last ? 0 : incompleteTail(bytes);
    const whole = bytes.subarray(0, bytes.length - held);
    this.#pending = held === 0 ? Buffer.alloc(0) : Buffer.from(bytes.subarray(whole.length));
    const start = this.#offset;
    this.#offset += whole.length;
    if (isUtf8(whole)) return whole.toString('utf8');
    const invalid = findInvalidUtf8(whole);
    if (this.#strict) throw invalidTextError(`Byte ${start + invalid.first} of ${this.#name}`);
    this.#changes.replacedSequences += invalid.count;
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(whole);
  }

  /** A U+FFFD that the file held already counts as a replacement here; UTF-16 is a courtesy. */
  #decodeUtf16(bytes: Buffer, last: boolean): string {
    this.#pending = Buffer.alloc(0);
    const start = this.#offset;
    this.#offset += bytes.length;
    try {
      const text = this.#utf16?.decode(bytes, { stream: !last }) ?? '';
      this.#changes.replacedSequences += text.split('\ufffd').length - 1;
      return text;
    } catch {
      throw invalidTextError(`UTF-16 text after byte ${start} of ${this.#name}`);
    }
  }

  #withoutNul(text: string): string {
    if (!text.includes('\0')) return text;
    const cleaned = text.replaceAll('\0', '');
    this.#changes.removedNulCharacters += text.length - cleaned.length;
    return cleaned;
  }
}

function byteOrderMark(bytes: Buffer): {
  encoding: 'utf-8' | 'utf-16le' | 'utf-16be';
  length: number;
} {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { encoding: 'utf-16le', length: 2 };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { encoding: 'utf-16be', length: 2 };
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return { encoding: 'utf-8', length: marked ? 3 : 0 };
}

/** Bytes at the end that may begin a character continued in the next chunk: 0 to 3. */
export function incompleteTail(bytes: Uint8Array): number {
  const oldest = Math.max(0, bytes.length - 3);
  for (let at = bytes.length - 1; at >= oldest; at--) {
    const byte = bytes[at];
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const available = bytes.length - at;
    return sequenceLength(byte) > available ? available : 0;
  }
  return 0;
}

/** Bytes of the character that a lead byte announces; 1 for a byte that leads nothing. */
function sequenceLength(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 1;
}

/** Number of maximal invalid subparts (Unicode 16, section 3.9) and the place of the first. */
export function findInvalidUtf8(bytes: Uint8Array): { count: number; first: number } {
  let count = 0;
  let first = -1;
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at];
    if (lead < 0x80) {
      at++;
      continue;
    }
    const length = sequenceLength(lead);
    // The second byte's range is narrower after four leads: no overlong forms, no surrogates.
    const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    let good = 1;
    while (good < length && at + good < bytes.length) {
      const byte = bytes[at + good];
      if (good === 1 ? byte < lowest || byte > highest : byte < 0x80 || byte > 0xbf) break;
      good++;
    }
    if (length === 1 || good < length) {
      if (first < 0) first = at;
      count++;
    }
    at += good;
  }
  return { count, first };
}
