/** Tables over millions of documents that cost bytes, not objects. */

const PAGE_RECORDS = 4096;

/** Fixed-size records appended one after another, in pages so that growing copies nothing. */
export class PagedRecords {
  readonly #recordBytes: number;
  readonly #pages: Buffer[] = [];
  #count = 0;

  constructor(recordBytes: number) {
    this.#recordBytes = recordBytes;
  }

  get count(): number {
    return this.#count;
  }

  /** The new record, filled with zeros, to be written by the caller. */
  append(): Buffer {
    if (this.#count === this.#pages.length * PAGE_RECORDS) {
      this.#pages.push(Buffer.alloc(PAGE_RECORDS * this.#recordBytes));
    }
    return this.record(this.#count++);
  }

  record(index: number): Buffer {
    const offset = this.offsetInPage(index);
    return this.page(index).subarray(offset, offset + this.#recordBytes);
  }

  /** The page that holds a record, and where in it: for inner loops that make no views. */
  page(index: number): Buffer {
    return this.#pages[Math.floor(index / PAGE_RECORDS)];
  }

  offsetInPage(index: number): number {
    return (index % PAGE_RECORDS) * this.#recordBytes;
  }
}

/** Bytes of a key: half a SHA-256, enough that no two documents of any corpus collide. */
export const KEY_BYTES = 16;
const EMPTY = 0;

/** Numbers 128-bit keys 0, 1, 2 … in the order of their first appearance (open addressing). */
export class KeyTable {
  readonly #keys = new PagedRecords(KEY_BYTES);
  /** Number of the key + 1, or EMPTY; the length is a power of two. */
  #slots = new Uint32Array(1024);

  get count(): number {
    return this.#keys.count;
  }

  /** The number of `key`, which is added when it is new. */
  findOrAdd(key: Buffer): { index: number; added: boolean } {
    const slot = this.#slotOf(key);
    const held = this.#slots[slot];
    if (held !== EMPTY) return { index: held - 1, added: false };
    const index = this.#keys.count;
    key.copy(this.#keys.append(), 0, 0, KEY_BYTES);
    this.#slots[slot] = index + 1;
    if (this.#keys.count * 3 > this.#slots.length * 2) this.#grow();
    return { index, added: true };
  }

  /** A view of the key with this number. */
  key(index: number): Buffer {
    return this.#keys.record(index);
  }

  #slotOf(key: Buffer): number {
    const mask = this.#slots.length - 1;
    let slot = key.readUInt32LE(0) & mask;
    while (this.#slots[slot] !== EMPTY && !this.#holds(this.#slots[slot] - 1, key)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #holds(index: number, key: Buffer): boolean {
    const offset = this.#keys.offsetInPage(index);
    return this.#keys.page(index).compare(key, 0, KEY_BYTES, offset, offset + KEY_BYTES) === 0;
  }

  #grow(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let index = 0; index < this.#keys.count; index++) {
      this.#slots[this.#slotOf(this.key(index))] = index + 1;
    }
  }
}

/** A list of unsigned 32-bit numbers that doubles as it grows. */
export class NumberList {
  #values = new Uint32Array(1024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(value: number): void {
    if (this.#count === this.#values.length) {
      const grown = new Uint32Array(this.#values.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count++] = value;
  }

  at(index: number): number {
    return this.#values[index];
  }
}

/** Disjoint sets over 0 … count − 1; the root of a set is its smallest member. */
export class DisjointSets {
  readonly #parents: Uint32Array;

  constructor(count: number) {
    this.#parents = new Uint32Array(count);
    for (let member = 0; member < count; member++) this.#parents[member] = member;
  }

  get count(): number {
    return this.#parents.length;
  }

  root(member: number): number {
    const parents = this.#parents;
    let at = member;
    while (parents[at] !== at) {
      // Path halving.
      parents[at] = parents[parents[at]];
      at = parents[at];
    }
    return at;
  }

  unite(first: number, second: number): void {
    const a = this.root(first);
    const b = this.root(second);
    if (a < b) this.#parents[b] = a;
    else this.#parents[a] = b;
  }
}
