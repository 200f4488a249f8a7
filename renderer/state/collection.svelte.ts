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

  /** Why the last reading failed. */
  get error(): ErrorReport | undefined {
    return this.#error;
  }

  byId(id: string): Item | undefined {
    return this.#byId.get(id);
  }

  /** Reads when that was not done yet. */
  load(): Promise<void> {
    return this.#isLoaded ? Promise.resolve() : this.refresh();
  }

  /** Reads anew; several who ask at a time share one reading. Never rejects. */
  refresh(): Promise<void> {
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Adds the item at the front, or replaces the one of its id. */
  put(item: Item): void {
    const known = this.#items.findIndex(({ id }) => id === item.id);
    this.#items = known < 0 ? [item, ...this.#items] : this.#items.with(known, item);
  }

  /** Replaces several at once; ones that are not in the list come first. */
  putAll(items: readonly Item[]): void {
    const given = new Map(items.map((item) => [item.id, item]));
    const kept = this.#items.map((item) => given.get(item.id) ?? item);
    const known = new Set(this.#items.map(({ id }) => id));
    this.#items = [...items.filter(({ id }) => !known.has(id)), ...kept];
  }

  remove(id: string): void {
    this.#items = this.#items.filter((item) => item.id !== id);
  }

  async #readAll(): Promise<void> {
    try {
      this.#items = await this.#read();
      this.#isLoaded = true;
      this.#error = undefined;
    } catch (error) {
      this.#error = reportOf(error);
    }
  }
}
