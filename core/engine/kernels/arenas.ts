/**
 * Host arrays in WebAssembly memories. One memory holds at most 4 GiB and BERT-large needs more, so
 * arrays are spread over arenas, each a memory with its own instance of the kernels. A memory has
 * its full size from the start (the system supplies pages when they are first written): one that
 * grew would detach the arrays in it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE_BYTES = 65536;
const ALIGNMENT = 64;
/** Sums of blocks, float64, of the largest array. The bytes below are the kernels' (TAIL in kernels.as.ts). */
export const SUMS_START = 1024;
/** Copies of operands that live elsewhere; one block of a norm fits. */
export const STAGING_START = SUMS_START + 128 * 1024;
export const STAGING_BYTES = 256 * 1024;
const ARRAYS_START = STAGING_START + STAGING_BYTES;
const ARENA_BYTES = 256 * 2 ** 20;
const MEMORY_LIMIT = 65536 * PAGE_BYTES;

/** Kernels of kernels.as.ts that are called from here, by number for helper threads. */
export const KERNEL_NAMES = [
  'adamW',
  'squaredNorms',
  'accumulate',
  'dropoutFloats',
  'dropoutBytes',
] as const;
export type KernelName = (typeof KERNEL_NAMES)[number];
/** Arguments are addresses in bytes, lengths in values, and constants. */
export type KernelExports = Readonly<Record<KernelName, (...parameters: number[]) => void>>;

export interface Arena {
  readonly index: number;
  readonly memory: WebAssembly.Memory;
  readonly buffer: ArrayBufferLike;
  readonly kernels: KernelExports;
}

let compiled: WebAssembly.Module | undefined;

/** The kernels, compiled once in a process. */
export function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(join(import.meta.dirname, 'kernels.wasm')));
  return compiled;
}

export function instantiateKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): KernelExports {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  // The module is ours: its exports are what kernels.as.ts declares.
  return instance.exports;
}

export class Arenas {
  readonly #byBuffer = new Map<ArrayBufferLike, Arena>();
  readonly #onCreate: (arena: Arena) => void;
  #newest: { readonly arena: Arena; used: number } | undefined;

  /** `onCreate` hears of every new arena, in order; its `index` counts them. */
  constructor(onCreate: (arena: Arena) => void) {
    this.#onCreate = onCreate;
  }

  /**
   * Zero bytes at an aligned address, one piece a length, all in one arena. Throws RangeError beyond
   * 4 GiB in one call.
   */
  allocate(byteLengths: readonly number[]): { arena: Arena; offsets: number[] } {
    const total = byteLengths.reduce((sum, bytes) => sum + aligned(bytes), 0);
    let place = this.#newest;
    if (place === undefined || place.used + total > place.arena.buffer.byteLength) {
      place = { arena: this.#create(total), used: ARRAYS_START };
      // A request larger than an arena has one to itself; smaller ones go on filling the last.
      if (total <= ARENA_BYTES - ARRAYS_START) this.#newest = place;
    }
    const offsets: number[] = [];
    for (const bytes of byteLengths) {
      offsets.push(place.used);
      place.used += aligned(bytes);
    }
    return { arena: place.arena, offsets };
  }

  /** The arena an array lives in, if any. */
  find(array: { readonly buffer: ArrayBufferLike }): Arena | undefined {
    return this.#byBuffer.get(array.buffer);
  }

  /** Any arena, for kernels on arrays that live in none. */
  any(): Arena {
    return this.#newest?.arena ?? this.allocate([0]).arena;
  }

  #create(bytes: number): Arena {
    const needed = Math.max(ARENA_BYTES, ARRAYS_START + bytes);
    if (needed > MEMORY_LIMIT) throw new RangeError(`${bytes} bytes do not fit one arena of 4 GiB`);
    const pages = Math.ceil(needed / PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const arena = {
      index: this.#byBuffer.size,
      memory,
      buffer: memory.buffer,
      kernels: instantiateKernels(kernelModule(), memory),
    };
    this.#byBuffer.set(arena.buffer, arena);
    this.#onCreate(arena);
    return arena;
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
