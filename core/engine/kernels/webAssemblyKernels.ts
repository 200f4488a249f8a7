/** The kernels in WebAssembly SIMD, over arenas, on one or more threads. */
import { STREAMS } from '../../base/random.ts';
import { adamWConstants } from './adamWConstants.ts';
import { Arenas, STAGING_BYTES, STAGING_START, SUMS_START } from './arenas.ts';
import type { Arena, KernelName } from './arenas.ts';
import { HelperThreads, MOST_PARTS } from './helperThreads.ts';
import { dropoutKeepFactor, dropoutPlaceNumber, dropoutThreshold } from './hostKernels.ts';
import type { AdamWArrays, AdamWSettings, DropoutMaskRequest, HostKernels } from './hostKernels.ts';
import { checkAdamWArrays, checkRows, checkSameLength, NORM_BLOCK } from './referenceKernels.ts';

/** Decisions of one Philox block. */
const BLOCK_DECISIONS = 8;
/** Values that a thread takes at a time, some 50 µs of work. */
const PART_LENGTH = NORM_BLOCK;

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
    return this.#floats(length, 1)[0];
  }

  allocateBytes(length: number): Uint8Array {
    const { arena, offsets } = this.#arenas.allocate([length]);
    return new Uint8Array(arena.buffer, offsets[0], length);
  }

  allocateParameter(length: number): AdamWArrays {
    const [weights, gradient, firstMoment, secondMoment] = this.#floats(length, 4);
    return { weights, gradient, firstMoment, secondMoment };
  }

  #floats(length: number, count: number): Float32Array[] {
    const bytes = length * Float32Array.BYTES_PER_ELEMENT;
    const { arena, offsets } = this.#arenas.allocate(new Array<number>(count).fill(bytes));
    return offsets.map((offset) => new Float32Array(arena.buffer, offset, length));
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
    const sums = new Float64Array(Math.ceil(values.length / NORM_BLOCK));
    // The sum of block i of `values` is written to slot i of the arena's sums, then taken from there.
    const take = (arena: Arena, start: number, length: number): void => {
      const first = start / NORM_BLOCK;
      const count = Math.ceil(length / NORM_BLOCK);
      sums.set(new Float64Array(arena.buffer, SUMS_START + first * 8, count), first);
    };
    this.#call({
      kernel: 'squaredNorms',
      operands: [{ array: values, access: 'read' }],
      parameters: ([address], start, length) => [
        address,
        length,
        SUMS_START + (start / NORM_BLOCK) * 8,
      ],
      afterPart: take,
    });
    return sums.reduce((total, sum) => total + sum, 0);
  }

  accumulate(target: Float32Array, source: Float32Array, factor: number): void {
    checkSameLength(target, source);
    this.#call({
      kernel: 'accumulate',
      operands: [
        { array: target, access: 'update' },
        { array: source, access: 'read' },
      ],
      parameters: (addresses, _start, length) => [...addresses, length, factor],
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
    const stageBytes = Math.floor(STAGING_BYTES / foreign.length / 256) * 256;
    const partLength = stageBytes / Float32Array.BYTES_PER_ELEMENT;
    for (let start = 0; start < length; start += partLength) {
      const part = Math.min(partLength, length - start);
      const addresses = call.operands.map((operand) => {
        const stage = foreign.indexOf(operand);
        const { byteOffset, BYTES_PER_ELEMENT } = operand.array;
        if (stage === -1) return byteOffset + start * BYTES_PER_ELEMENT;
        return STAGING_START + stage * stageBytes;
      });
      const staged = foreign.map((operand, stage) => {
        const { array } = operand;
        const inside = array.subarray(start, start + part);
        const address = STAGING_START + stage * stageBytes;
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
