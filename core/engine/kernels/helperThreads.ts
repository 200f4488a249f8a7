/**
 * Threads that run kernels on parts of arrays together with the calling thread: to its caller a
 * kernel call stays a plain synchronous call. Every thread takes the next part that is left, so one
 * that the system holds up delays a call by one part at most, and one that has not started by none.
 */
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { kernelModule, KERNEL_NAMES } from './arenas.ts';
import type { Arena, KernelExports, KernelName } from './arenas.ts';

/** Lies beside this module, from source and built. */
const HELPER_THREAD = fileURLToPath(import.meta.url).replace(
  /helperThreads(\.[a-z]+)$/,
  'helperThread$1',
);

/** Slots of the shared Int32Array. */
const SLOT = {
  /** Counts calls; helpers sleep on it. */
  calls: 0,
  /** Parts that no thread has taken; part `left − 1` is taken next. */
  left: 1,
  /** Parts of this call that are finished. */
  finished: 2,
  /** Parts that helpers have run since the beginning. */
  helped: 3,
  kernel: 4,
  arena: 5,
  /** Number of parameters of a part. */
  width: 6,
  /** Number of parts. */
  parts: 7,
} as const;

/** AdamW has the most parameters. */
const MOST_PARAMETERS = 14;
/** Of a call: an array of 2^30 values in parts of 2^16. */
export const MOST_PARTS = 2 ** 14;

/** What all threads see of a call. */
export interface SharedCall {
  readonly control: Int32Array;
  /** Parameters of part after part. */
  readonly parameters: Float64Array;
}

export interface HelperData {
  readonly module: WebAssembly.Module;
  readonly call: SharedCall;
  /** Memories of new arenas, in the order of their index. */
  readonly arenas: MessagePort;
}

interface Helper {
  readonly worker: Worker;
  readonly arenas: MessagePort;
}

/** Helpers start at the first call that has parts for them, so that small models never have any. */
export class HelperThreads {
  readonly #wanted: number;
  readonly #arenas: Arena[] = [];
  readonly #call: SharedCall = {
    control: new Int32Array(new SharedArrayBuffer(Object.keys(SLOT).length * 4)),
    parameters: new Float64Array(new SharedArrayBuffer(MOST_PARTS * MOST_PARAMETERS * 8)),
  };
  #helpers: Helper[] | undefined;

  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  get wanted(): number {
    return this.#helpers?.length ?? this.#wanted;
  }

  /** Parts that helpers, not the calling thread, have run. */
  get helped(): number {
    return Atomics.load(this.#call.control, SLOT.helped);
  }

  addArena(arena: Arena): void {
    this.#arenas.push(arena);
    for (const helper of this.#helpers ?? []) tell(helper, arena);
  }

  /** Runs the kernel once for each list of parameters, at most MOST_PARTS, in any order. */
  run(kernel: KernelName, arena: Arena, parts: readonly (readonly number[])[]): void {
    if (parts.length === 1 || this.wanted === 0) {
      for (const part of parts) arena.kernels[kernel](...part);
      return;
    }
    this.#helpers ??= Array.from({ length: this.#wanted }, () => this.#start());
    const { control, parameters } = this.#call;
    const width = parts[0].length;
    parts.forEach((part, i) => parameters.set(part, i * width));
    control[SLOT.kernel] = KERNEL_NAMES.indexOf(kernel);
    control[SLOT.arena] = arena.index;
    control[SLOT.width] = width;
    control[SLOT.parts] = parts.length;
    Atomics.store(control, SLOT.finished, 0);
    // From here on helpers, even late ones of an earlier call, take parts of this call.
    Atomics.store(control, SLOT.left, parts.length);
    Atomics.add(control, SLOT.calls, 1);
    Atomics.notify(control, SLOT.calls);
    runParts(this.#call, () => arena.kernels);
    for (;;) {
      const finished = Atomics.load(control, SLOT.finished);
      if (finished === parts.length) return;
      Atomics.wait(control, SLOT.finished, finished);
    }
  }

  async close(): Promise<void> {
    const helpers = this.#helpers ?? [];
    this.#helpers = [];
    for (const { arenas } of helpers) arenas.close();
    await Promise.all(helpers.map(({ worker }) => worker.terminate()));
  }

  #start(): Helper {
    const { port1, port2 } = new MessageChannel();
    const workerData: HelperData = { module: kernelModule(), call: this.#call, arenas: port2 };
    const worker = new Worker(HELPER_THREAD, {
      workerData,
      transferList: [port2],
      name: 'palimpsest-kernels',
      // Options of this process (a debugger's port, an input type) are not for the helper.
      execArgv: [],
    });
    // Neither the thread nor its port keeps the process alive.
    worker.unref();
    port1.unref();
    const helper = { worker, arenas: port1 };
    for (const arena of this.#arenas) tell(helper, arena);
    return helper;
  }
}

function tell({ arenas }: Helper, { memory }: Arena): void {
  arenas.postMessage(memory);
}

/** Takes parts until none is left and runs them; returns how many. */
export function runParts(
  { control, parameters }: SharedCall,
  kernelsOf: (arena: number) => KernelExports,
): number {
  for (let taken = 0; ;) {
    const left = Atomics.load(control, SLOT.left);
    if (left === 0) return taken;
    if (Atomics.compareExchange(control, SLOT.left, left, left - 1) !== left) continue;
    // The call cannot end before this part does, so what is read now belongs to it.
    taken++;
    const start = (left - 1) * control[SLOT.width];
    const part = parameters.subarray(start, start + control[SLOT.width]);
    kernelsOf(control[SLOT.arena])[KERNEL_NAMES[control[SLOT.kernel]]](...part);
    const finished = Atomics.add(control, SLOT.finished, 1) + 1;
    if (finished === control[SLOT.parts]) Atomics.notify(control, SLOT.finished);
  }
}

/** A helper's life: to run parts of every call, and to sleep in between. */
export function help(call: SharedCall, kernelsOf: (arena: number) => KernelExports): never {
  for (;;) {
    const calls = Atomics.load(call.control, SLOT.calls);
    Atomics.add(call.control, SLOT.helped, runParts(call, kernelsOf));
    Atomics.wait(call.control, SLOT.calls, calls);
  }
}
