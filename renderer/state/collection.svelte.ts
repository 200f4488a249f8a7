/** A list of the Workbench that is kept fresh: read whole, then changed by replies and events. */
import { reportOf } from '../client/errors.ts';
import type { ErrorReport } from '../client/errors.ts';

interface Identified {
  readonly id: string;
}

export class Collection<Item extends Identified> {
  readonly #read: () => Promise<readonly Item[]>;
  #items = $state.raw<readonly Item[]>([]);
  #error = $state.raw<ErrorReport | undefined>(undefined);
  #isLoaded = $state(false);
  #reading: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** What was changed while the list is read: it comes on top of what is read. */
  #changes: ((items: readonly Item[]) => readonly Item[])[] = [];
  readonly #byId = $derived(new Map(this.#items.map((item) => [item.id, item])));

  constructor(read: () => Promise<readonly Item[]>) {
    this.#read = read;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  /** Whether the list was read once: before that a skeleton is shown, not "nothing here". */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Whether the first reading goes on: one that has failed is told instead, see ListFailure. */
  get isLoading(): boolean {
    return !this.#isLoaded && this.#error === undefined;
  }

  /** Why the last reading failed; what was read before is kept. */
  get error(): ErrorReport | undefined {
    return this.#error;
  }

  byId(id: string): Item | undefined {
    return this.#byId.get(id);
  }

  /** Reads when that was not done yet. Never rejects. */
  load(): Promise<void> {
    if (this.#isLoaded) return Promise.resolve();
    return this.#reading ?? this.refresh();
  }

  /**
   * Reads anew; whoever asks during a reading may know of more than it will bring, so they share one
   * that follows it. Never rejects.
   */
  refresh(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    if (this.#reading === undefined) return this.#begin();
    this.#next = this.#reading.then(() => {
      this.#next = undefined;
      return this.#begin();
    });
    return this.#next;
  }

  /** Adds the item at the front, or replaces the one of its id. */
  put(item: Item): void {
    this.putAll([item]);
  }

  /** Replaces several at once; ones that are not in the list come first. */
  putAll(given: readonly Item[]): void {
    const byId = new Map(given.map((item) => [item.id, item]));
    this.#change((items) => {
      const kept = items.map((item) => byId.get(item.id) ?? item);
      const known = new Set(items.map(({ id }) => id));
      return [...given.filter(({ id }) => !known.has(id)), ...kept];
    });
  }

  remove(id: string): void {
    this.#change((items) => items.filter((item) => item.id !== id));
  }

  #change(change: (items: readonly Item[]) => readonly Item[]): void {
    this.#items = change(this.#items);
    if (this.#reading !== undefined) this.#changes.push(change);
  }

  #begin(): Promise<void> {
    this.#changes = [];
    this.#reading = this.#readAll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    try {
      const read = await this.#read();
      this.#items = this.#changes.reduce((items, change) => change(items), read);
      this.#isLoaded = true;
      this.#error = undefined;
    } catch (error) {
      this.#error = reportOf(error);
    }
  }
}
