/**
 * Counts the words that a vocabulary cuts into pieces, in bounded memory, and names those that may
 * be shown: a word that few documents have may be somebody's name, one with digits a number that
 * identifies a person or a visit, so neither ever leaves this file.
 */
import type { Encoding, Tokenizer } from './types.ts';

/** A word is shown when documents of at least so many groups (near-duplicates, patients) have it. */
export const MIN_GROUPS_TO_SHOW = 5;
/** Different words held at most; beyond it the rarest are forgotten (Manku and Motwani 2002). */
const MAX_WORDS = 2 ** 18;

export interface SplitWord {
  readonly word: string;
  readonly pieces: string[];
  /** Occurrences; a lower bound once rare words had to be forgotten. */
  readonly count: number;
}

interface Entry {
  readonly ids: readonly number[];
  count: number;
  /** The first groups that have the word, at most MIN_GROUPS_TO_SHOW. */
  readonly groups: number[];
}

export class SplitWordCounter {
  readonly #maxWords: number;
  readonly #entries = new Map<string, Entry>();

  constructor(maxWords = MAX_WORDS) {
    this.#maxWords = maxWords;
  }

  add({ ids, wordStarts }: Encoding, group: number): void {
    for (let from = 0; from < ids.length;) {
      let to = from + 1;
      while (to < ids.length && wordStarts[to] === 0) to++;
      if (to - from > 1) this.#count(ids.subarray(from, to), group);
      from = to;
    }
    if (this.#entries.size > this.#maxWords) this.#forgetRarest();
  }

  /**
   * The words that cost most: by extra pieces, (pieces − 1) × count, most first. Only words of
   * letters without digits, in documents of at least five groups.
   */
  mostSplit(tokenizer: Pick<Tokenizer, 'decode' | 'tokenOf'>, limit: number): SplitWord[] {
    const cost = ({ ids, count }: Entry): number => (ids.length - 1) * count;
    const shown: SplitWord[] = [];
    const entries = [...this.#entries.values()]
      .filter((entry) => entry.groups.length >= MIN_GROUPS_TO_SHOW)
      .sort((a, b) => cost(b) - cost(a) || compare(a.ids, b.ids));
    for (const { ids, count } of entries) {
      if (shown.length === limit) break;
      const word = tokenizer.decode(ids).trim();
      if (!/^[\p{L}\p{M}]+$/u.test(word)) continue;
      shown.push({ word, pieces: ids.map((id) => tokenizer.tokenOf(id)), count });
    }
    return shown;
  }

  #count(ids: Int32Array, group: number): void {
    const key = ids.join(' ');
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#entries.set(key, { ids: [...ids], count: 1, groups: [group] });
      return;
    }
    entry.count++;
    if (entry.groups.length < MIN_GROUPS_TO_SHOW && !entry.groups.includes(group)) {
      entry.groups.push(group);
    }
  }

  #forgetRarest(): void {
    for (let count = 1; this.#entries.size > this.#maxWords / 2; count++) {
      for (const [key, entry] of this.#entries) if (entry.count <= count) this.#entries.delete(key);
    }
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((id, index) => id !== b[index]);
  return at === -1 ? a.length - b.length : a[at] - (b[at] ?? -1);
}
