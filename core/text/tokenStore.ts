/** Growable arrays of tokens, and the memory of segments that were encoded before. */

/** Tokens one after another; a run of them is named by its first index and its count. */
export class TokenStore {
  ids = new Int32Array(1024);
  /** Offsets in UTF-16 code units from the start of the segment. */
  starts = new Uint32Array(1024);
  ends = new Uint32Array(1024);
  wordStarts = new Uint8Array(1024);
  length = 0;

  push(id: number, start: number, end: number, wordStart: number): void {
    if (this.length === this.ids.length) this.#grow();
    const at = this.length++;
    this.ids[at] = id;
    this.starts[at] = start;
    this.ends[at] = end;
    this.wordStarts[at] = wordStart;
  }

  #grow(): void {
    const capacity = this.ids.length * 2;
    const grown = <T extends Int32Array | Uint32Array | Uint8Array>(larger: T, values: T): T => {
      larger.set(values);
      return larger;
    };
    this.ids = grown(new Int32Array(capacity), this.ids);
    this.starts = grown(new Uint32Array(capacity), this.starts);
    this.ends = grown(new Uint32Array(capacity), this.ends);
    this.wordStarts = grown(new Uint8Array(capacity), this.wordStarts);
  }
}

/**
 * Encoded segments by their text. Entries are only ever added, so an index stays valid as long as
 * the memory it came from is held; the owner replaces the whole memory when it is full.
 */
export class SegmentMemory {
  readonly tokens = new TokenStore();
  readonly #entries = new Map<string, number>();
  #firsts = new Uint32Array(1024);
  #counts = new Uint32Array(1024);
  #length = 0;

  get size(): number {
    return this.#length;
  }

  /** Index of the entry of a segment, or undefined. */
  find(segment: string): number | undefined {
    return this.#entries.get(segment);
  }

  /** First token and number of tokens of an entry. */
  first(entry: number): number {
    return this.#firsts[entry];
  }
  count(entry: number): number {
    return this.#counts[entry];
  }

  /**
   * Makes the tokens from `first` to the end of the store an entry, found again by the text of its
   * segment unless that is undefined.
   */
  add(segment: string | undefined, first: number): number {
    if (this.#length === this.#firsts.length) {
      const firsts = new Uint32Array(this.#length * 2);
      firsts.set(this.#firsts);
      this.#firsts = firsts;
      const counts = new Uint32Array(this.#length * 2);
      counts.set(this.#counts);
      this.#counts = counts;
    }
    const entry = this.#length++;
    this.#firsts[entry] = first;
    this.#counts[entry] = this.tokens.length - first;
    if (segment !== undefined) this.#entries.set(copyOf(segment), entry);
    return entry;
  }
}

/** A slice of a string keeps the whole string alive; its copy does not. */
function copyOf(slice: string): string {
  return Buffer.from(slice, 'utf16le').toString('utf16le');
}
