/** The kernels in WebAssembly SIMD, over arenas, on one or more threads. */
import { STREAMS } from '../../base/random.ts';
import { adamWConstants } from './adamWConstants.ts';
import { Arenas, STAGE_BYTES, STAGING_START, SUMS_START } from './arenas.ts';
import type { Arena, KernelName } from './arenas.ts';
import { HelperThreads, MOST_PARTS } from './helperThreads.ts';
import { dropoutKeepFactor, dropoutPlaceNumber, dropoutThreshold } from './hostKernels.ts';
import type {
  AdamWArrays,
  AdamWSettings,
  DropoutMaskRequest,
  HostKernels,
  PenaltyArrays,
  PenaltySums,
} from './hostKernels.ts';
import {
  checkAdamWArrays,
  checkPenaltyArrays,
  checkRows,
  checkSameLength,
  NORM_BLOCK,
} from './referenceKernels.ts';

/** Decisions of one Philox block. */
const BLOCK_DECISIONS = 8;
/** Values that a thread takes at a time, some 50 µs of work. */
const PART_LENGTH = NORM_BLOCK;
/** Arrays beside a parameter's own: an anchor, an importance and two more sets of gradients. */
const SPARES = 4;
/** Address of an operand that is left out. */
const NOWHERE = 0;

type HostArray = Float32Array | Uint8Array;

interface Operand {
  readonly array: HostArray;
  readonly access: 'read' | 'write' | 'update';
}

/** A kernel call on equally long operands, which may be split at multiples of NORM_BLOCK values. */
interface Call {
  readonly kernel: KernelName;
  readonly operands: readonly Operand[];
  /** Parameters for `length` values from value `start` on; operands begin at `addresses`. */
  parameters(addresses: readonly number[], start: number, length: number): number[];
  /** Called after each part that was run through the staging area. */
  afterPart?(arena: Arena, start: number, length: number): void;
}

export class WebAssemblyKernels implements HostKernels {
  readonly implementation = 'webassembly';
  readonly #helpers: HelperThreads;
  readonly #arenas: Arenas;

  constructor(threads: number) {
    const helpers = new HelperThreads(threads - 1);
    this.#helpers = helpers;
    this.#arenas = new Arenas((arena) => helpers.addArena(arena));
  }

  get threads(): number {
    return 1 + this.#helpers.wanted;
  }

  allocate(length: number): Float32Array {
    const { arena, offsets } = this.#arenas.allocate([length * Float32Array.BYTES_PER_ELEMENT]);
    return new Float32Array(arena.buffer, offsets[0], length);
  }

  allocateBytes(length: number): Uint8Array {
    const { arena, offsets } = this.#arenas.allocate([length]);
    return new Uint8Array(arena.buffer, offsets[0], length);
  }

