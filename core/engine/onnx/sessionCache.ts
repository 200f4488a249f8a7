/**
 * Compiled programs by key, bounded by bytes: each ONNX Runtime session keeps an arena of its own,
 * and one for BERT-base can take gigabytes. The least recently used goes first; the newest stays
 * even when it alone exceeds the bound.
 */
export interface Cached {
  readonly bytes: number;
  release(): Promise<void>;
}

export class ByteLimitedCache<Entry extends Cached> {
  readonly #limit: number;
  readonly #entries = new Map<string, Entry>();

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  get bytes(): number {
    return [...this.#entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  /** Releases old entries until `bytes` more fit. */
  async makeRoom(bytes: number): Promise<void> {
    for (const [key, entry] of this.#entries) {
      if (this.bytes + bytes <= this.#limit) return;
      this.#entries.delete(key);
      await entry.release();
    }
  }

  set(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
  }

  async clear(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const entry of entries) await entry.release();
  }
}
