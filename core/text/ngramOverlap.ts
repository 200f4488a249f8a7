/**
 * How much of an evaluation text was in the text that a model was tuned on: shared word n-grams, 13
 * by default (Brown et al. 2020, "Language models are few-shot learners", appendix C).
 */
import { setImmediate } from 'node:timers/promises';
import type { CorpusReader, SplitName } from './types.ts';
import { wordHashes } from './words.ts';

export interface OverlapOptions {
  /** Words of an n-gram. */
  readonly n?: number;
  /** All splits when absent. */
  readonly tuningSplit?: SplitName;
  readonly evaluationSplit?: SplitName;
}

export interface NgramOverlap {
  readonly n: number;
  /** Evaluation documents of at least n words; shorter ones have no n-gram. */
  readonly documents: number;
  /** Of those, with at least one n-gram that occurs in the tuning text. */
  readonly overlappingDocuments: number;
  /** n-grams of the evaluation text, each occurrence counted. */
  readonly ngrams: number;
  readonly overlappingNgrams: number;
}

const DEFAULT_WORDS = 13;
const YIELD_EVERY_BYTES = 8 << 20;

/**
 * Reads the evaluation text twice and the tuning text once; memory is 14 to 27 bytes an n-gram of
 * the evaluation text, whatever the size of the tuning text. n-grams are compared by 64-bit hashes.
 */
export async function ngramOverlap(
  tuning: CorpusReader,
  evaluation: CorpusReader,
  options: OverlapOptions = {},
  signal?: AbortSignal,
): Promise<NgramOverlap> {
  const n = options.n ?? DEFAULT_WORDS;
  const wanted = new NgramSet();
  for await (const words of documentWords(evaluation, options.evaluationSplit, signal)) {
    forEachNgram(words, n, (high, low) => wanted.add(high, low));
  }
  for await (const words of documentWords(tuning, options.tuningSplit, signal)) {
    forEachNgram(words, n, (high, low) => wanted.mark(high, low));
  }
  let documents = 0;
  let overlappingDocuments = 0;
  let ngrams = 0;
  let overlappingNgrams = 0;
  for await (const words of documentWords(evaluation, options.evaluationSplit, signal)) {
    if (words.length < n) continue;
    let overlapping = 0;
    forEachNgram(words, n, (high, low) => {
      if (wanted.isMarked(high, low)) overlapping++;
    });
    documents++;
    ngrams += words.length - n + 1;
    overlappingNgrams += overlapping;
    if (overlapping > 0) overlappingDocuments++;
  }
  return { n, documents, overlappingDocuments, ngrams, overlappingNgrams };
}

/** Word hashes of each document; other work gets its turn now and then. */
async function* documentWords(
  corpus: CorpusReader,
  split: SplitName | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Int32Array> {
  let bytesSinceYield = 0;
  for (const document of corpus.documents(split)) {
    const bytes = Buffer.from(document.text);
    yield wordHashes(bytes);
    bytesSinceYield += bytes.length;
    if (bytesSinceYield < YIELD_EVERY_BYTES) continue;
    bytesSinceYield = 0;
    await setImmediate();
    signal?.throwIfAborted();
  }
}

const HIGH_BASE = 0x01000193;
const LOW_BASE = 0x2c1b3c6d;

/** Calls `visit` with a rolling 64-bit hash of every n consecutive words. */
function forEachNgram(
  words: Int32Array,
  n: number,
  visit: (high: number, low: number) => void,
): void {
  let highFactor = 1;
  let lowFactor = 1;
  for (let power = 0; power < n; power++) {
    highFactor = Math.imul(highFactor, HIGH_BASE);
    lowFactor = Math.imul(lowFactor, LOW_BASE);
  }
  let high = 0;
  let low = 0;
  for (let at = 0; at < words.length; at++) {
    high = (Math.imul(high, HIGH_BASE) + words[at]) | 0;
    low = (Math.imul(low, LOW_BASE) + words[at]) | 0;
    if (at >= n) {
      high = (high - Math.imul(words[at - n], highFactor)) | 0;
      low = (low - Math.imul(words[at - n], lowFactor)) | 0;
    }
    if (at >= n - 1) visit(high, low);
  }
}

/** A set of 64-bit hashes, each of which can be marked (open addressing). */
class NgramSet {
  #highs = new Int32Array(1 << 16);
  #lows = new Int32Array(1 << 16);
  /** 0 = free, 1 = held, 2 = held and marked. */
  #states = new Uint8Array(1 << 16);
  #count = 0;

  add(high: number, low: number): void {
    const slot = this.#slotOf(high, low);
    if (this.#states[slot] !== 0) return;
    this.#put(slot, high, low, 1);
    if (++this.#count * 3 > this.#states.length * 2) this.#grow();
  }

  mark(high: number, low: number): void {
    const slot = this.#slotOf(high, low);
    if (this.#states[slot] !== 0) this.#states[slot] = 2;
  }

  isMarked(high: number, low: number): boolean {
    return this.#states[this.#slotOf(high, low)] === 2;
  }

  #slotOf(high: number, low: number): number {
    const mask = this.#states.length - 1;
    const mixed = Math.imul(high ^ (low >>> 15), 0x85ebca6b) ^ low;
    let slot = (mixed ^ (mixed >>> 13)) & mask;
    while (this.#states[slot] !== 0 && (this.#lows[slot] !== low || this.#highs[slot] !== high)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #put(slot: number, high: number, low: number, state: number): void {
    this.#highs[slot] = high;
    this.#lows[slot] = low;
    this.#states[slot] = state;
  }

  #grow(): void {
    const [highs, lows, states] = [this.#highs, this.#lows, this.#states];
    const length = states.length * 2;
    this.#highs = new Int32Array(length);
    this.#lows = new Int32Array(length);
    this.#states = new Uint8Array(length);
    for (const [at, state] of states.entries()) {
      if (state !== 0) this.#put(this.#slotOf(highs[at], lows[at]), highs[at], lows[at], state);
    }
  }
}