  allocateParameter(length: number): AdamWArrays {
    const bytes = length * Float32Array.BYTES_PER_ELEMENT;
    const { arena, offsets } = this.#arenas.allocateWithSpares(
      [bytes, bytes, bytes, bytes],
      SPARES,
    );
    const arrays = offsets.map((offset) => new Float32Array(arena.buffer, offset, length));
    const [weights, gradient, firstMoment, secondMoment] = arrays;
    return { weights, gradient, firstMoment, secondMoment };
  }

  allocateBeside(array: Float32Array): Float32Array {
    const { arena, offset } = this.#arenas.allocateBeside(array);
    return new Float32Array(arena.buffer, offset, array.length);
  }

  adamW(arrays: AdamWArrays, settings: AdamWSettings): void {
    checkAdamWArrays(arrays);
    const constants = adamWConstants(settings);
    const scalars = [
      constants.gradientScale,
      constants.decayFactor,
      constants.firstRate,
      constants.beta2,
      constants.secondRate,
      constants.rootCorrection,
      constants.epsilon,
      constants.stepSize,
      settings.zeroGradient ? 1 : 0,
    ];
    this.#call({
      kernel: 'adamW',
      operands: [
        { array: arrays.weights, access: 'update' },
        { array: arrays.gradient, access: settings.zeroGradient ? 'update' : 'read' },
        { array: arrays.firstMoment, access: 'update' },
        { array: arrays.secondMoment, access: 'update' },
      ],
      parameters: (addresses, _start, length) => [...addresses, length, ...scalars],
    });
  }

  squaredNorm(values: Float32Array): number {
    return this.#sum('squaredNorms', [values]);
  }

  dot(a: Float32Array, b: Float32Array): number {
    checkSameLength('dot', a, b);
    return this.#sum('dots', [a, b]);
  }

  squaredDistance(a: Float32Array, b: Float32Array): number {
    checkSameLength('squaredDistance', a, b);
    return this.#sum('squaredDistances', [a, b]);
  }

  #sum(kernel: KernelName, arrays: readonly Float32Array[]): number {
    const [total] = this.#callWithSums(1, arrays[0].length, (sumsAt, afterPart) => ({
      kernel,
      operands: arrays.map((array) => ({ array, access: 'read' })),
      parameters: (addresses, start, length) => [...addresses, length, sumsAt(start)],
      afterPart,
    }));
    return total;
  }

  addPenaltyGradient(arrays: PenaltyArrays, strength: number): PenaltySums {
    checkPenaltyArrays(arrays);
    const { gradient, weights, anchor, importance } = arrays;
    const operands: Operand[] = [
      { array: gradient, access: 'update' },
      { array: weights, access: 'read' },
      { array: anchor, access: 'read' },
    ];
    if (importance !== null) operands.push({ array: importance, access: 'read' });
    const [twiceValue, penaltySquares, squaresBefore, squaresAfter] = this.#callWithSums(
      4,
      gradient.length,
      (sumsAt, afterPart) => ({
        kernel: 'addPenaltyGradient',
        operands,
        parameters: ([g, w, a, f = NOWHERE], start, length) => [
          ...[g, w, a, f, length],
          strength,
          sumsAt(start),
        ],
        afterPart,
      }),
    );
    return { twiceValue, penaltySquares, squaresBefore, squaresAfter };
  }

  /**
   * Runs a kernel that leaves `count` sums of each block of its operands, `length` values long: those
   * of block i in the arena's slots from count · i on, and taken from there. Returns the sums over
   * all blocks, in order.
   */
  #callWithSums(
    count: number,
    length: number,
    call: (sumsAt: (start: number) => number, afterPart: NonNullable<Call['afterPart']>) => Call,
  ): number[] {
    const sums = new Float64Array(Math.ceil(length / NORM_BLOCK) * count);
    const slot = (start: number): number => (start / NORM_BLOCK) * count;
    const sumsAt = (start: number): number =>
      SUMS_START + slot(start) * Float64Array.BYTES_PER_ELEMENT;
    const take = (arena: Arena, start: number, partLength: number): void => {
      const taken = Math.ceil(partLength / NORM_BLOCK) * count;
      sums.set(new Float64Array(arena.buffer, sumsAt(start), taken), slot(start));
    };
    this.#call(call(sumsAt, take));
    const totals = new Array<number>(count).fill(0);
    sums.forEach((sum, i) => {
      totals[i % count] += sum;
    });
    return totals;
  }

  accumulate(target: Float32Array, source: Float32Array, factor: number): void {
    checkSameLength('accumulate', target, source);
    this.#call({
      kernel: 'accumulate',
      operands: [
        { array: target, access: 'update' },
        { array: source, access: 'read' },
      ],
      parameters: (addresses, _start, length) => [...addresses, length, factor],
    });
  }

  addSquares(target: Float32Array, source: Float32Array): void {
    checkSameLength('addSquares', target, source);
    this.#call({
      kernel: 'addSquares',
      operands: [
        { array: target, access: 'update' },
        { array: source, access: 'read' },
      ],
      parameters: (addresses, _start, length) => [...addresses, length],
    });
  }

  addRows(table: Float32Array, rowIndices: Int32Array, rows: Float32Array, factor: number): void {
    const width = checkRows(table, rowIndices, rows);
    const arena = this.#arenas.find(table);
    if (arena !== undefined && arena === this.#arenas.find(rows)) {
      const bytes = width * Float32Array.BYTES_PER_ELEMENT;
      let from = rows.byteOffset;
      for (const index of rowIndices) {
        arena.kernels.accumulate(table.byteOffset + index * bytes, from, width, factor);
        from += bytes;
      }
      return;
    }
    for (let row = 0; row < rowIndices.length; row++) {
      const to = rowIndices[row] * width;
      const source = rows.subarray(row * width, (row + 1) * width);
      this.accumulate(table.subarray(to, to + width), source, factor);
    }
  }

  dropoutMask(mask: Float32Array | Uint8Array, request: DropoutMaskRequest): void {
    const { seed, step, probability } = request;
    const floats = mask instanceof Float32Array;
    const key0 = seed >>> 0;
    const key1 = (Math.floor(seed / 2 ** 32) & 0xffffff) | (STREAMS.dropout << 24);
    const place = [step, dropoutPlaceNumber(request), dropoutThreshold(probability)];
    if (floats) place.push(dropoutKeepFactor(probability));
    this.#call({
      kernel: floats ? 'dropoutFloats' : 'dropoutBytes',
      operands: [{ array: mask, access: 'write' }],
      parameters: ([address], start, length) => [
        ...[address, length, key0, key1, start / BLOCK_DECISIONS],
        ...place,
      ],
    });
  }

  async close(): Promise<void> {
    await this.#helpers.close();
  }

  #call(call: Call): void {
    const arrays = call.operands.map(({ array }) => array);
    const { length } = arrays[0];
    if (length === 0) return;
    const arena = this.#arenas.find(arrays[0]);
    if (arena !== undefined && arrays.every(({ buffer }) => buffer === arena.buffer)) {
      this.#runInPlace(call, arena, length);
    } else {
      const home = arrays.map((array) => this.#arenas.find(array)).find((found) => found);
      this.#runStaged(call, home ?? this.#arenas.any(), length);
    }
  }

  #runInPlace(call: Call, arena: Arena, length: number): void {
    const parts: number[][] = [];
    const partLength = PART_LENGTH * Math.ceil(length / PART_LENGTH / MOST_PARTS);
    for (let start = 0; start < length; start += partLength) {
      const addresses = call.operands.map(
        ({ array }) => array.byteOffset + start * array.BYTES_PER_ELEMENT,
      );
      parts.push(call.parameters(addresses, start, Math.min(partLength, length - start)));
    }
    this.#helpers.run(call.kernel, arena, parts);
    call.afterPart?.(arena, 0, length);
  }

  /** Copies what is not in the arena there and back, block by block. */
  #runStaged(call: Call, arena: Arena, length: number): void {
    const foreign = call.operands.filter(({ array }) => array.buffer !== arena.buffer);
    const partLength = STAGE_BYTES / Float32Array.BYTES_PER_ELEMENT;
    for (let start = 0; start < length; start += partLength) {
      const part = Math.min(partLength, length - start);
      const addresses = call.operands.map((operand) => {
        const stage = foreign.indexOf(operand);
        const { byteOffset, BYTES_PER_ELEMENT } = operand.array;
        if (stage === -1) return byteOffset + start * BYTES_PER_ELEMENT;
        return STAGING_START + stage * STAGE_BYTES;
      });
      const staged = foreign.map((operand, stage) => {
        const { array } = operand;
        const inside = array.subarray(start, start + part);
        const address = STAGING_START + stage * STAGE_BYTES;
        const copy =
          array instanceof Uint8Array
            ? new Uint8Array(arena.buffer, address, part)
            : new Float32Array(arena.buffer, address, part);
        if (operand.access !== 'write') copy.set(inside);
        return { operand, inside, copy };
      });
      arena.kernels[call.kernel](...call.parameters(addresses, start, part));
      for (const { operand, inside, copy } of staged) {
        if (operand.access !== 'read') inside.set(copy);
      }
      call.afterPart?.(arena, start, part);
    }
  }
}
