import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import { findInvalidUtf8, StreamingTextDecoder } from '../../../core/text/decodeText.ts';

/** Decodes bytes cut at the given places. */
function decodeInChunks(
  bytes: Buffer,
  cuts: readonly number[],
  strict = false,
): { text: string; replacedSequences: number; removedNulCharacters: number } {
  const changes = { replacedSequences: 0, removedNulCharacters: 0 };
  const decoder = new StreamingTextDecoder('file.txt', strict, changes);
  let text = '';
  let start = 0;
  for (const cut of [...cuts, bytes.length]) {
    text += decoder.decode(bytes.subarray(start, cut));
    start = cut;
  }
  return { text: text + decoder.end(), ...changes };
}

function thrownBy(action: () => unknown): UserError {
  try {
    action();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

describe('StreamingTextDecoder', () => {
  it('gives the same text wherever the bytes are cut', () => {
    const text = '\ufeffHéllo — 37,5 °C; 体温; 🩺\r\nend 🧬';
    const bytes = Buffer.from(text);
    for (let first = 0; first <= bytes.length; first++) {
      expect(decodeInChunks(bytes, [first]).text).toBe(text.slice(1));
      for (let second = first; second <= bytes.length; second++) {
        expect(decodeInChunks(bytes, [first, second]).text).toBe(text.slice(1));
      }
    }
  });

  it('replaces and counts invalid bytes as the Encoding Standard does, wherever they are cut', () => {
    const byte = fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(0xe0, 0xed, 0xf0, 0xf4, 0xc2, 0x80, 0x9f, 0xa0, 0xbf, 0x41),
    );
    fc.assert(
      fc.property(
        fc.array(byte, { maxLength: 24 }),
        fc.array(fc.nat(30), { maxLength: 4 }),
        (values, cuts) => {
          // A leading letter keeps byte order marks out of this property.
          const bytes = Buffer.from([0x61, ...values.map((value) => (value === 0 ? 1 : value))]);
          const sorted = cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b);
          const expected = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
          const decoded = decodeInChunks(bytes, sorted);
          expect(decoded.text).toBe(expected);
          const genuine = bytes.toString('latin1').split('\xef\xbf\xbd').length - 1;
          const replacements = expected.split('\ufffd').length - 1 - genuine;
          expect(decoded.replacedSequences).toBe(replacements);
          expect(findInvalidUtf8(bytes).count).toBe(replacements);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('names the file and the byte of the first invalid sequence when strict', () => {
    const bytes = Buffer.concat([
      Buffer.from('\ufeffnaïve '),
      Buffer.from([0xff]),
      Buffer.from('x'),
    ]);
    const error = thrownBy(() => decodeInChunks(bytes, [5, 7], true));
    expect(error.code).toBe('corpus/invalid-utf8');
    expect(error.message).toBe('Byte 10 of file.txt is not valid UTF-8.');
    expect(bytes[10]).toBe(0xff);
  });

  it('refuses a character that the end of the file cuts when strict, and replaces it otherwise', () => {
    const cut = Buffer.from('ab🩺').subarray(0, 5);
    expect(thrownBy(() => decodeInChunks(cut, [4], true)).message).toContain('Byte 2');
    expect(decodeInChunks(cut, [4])).toMatchObject({ text: 'ab\ufffd', replacedSequences: 1 });
  });

  it('removes NUL characters and counts them', () => {
    expect(decodeInChunks(Buffer.from('a\0b\0\0c'), [2])).toMatchObject({
      text: 'abc',
      removedNulCharacters: 3,
    });
  });

  it('reads UTF-16 with a byte order mark, cut anywhere', () => {
    const text = 'Fieber 38,5 °C 🌡';
    const little = Buffer.from(`\ufeff${text}`, 'utf16le');
    const big = Buffer.from(little).swap16();
    for (const bytes of [little, big]) {
      for (let cut = 0; cut <= bytes.length; cut++) {
        expect(decodeInChunks(bytes, [cut])).toMatchObject({ text, replacedSequences: 0 });
      }
    }
  });

  it('refuses half a UTF-16 pair when strict', () => {
    const bytes = Buffer.from('\ufeffa\ud83e', 'utf16le');
    expect(thrownBy(() => decodeInChunks(bytes, [], true)).code).toBe('corpus/invalid-utf8');
    expect(decodeInChunks(bytes, []).text).toBe('a\ufffd');
  });
});
