/** The documents of a corpus while it is imported: text on disk, a few numbers each in memory. */
import { hash } from 'node:crypto';
import { KeyTable, NumberList, PagedRecords } from './compactTables.ts';
import type { HashedFile } from './hashedFile.ts';
import { SKETCH_BYTES, SketchMaker } from './minHash.ts';

/**
 * Keeps every document that was not seen before. Memory is about 160 bytes a document, whatever
 * its length: 16 of hash, 6 to 12 of hash table, 128 of sketch, 4 to 8 of length; as much as the
 * last more with a group.
 */
export class DocumentStore {
  readonly #text: HashedFile;
  readonly #sketchMaker: SketchMaker;
  readonly #keys = new KeyTable();
  readonly #groupKeys = new KeyTable();
  /** Number of the group value + 1, or 0; empty while no document has one. */
  readonly #groupValues = new NumberList();
  readonly sketches = new PagedRecords(SKETCH_BYTES);
  readonly #bytes = new NumberList();
  characters = 0;
  exactDuplicates = 0;

  constructor(text: HashedFile, seed: number) {
    this.#text = text;
    this.#sketchMaker = new SketchMaker(seed);
  }

  get count(): number {
    return this.#bytes.count;
  }

  /** Appends a normalised document, unless an equal one was added before. */
  add(text: string, group: string | null): void {
    const bytes = this.#text.reserve(Buffer.byteLength(text));
    bytes.write(text);
    if (!this.#keys.findOrAdd(hash('sha256', bytes, 'buffer')).added) {
      this.exactDuplicates++;
      return;
    }
    this.#text.keep(bytes.length);
    this.#sketchMaker.sketch(bytes, this.sketches.append());
    this.characters += countCharacters(bytes);
    if (group !== null) {
      while (this.#groupValues.count < this.count) this.#groupValues.push(0);
      const key = hash('sha256', group, 'buffer');
      this.#groupValues.push(this.#groupKeys.findOrAdd(key).index + 1);
    }
    this.#bytes.push(bytes.length);
  }

  get groupValues(): number {
    return this.#groupKeys.count;
  }

  bytesOf(document: number): number {
    return this.#bytes.at(document);
  }

  /** Number of the document's value in the group column; undefined without one. */
  groupValueOf(document: number): number | undefined {
    const value = document < this.#groupValues.count ? this.#groupValues.at(document) : 0;
    return value === 0 ? undefined : value - 1;
  }

  /** KEY_BYTES of SHA-256 of the text. */
  contentKey(document: number): Buffer {
    return this.#keys.key(document);
  }

  /**
   * What a document's group is recognised by when the corpus is imported again with more documents:
   * its value in the group column, else its content.
   */
  stableKey(document: number): Buffer {
    const value = this.groupValueOf(document);
    return value === undefined ? this.contentKey(document) : this.#groupKeys.key(value);
  }
}

/** Unicode characters of valid UTF-8: every byte but the continuations. */
function countCharacters(bytes: Uint8Array): number {
  let continuations = 0;
  for (let at = 0; at < bytes.length; at++) if ((bytes[at] & 0xc0) === 0x80) continuations++;
  return bytes.length - continuations;
}
