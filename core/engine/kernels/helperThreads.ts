/**
 * Threads that run kernels on parts of arrays together with the calling thread, which waits for
 * them: to its caller a kernel call stays a plain synchronous call.
 */
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { kernelModule, KERNEL_NAMES } from './arenas.ts';
import type { Arena, KernelName } from './arenas.ts';

/** Slots of a helper's Int32Array. */
export const CONTROL = {
  ready: 0,
  ordered: 1,
  finished: 2,
  kernel: 3,
  arena: 4,
  count: 5,
  slots: 6,
} as const;
/** The `kernel` that ends a helper. */
export const STOP = -1;
/** A helper that has not started by then is done without. */
const START_MILLISECONDS = 5000;
/** AdamW has the most parameters. */
export const MOST_PARAMETERS = 14;

export interface HelperData {
  readonly module: WebAssembly.Module;
  readonly control: Int32Array;
  readonly parameters: Float64Array;
  /** Memories of new arenas, in the order of their index. */
  readonly arenas: MessagePort;
}

interface Helper {
  readonly worker: Worker;
  readonly control: Int32Array;
  readonly parameters: Float64Array;
  readonly arenas: MessagePort;
}

/** Helpers start when their number is first asked for, so that small models never have any. */
export class HelperThreads {
  readonly #wanted: number;
  readonly #arenas: Arena[] = [];
  #helpers: Helper[] | undefined;

  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  /** Helpers at work; the first time, starts them and waits until they have started. */
  get count(): number {
    return this.#started().length;
  }

  addArena(arena: Arena): void {
    this.#arenas.push(arena);
    for (const helper of this.#helpers ?? []) tell(helper, arena);
  }

  /**
   * Runs the kernel once for each list of parameters, at most `count + 1`, the first on this thread,
   * and waits for all.
   */
  run(kernel: KernelName, arena: Arena, parts: readonly (readonly number[])[]): void {
    const [own, ...others] = parts;
    const orders = others.map((part, i) => order(this.#started()[i], kernel, arena, part));
    arena.kernels[kernel](...own);
    for (const { helper, number } of orders) waitFor(helper, number);
  }

  async close(): Promise<void> {
    const helpers = this.#helpers ?? [];
    for (const helper of helpers) {
      Atomics.store(helper.control, CONTROL.kernel, STOP);
      give(helper);
      helper.arenas.close();
    }
    await Promise.all(helpers.map(({ worker }) => worker.terminate()));
    this.#helpers = [];
  }

  #started(): readonly Helper[] {
    if (this.#helpers !== undefined) return this.#helpers;
    const helpers = Array.from({ length: this.#wanted }, startHelper).filter(hasStarted);
    for (const helper of helpers) for (const arena of this.#arenas) tell(helper, arena);
    this.#helpers = helpers;
    return helpers;
  }
}

function tell({ arenas }: Helper, { memory }: Arena): void {
  arenas.postMessage(memory);
}

function startHelper(): Helper {
  const control = new Int32Array(new SharedArrayBuffer(CONTROL.slots * 4));
  const parameters = new Float64Array(new SharedArrayBuffer(MOST_PARAMETERS * 8));
  const { port1, port2 } = new MessageChannel();
  const workerData: HelperData = { module: kernelModule(), control, parameters, arenas: port2 };
  const worker = new Worker(new URL('./helperThread.ts', import.meta.url), {
    workerData,
    transferList: [port2],
    name: 'palimpsest-kernels',
    // Options of this process (a debugger's port, an input type) are not for the helper.
    execArgv: [],
  });
  // Neither the thread nor its port keeps the process alive.
  worker.unref();
  port1.unref();
  return { worker, control, parameters, arenas: port1 };
}

function hasStarted({ control, worker, arenas }: Helper): boolean {
  Atomics.wait(control, CONTROL.ready, 0, START_MILLISECONDS);
  if (Atomics.load(control, CONTROL.ready) === 1) return true;
  arenas.close();
  void worker.terminate();
  return false;
}

function order(
  helper: Helper,
  kernel: KernelName,
  arena: Arena,
  parameters: readonly number[],
): { helper: Helper; number: number } {
  helper.parameters.set(parameters);
  helper.control[CONTROL.count] = parameters.length;
  helper.control[CONTROL.arena] = arena.index;
  helper.control[CONTROL.kernel] = KERNEL_NAMES.indexOf(kernel);
  return { helper, number: give(helper) };
}

function give({ control }: Helper): number {
  const number = Atomics.add(control, CONTROL.ordered, 1) + 1;
  Atomics.notify(control, CONTROL.ordered);
  return number;
}

function waitFor({ control }: Helper, number: number): void {
  for (;;) {
    const finished = Atomics.load(control, CONTROL.finished);
    if (finished === number) return;
    Atomics.wait(control, CONTROL.finished, finished);
  }
}
