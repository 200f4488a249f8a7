/** What a masked language model puts in place of masks: the parts that need no model. */

/** How people write a mask, whatever the token of the model is. */
const MASK_WORDS = /\[MASK\]|<mask>/g;

export function countMasks(text: string): number {
  return text.match(MASK_WORDS)?.length ?? 0;
}

/** The text with the model's own token for each mask. */
export function withMaskToken(text: string, maskToken: string): string {
  return text.replaceAll(MASK_WORDS, () => maskToken);
}

/**
 * The tokens that are read, [from, to), when no more than `room` of `length` can be: all masks and
 * as much as possible around them, as much before as behind. Undefined when the masks (ascending
 * positions, at least one) do not fit.
 */
export function windowAround(
  length: number,
  masks: readonly number[],
  room: number,
): { readonly from: number; readonly to: number } | undefined {
  if (length <= room) return { from: 0, to: length };
  const first = masks[0] ?? 0;
  const end = (masks.at(-1) ?? 0) + 1;
  if (end - first > room) return undefined;
  const before = Math.floor((room - (end - first)) / 2);
  const from = Math.min(Math.max(0, first - before), length - room);
  return { from, to: from + room };
}

export interface Ranked {
  readonly id: number;
  readonly probability: number;
  /** 1 for the most probable. */
  readonly rank: number;
}

/** The distribution over the vocabulary at one mask. */
export class MaskDistribution {
  readonly #logits: Float32Array;
  readonly #largest: number;
  readonly #sum: number;

  /** @param logits (vocabulary); kept, not copied */
  constructor(logits: Float32Array) {
    this.#logits = logits;
    this.#largest = logits.reduce((largest, value) => Math.max(largest, value), -Infinity);
    this.#sum = logits.reduce((sum, value) => sum + Math.exp(value - this.#largest), 0);
  }

  /** The `count` most probable ids; of equal ones the smaller id first. */
  top(count: number): Ranked[] {
    const best: number[] = [];
    for (let id = 0; id < this.#logits.length; id++) {
      const worst = best.at(-1);
      if (best.length === count && worst !== undefined && !this.#isBefore(id, worst)) continue;
      const place = best.findIndex((other) => this.#isBefore(id, other));
      best.splice(place < 0 ? best.length : place, 0, id);
      if (best.length > count) best.pop();
    }
    return best.map((id, index) => ({ id, probability: this.probability(id), rank: index + 1 }));
  }

  probability(id: number): number {
    return Math.exp(this.#logits[id] - this.#largest) / this.#sum;
  }

  rankOf(id: number): Ranked {
    let rank = 1;
    for (let other = 0; other < this.#logits.length; other++) {
      if (this.#isBefore(other, id)) rank++;
    }
    return { id, probability: this.probability(id), rank };
  }

  #isBefore(a: number, b: number): boolean {
    const [first, second] = [this.#logits[a], this.#logits[b]];
    return first > second || (first === second && a < b);
  }
}
