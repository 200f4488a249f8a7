/**
 * Words as duplicate and overlap detection sees them: runs of bytes that are not ASCII punctuation
 * or white space, ASCII letters in lower case. Fast and the same for every tokenizer; languages
 * written without spaces have one word a phrase.
 */

/** For each byte of UTF-8: 0 for a separator, else the byte with ASCII letters in lower case. */
export const FOLDED_BYTES = foldTable();

function foldTable(): Uint8Array {
  const table = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) {
    const character = String.fromCharCode(byte);
    if (byte >= 0x80 || /[a-z0-9]/.test(character)) table[byte] = byte;
    else if (/[A-Z]/.test(character)) table[byte] = byte + 0x20;
  }
  return table;
}

/** The hash of a word that is longer by one folded byte; the empty word has 0. */
export function extendWordHash(hash: number, foldedByte: number): number {
  const product = Math.imul(hash ^ foldedByte, 0x5bd1e995);
  return product ^ (product >>> 15);
}

/** The hashes of all words of a UTF-8 text, in order. */
export function wordHashes(bytes: Uint8Array): Int32Array {
  // Every word but the last is followed by a separator.
  const hashes = new Int32Array((bytes.length + 1) >> 1);
  let words = 0;
  let word = 0;
  let inWord = false;
  for (let at = 0; at <= bytes.length; at++) {
    const byte = at < bytes.length ? FOLDED_BYTES[bytes[at]] : 0;
    if (byte !== 0) {
      word = extendWordHash(word, byte);
      inWord = true;
    } else if (inWord) {
      hashes[words++] = word;
      word = 0;
      inWord = false;
    }
  }
  return hashes.subarray(0, words);
}
