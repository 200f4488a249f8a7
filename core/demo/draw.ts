import { RandomStream } from '../base/random.ts';

/** Choices of one generated document; the same place gives the same document on every machine. */
export class Draw {
  readonly #stream: RandomStream;

  /** `kind` keeps the general and the clinical documents of one seed apart. */
  constructor(seed: number, kind: 'general' | 'clinical', document: number) {
    this.#stream = new RandomStream(seed, 'demoText', document, kind === 'general' ? 0 : 1);
  }

  oneOf<T>(values: readonly T[]): T {
    return values[this.#stream.nextInteger(values.length)];
  }

  /** `count` different values, or all of them in random order when there are fewer. */
  several<T>(values: readonly T[], count: number): T[] {
    return this.#stream.shuffle([...values]).slice(0, count);
  }

  /** A whole number from `from` to `to`, both included. */
  integer(from: number, to: number): number {
    return from + this.#stream.nextInteger(to - from + 1);
  }

  chance(probability: number): boolean {
    return this.#stream.nextFloat() < probability;
  }
}
