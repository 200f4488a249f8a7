/**
 * A sketch of a document from which the overlap of two documents can be estimated without reading
 * them again: one-permutation MinHash over word 5-shingles (Li, Owen and Zhang 2012), empty bins
 * filled by reverse densification (Mai et al. 2020), 8 bits kept a bin (Li and König 2010).
 *
 * One hash a shingle, whatever the number of bins: a sketch costs little more than reading.
 */
import { RandomStream } from '../base/random.ts';
import { extendWordHash, FOLDED_BYTES } from './words.ts';

export const SKETCH_BYTES = 128;
const BINS = SKETCH_BYTES;
const BIN_SHIFT = 32 - Math.log2(BINS);
const SHINGLE_WORDS = 5;
/** Odd, so that multiplication modulo 2^32 loses nothing. */
const SHINGLE_BASE = 0x01000193;
const EMPTY = 0xffffffff;

/** Makes sketches; all of one corpus have to come from makers with the same seed. */
export class SketchMaker {
  readonly #seed: number;
  /** (bin, round): where a filled bin offers its value to empty ones; each row a permutation. */
  readonly #targets: Uint32Array;
  readonly #minima = new Uint32Array(BINS);
  readonly #filled = new Uint32Array(BINS);
  readonly #recent = new Uint32Array(SHINGLE_WORDS);
  /** SHINGLE_BASE ^ SHINGLE_WORDS, which takes the oldest word out of the rolling hash. */
  readonly #oldestFactor: number;

  constructor(seed: number) {
    const random = new RandomStream(seed, 'nearDuplicates');
    this.#seed = random.nextUint32();
    this.#targets = new Uint32Array(BINS * BINS);
    for (let bin = 0; bin < BINS; bin++) {
      const row = this.#targets.subarray(bin * BINS, (bin + 1) * BINS);
      random.shuffle(row.map((_, index) => index)).forEach((value, index) => (row[index] = value));
    }
    let factor = 1;
    for (let word = 0; word < SHINGLE_WORDS; word++) factor = Math.imul(factor, SHINGLE_BASE);
    this.#oldestFactor = factor;
  }

  /**
   * Writes the sketch of `bytes` (UTF-8) to `sketch` (SKETCH_BYTES). Case of ASCII letters, ASCII
   * punctuation and white space do not count. A document shorter than a shingle is one shingle.
   * Returns false, with the sketch untouched, when the document has no word.
   */
  sketch(bytes: Uint8Array, sketch: Uint8Array): boolean {
    if (!this.#findMinima(bytes)) return false;
    this.#fillEmptyBins();
    for (let bin = 0; bin < BINS; bin++) {
      // Bins that were filled from one another hold one value; with the bin mixed in, different
      // values still agree in each of them independently.
      sketch[bin] = mix(this.#minima[bin] ^ Math.imul(bin, 0x9e3779b1)) >>> 24;
    }
    return true;
  }

  #findMinima(bytes: Uint8Array): boolean {
    const minima = this.#minima.fill(EMPTY);
    const recent = this.#recent.fill(0);
    const seed = this.#seed;
    let words = 0;
    let rolling = 0;
    let word = 0;
    let inWord = false;
    for (let at = 0; at <= bytes.length; at++) {
      const byte = at < bytes.length ? FOLDED_BYTES[bytes[at]] : 0;
      if (byte !== 0) {
        word = extendWordHash(word, byte);
        inWord = true;
        continue;
      }
      if (!inWord) continue;
      const slot = words % SHINGLE_WORDS;
      rolling = Math.imul(rolling, SHINGLE_BASE) + word;
      rolling = (rolling - Math.imul(recent[slot], this.#oldestFactor)) | 0;
      recent[slot] = word;
      words++;
      word = 0;
      inWord = false;
      if (words >= SHINGLE_WORDS) keepMinimum(minima, shingleHash(rolling ^ seed));
    }
    if (words > 0 && words < SHINGLE_WORDS) keepMinimum(minima, shingleHash(rolling ^ seed));
    return words > 0;
  }

  /**
   * In round r every filled bin offers its value to one bin. Which bin gets which value depends
   * only on which bins are filled, so equal bins of two documents are filled alike.
   */
  #fillEmptyBins(): void {
    const minima = this.#minima;
    const filled = this.#filled;
    let count = 0;
    for (let bin = 0; bin < BINS; bin++) if (minima[bin] !== EMPTY) filled[count++] = bin;
    let empty = BINS - count;
    for (let round = 0; empty > 0; round++) {
      for (let index = 0; index < count && empty > 0; index++) {
        const bin = filled[index];
        const target = this.#targets[bin * BINS + round];
        if (minima[target] !== EMPTY) continue;
        minima[target] = minima[bin];
        empty--;
      }
    }
  }
}

/** The finaliser of MurmurHash3: every input bit changes every output bit about half the time. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Never EMPTY. */
function shingleHash(value: number): number {
  const hash = mix(value);
  return hash === EMPTY ? EMPTY - 1 : hash;
}

/** The high bits choose the bin, which keeps the smallest hash that falls into it. */
function keepMinimum(minima: Uint32Array, hash: number): void {
  const bin = hash >>> BIN_SHIFT;
  if (hash < minima[bin]) minima[bin] = hash;
}

/** Jaccard similarity of two documents' shingle sets, estimated from their sketches: 0 to 1. */
export function estimateSimilarity(a: Uint8Array, b: Uint8Array, aOffset = 0, bOffset = 0): number {
  let equal = 0;
  for (let bin = 0; bin < BINS; bin++) {
    if (a[aOffset + bin] === b[bOffset + bin]) equal++;
  }
  // Unequal minima share their 8 bits once in 256 times.
  const chance = 1 / 256;
  return Math.max(0, (equal / BINS - chance) / (1 - chance));
}
