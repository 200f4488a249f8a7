import type { Interruption } from './train.ts';

const REQUESTS: readonly (Interruption | undefined)[] = [undefined, 'interrupt', 'pause', 'cancel'];
const REQUEST = 0;
const STEP = 1;

/** What the control thread asks and the compute thread answers, readable while either is blocked. */
export class ThreadFlags {
  readonly buffer: SharedArrayBuffer;
  readonly #values: Int32Array<SharedArrayBuffer>;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.buffer = buffer;
    this.#values = new Int32Array(buffer);
  }

  /** A stronger request replaces a weaker one: interrupt, pause, cancel. */
  request(interruption: Interruption): void {
    const wanted = REQUESTS.indexOf(interruption);
    if (wanted > Atomics.load(this.#values, REQUEST)) Atomics.store(this.#values, REQUEST, wanted);
  }

  get interruption(): Interruption | undefined {
    return REQUESTS[Atomics.load(this.#values, REQUEST)];
  }

  set step(step: number) {
    Atomics.store(this.#values, STEP, step);
  }

  get step(): number {
    return Atomics.load(this.#values, STEP);
  }
}
