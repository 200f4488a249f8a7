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
/**
 * Sums of blocks, float64, up to four of each of the largest array's 2^14 blocks. The bytes below are
 * the kernels' (TAIL in kernels.as.ts).
 */
export const SUMS_START = 1024;
/** Copies of operands that live elsewhere: one block of a sum for each of four. */
export const STAGING_START = SUMS_START + 4 * 128 * 1024;
export const STAGE_BYTES = 256 * 1024;
const ARRAYS_START = STAGING_START + 4 * STAGE_BYTES;
const ARENA_BYTES = 512 * 2 ** 20;
const MEMORY_LIMIT = 65536 * PAGE_BYTES;

/** Kernels of kernels.as.ts that are called from here, by number for helper threads. */
export const KERNEL_NAMES = [
  'adamW',
  'squaredNorms',
  'accumulate',
  'addSquares',
  'dots',
  'squaredDistances',
  'addPenaltyGradient',
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
  /** Places kept for each array of allocateWithSpares, shared by the arrays of one call. */
  readonly #spares = new Map<string, { readonly bytes: number; readonly free: number[] }>();
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
    const total = totalBytes(byteLengths);
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

  /**
   * As `allocate`, and keeps up to `spares` places as long as the first piece, as many as one memory
   * can hold, for allocateBeside. Places cost address space only until they are written.
   */
  allocateWithSpares(
    byteLengths: readonly number[],
    spares: number,
  ): { arena: Arena; offsets: number[] } {
    const [bytes] = byteLengths;
    const room = MEMORY_LIMIT - ARRAYS_START - totalBytes(byteLengths);
    const kept = Math.max(0, Math.min(spares, Math.floor(room / Math.max(aligned(bytes), 1))));
    const all = [...byteLengths, ...new Array<number>(kept).fill(bytes)];
    const { arena, offsets } = this.allocate(all);
    const places = { bytes, free: offsets.slice(byteLengths.length) };
    const own = offsets.slice(0, byteLengths.length);
    for (const offset of own) this.#spares.set(placeOf(arena, offset), places);
    return { arena, offsets: own };
  }

  /** Zero bytes in the arena of an array made by allocateWithSpares, or anywhere when none are left. */
  allocateBeside(array: Float32Array): { arena: Arena; offset: number } {
    const arena = this.find(array);
    const spares = arena && this.#spares.get(placeOf(arena, array.byteOffset));
    const offset = spares?.bytes === array.byteLength ? spares.free.shift() : undefined;
    if (arena !== undefined && offset !== undefined) return { arena, offset };
    const { arena: other, offsets } = this.allocate([array.byteLength]);
    return { arena: other, offset: offsets[0] };
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

function totalBytes(byteLengths: readonly number[]): number {
  return byteLengths.reduce((sum, bytes) => sum + aligned(bytes), 0);
}

function placeOf({ index }: Arena, offset: number): string {
  return `${index} ${offset}`;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
