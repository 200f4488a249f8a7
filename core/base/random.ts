/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011). A number is a pure function of (seed, stream, counters), so a run can resume
 * at any step, and two strategies with one seed see the same batches, masks and dropout.
 */

/** Independent streams of one seed. The numbers are part of the file formats: never reuse one. */
export const STREAMS = {
  initialWeights: 1,
  targetOrder: 2,
  sourceOrder: 3,
  targetMasks: 4,
  sourceMasks: 5,
  dropout: 6,
  split: 7,
  frozenMasks: 8,
  fisherSample: 9,
  rehearsalBuffer: 10,
  bootstrap: 11,
  demoText: 12,
  nearDuplicates: 13,
  fisherMasks: 14,
  probeSample: 15,
} as const;
export type StreamName = keyof typeof STREAMS;

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** High 32 bits of the 64-bit product of two unsigned 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const middleLow = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(middleLow / 65536)) >>> 0;
}

/** One Philox4x32-10 block: writes four unsigned 32-bit numbers to `out`. */
export function philox4x32(
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
  counter2: number,
  counter3: number,
  out: Uint32Array,
): void {
  let k0 = key0 >>> 0;
  let k1 = key1 >>> 0;
  let c0 = counter0 >>> 0;
  let c1 = counter1 >>> 0;
  let c2 = counter2 >>> 0;
  let c3 = counter3 >>> 0;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** A sequence of random numbers at one place, e.g. `(seed 7, targetMasks, step 120, window 3)`. */
export class RandomStream {
  readonly #key0: number;
  readonly #key1: number;
  readonly #place0: number;
  readonly #place1: number;
  readonly #block = new Uint32Array(4);
  #blockIndex = 0;
  #used = 4;

  /** `place` positions the stream; each part is an unsigned integer below 2^32. */
  constructor(seed: number, stream: StreamName, ...place: [first?: number, second?: number]) {
    this.#key0 = seed >>> 0;
    // Seeds above 32 bits keep their high part; the stream number takes the top byte.
    this.#key1 = ((Math.floor(seed / 2 ** 32) & 0xffffff) | (STREAMS[stream] << 24)) >>> 0;
    this.#place0 = place[0] ?? 0;
    this.#place1 = place[1] ?? 0;
  }

  /** Uniform over 0 … 2^32 − 1. */
  nextUint32(): number {
    if (this.#used === 4) {
      const index = this.#blockIndex++;
      philox4x32(
        this.#key0,
        this.#key1,
        index,
        Math.floor(index / 2 ** 32),
        this.#place0,
        this.#place1,
        this.#block,
      );
      this.#used = 0;
    }
    return this.#block[this.#used++];
  }

  /** Uniform over [0, 1) with 53 bits. */
  nextFloat(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** Uniform over 0 … bound − 1, without modulo bias. `bound` is at most 2^32. */
  nextInteger(bound: number): number {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const value = this.nextUint32();
      if (value < limit) return value % bound;
    }
  }

  /** Fills `values` as nextInteger would one by one, about three times as fast; `bound` is below 2^32. */
  fillIntegers(values: Uint32Array, bound: number): void {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    // Known to be an unsigned integer on both sides, the remainder is one instruction.
    const divisor = bound >>> 0;
    for (let filled = 0; filled < values.length;) {
      const value = this.nextUint32() >>> 0;
      if (value < limit) values[filled++] = value % divisor;
    }
  }

  /** Standard normal (Box and Muller 1958). */
  nextNormal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.nextFloat()));
    return radius * Math.cos(2 * Math.PI * this.nextFloat());
  }

  /** Chi-squared with `degrees` degrees of freedom, a positive integer (Marsaglia and Tsang 2000). */
  nextChiSquared(degrees: number): number {
    if (degrees === 1) return this.nextNormal() ** 2;
    const shape = degrees / 2 - 1 / 3;
    for (;;) {
      const normal = this.nextNormal();
      const cube = (1 + normal / Math.sqrt(9 * shape)) ** 3;
      const uniform = 1 - this.nextFloat();
      if (cube <= 0) continue;
      const bound = normal ** 2 / 2 + shape * (1 - cube + Math.log(cube));
      if (Math.log(uniform) < bound) return 2 * shape * cube;
    }
  }

  /** Shuffles in place (Fisher and Yates) and returns the same array. */
  shuffle<T extends Uint32Array | Int32Array | Float64Array | unknown[]>(values: T): T {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.nextInteger(i + 1);
      const held = values[i];
      values[i] = values[j];
      values[j] = held;
    }
    return values;
  }
}
