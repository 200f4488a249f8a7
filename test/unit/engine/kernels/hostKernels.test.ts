import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../core/base/random.ts';
import { compileKernels } from '../../../../core/engine/kernels/build.ts';
import { createHostKernels } from '../../../../core/engine/kernels/createHostKernels.ts';
import { dropoutPlaceNumber } from '../../../../core/engine/kernels/hostKernels.ts';
import type {
  AdamWArrays,
  AdamWSettings,
  HostKernels,
  PenaltyArrays,
} from '../../../../core/engine/kernels/hostKernels.ts';
import { createReferenceKernels } from '../../../../core/engine/kernels/referenceKernels.ts';

const reference = createReferenceKernels();
const single = createHostKernels();
const threaded = createHostKernels({ threads: 2 });
const implementations = [
  ['TypeScript', reference],
  ['WebAssembly, one thread', single],
  ['WebAssembly, two threads', threaded],
] as const;
const fast = implementations.slice(1);

afterAll(async () => {
  await single.close();
  await threaded.close();
});

const SETTINGS: AdamWSettings = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  step: 3,
  gradientScale: 0.7,
  zeroGradient: false,
};
const SITE = { seed: 2 ** 40 + 5, step: 17, term: 1, microBatch: 2, layer: 3, site: 4 };

function normals(length: number, place: number, scale = 1): Float32Array {
  const stream = new RandomStream(11, 'initialWeights', place);
  return Float32Array.from({ length }, () => scale * stream.nextNormal());
}

function placed(kernels: HostKernels, values: Float32Array): Float32Array {
  const array = kernels.allocate(values.length);
  array.set(values);
  return array;
}

/** The bytes of a copy: quick to compare, and exact for zeros of either sign. */
function bits(array: Float32Array): Buffer {
  return Buffer.from(array.slice().buffer);
}

function expectSameBits(actual: Float32Array, expected: Float32Array): void {
  expect(actual.length).toBe(expected.length);
  expect(Buffer.compare(bits(actual), bits(expected))).toBe(0);
}

function parameter(kernels: HostKernels, length: number, scale = 1): AdamWArrays {
  const arrays = kernels.allocateParameter(length);
  arrays.weights.set(normals(length, 1));
  arrays.gradient.set(normals(length, 2, scale));
  arrays.firstMoment.set(normals(length, 3, scale));
  arrays.secondMoment.set(normals(length, 4, scale).map((value) => value * value));
  return arrays;
}

function expectSameParameter(actual: AdamWArrays, expected: AdamWArrays): void {
  expectSameBits(actual.weights, expected.weights);
  expectSameBits(actual.gradient, expected.gradient);
  expectSameBits(actual.firstMoment, expected.firstMoment);
  expectSameBits(actual.secondMoment, expected.secondMoment);
}

type Floats = (length: number) => Float32Array;

/** Operands of a penalty; `kinds` makes the arrays for gradient, weights, anchor and importance. */
function penaltyOperands(
  length: number,
  withImportance: boolean,
  kinds: readonly [Floats, Floats, Floats, Floats],
): PenaltyArrays {
  const [gradient, weights, anchor, importance] = kinds.map((make, i) => {
    const array = make(length);
    array.set(normals(length, 20 + i));
    return array;
  });
  if (!withImportance) return { gradient, weights, anchor, importance: null };
  importance.forEach((value, i) => {
    importance[i] = value * value;
  });
  return { gradient, weights, anchor, importance };
}

const foreign: Floats = (length) => new Float32Array(length);

const anyFloats = (maxLength: number): fc.Arbitrary<Float32Array> =>
  fc.float32Array({ maxLength, noNaN: true, noDefaultInfinity: true });

it('works on as many threads as asked', () => {
  expect(single.threads).toBe(1);
  expect(threaded.threads).toBe(2);
});

describe('kernels.wasm', () => {
  it('is what its source compiles to', async () => {
    const path = join(import.meta.dirname, '../../../../core/engine/kernels/kernels.wasm');
    expect(Buffer.from(await compileKernels()).equals(readFileSync(path))).toBe(true);
  });
});

const GOLDEN = {
  first: 0.4989950001,
  second: 0.4994841999612,
  firstMoment: -0.021,
  secondMoment: 9.999e-5,
};

describe.each(implementations)('AdamW in %s', (_name, kernels) => {
  // Computed with Python's decimal module at 40 digits from the algorithm in the paper: two updates
  // of w = 0.5, gradients 0.1 and −0.3, lr 0.001, betas 0.9 and 0.999, ε 1e-8, λ 0.01.
  it('gives the published algorithm its numbers', () => {
    const arrays = kernels.allocateParameter(1);
    const settings = { ...SETTINGS, gradientScale: 1 };
    arrays.weights[0] = 0.5;
    arrays.gradient[0] = 0.1;
    kernels.adamW(arrays, { ...settings, step: 1 });
    expect(arrays.weights[0]).toBeCloseTo(GOLDEN.first, 7);
    arrays.gradient[0] = -0.3;
    kernels.adamW(arrays, { ...settings, step: 2 });
    expect(arrays.weights[0]).toBeCloseTo(GOLDEN.second, 7);
    expect(arrays.firstMoment[0]).toBeCloseTo(GOLDEN.firstMoment, 8);
    expect(arrays.secondMoment[0]).toBeCloseTo(GOLDEN.secondMoment, 10);
  });

  it('follows the algorithm in double precision over 50 updates', () => {
    const length = 257;
    const arrays = parameter(kernels, length);
    const weights = Float64Array.from(arrays.weights);
    const first = Float64Array.from(arrays.firstMoment);
    const second = Float64Array.from(arrays.secondMoment);
    for (let step = 1; step <= 50; step++) {
      const gradient = normals(length, 100 + step, 0.1);
      arrays.gradient.set(gradient);
      kernels.adamW(arrays, { ...SETTINGS, step });
      for (let i = 0; i < length; i++) {
        const g = SETTINGS.gradientScale * gradient[i];
        first[i] = 0.9 * first[i] + 0.1 * g;
        second[i] = 0.999 * second[i] + 0.001 * g * g;
        const root = Math.sqrt(second[i] / (1 - 0.999 ** step)) + SETTINGS.epsilon;
        const change = first[i] / (1 - 0.9 ** step) / root;
        weights[i] = weights[i] * (1 - 1e-3 * 0.01) - 1e-3 * change;
      }
    }
    for (let i = 0; i < length; i++) expect(arrays.weights[i]).toBeCloseTo(weights[i], 4);
  });

  it('scales the gradient on the fly and leaves zeros when asked', () => {
    const scaled = parameter(kernels, 100);
    const given = parameter(kernels, 100);
    for (let i = 0; i < 100; i++) scaled.gradient[i] = Math.fround(scaled.gradient[i] * 0.5);
    kernels.adamW(scaled, { ...SETTINGS, gradientScale: 1 });
    kernels.adamW(given, { ...SETTINGS, gradientScale: 0.5, zeroGradient: true });
    expectSameBits(given.weights, scaled.weights);
    expect(given.gradient).toEqual(new Float32Array(100));
  });

  it('lets moments below the normal numbers vanish', () => {
    const arrays = kernels.allocateParameter(9);
    arrays.firstMoment.fill(1e-38);
    arrays.secondMoment.fill(1e-40);
    arrays.gradient.fill(0);
    kernels.adamW(arrays, SETTINGS);
    expectSameBits(arrays.firstMoment, new Float32Array(9));
    expectSameBits(arrays.secondMoment, new Float32Array(9));
    expectSameBits(arrays.weights, new Float32Array(9));
  });

  it('refuses arrays of different lengths', () => {
    const { weights, gradient, firstMoment } = kernels.allocateParameter(8);
    const secondMoment = kernels.allocate(7);
    const arrays = { weights, gradient, firstMoment, secondMoment };
    expect(() => kernels.adamW(arrays, SETTINGS)).toThrow(RangeError);
  });
});

describe.each(fast)('%s agrees with TypeScript bit for bit', (_name, kernels) => {
  it.each([0, 1, 3, 4, 5, 31, 130, 65_537, 300_003])('in AdamW on %i values', (length) => {
    for (const [scale, zeroGradient] of [
      [1, false],
      [1e-19, true],
    ] as const) {
      const expected = parameter(reference, length, scale);
      const actual = parameter(kernels, length, scale);
      for (let step = 1; step <= 3; step++) {
        reference.adamW(expected, { ...SETTINGS, step, zeroGradient });
        kernels.adamW(actual, { ...SETTINGS, step, zeroGradient });
        expectSameParameter(actual, expected);
      }
    }
  });

  it('in AdamW on arrays that live elsewhere', () => {
    const length = 70_001;
    const expected = parameter(reference, length);
    const actual = { ...parameter(reference, length), weights: kernels.allocate(length) };
    actual.weights.set(normals(length, 1));
    reference.adamW(expected, { ...SETTINGS, zeroGradient: true });
    kernels.adamW(actual, { ...SETTINGS, zeroGradient: true });
    expectSameParameter(actual, expected);
  });

  it('in AdamW on any values', () => {
    fc.assert(
      fc.property(anyFloats(40), fc.double({ min: -1, max: 1, noNaN: true }), (values, scale) => {
        const run = (of: HostKernels): AdamWArrays => {
          const arrays = of.allocateParameter(values.length);
          arrays.weights.set(values);
          arrays.gradient.set(values.toReversed());
          arrays.firstMoment.set(values.map((value) => value / 3));
          arrays.secondMoment.set(values.map(Math.abs));
          of.adamW(arrays, { ...SETTINGS, gradientScale: scale });
          return arrays;
        };
        const [expected, actual] = [run(reference), run(kernels)];
        // NaN has many representations, so values are compared, not bits.
        expect(actual.weights).toEqual(expected.weights);
        expect(actual.firstMoment).toEqual(expected.firstMoment);
        expect(actual.secondMoment).toEqual(expected.secondMoment);
      }),
    );
  });

  it.each([0, 1, 7, 8, 9, 65_535, 65_536, 65_543, 400_001])('in the norm of %i', (length) => {
    const values = normals(length, 5);
    const expected = reference.squaredNorm(values);
    expect(kernels.squaredNorm(placed(kernels, values))).toBe(expected);
    expect(kernels.squaredNorm(values)).toBe(expected);
  });

  it('in the norm of any values', () => {
    fc.assert(
      fc.property(anyFloats(100), (values) => {
        expect(kernels.squaredNorm(values)).toBe(reference.squaredNorm(values));
      }),
    );
  });

  it.each([1, 6, 1_000, 200_003])('in accumulating %i values', (length) => {
    const source = normals(length, 6);
    const expected = normals(length, 7);
    const inPlace = placed(kernels, expected);
    const halfForeign = placed(kernels, expected);
    const foreign = expected.slice();
    reference.accumulate(expected, source, 0.3);
    kernels.accumulate(inPlace, placed(kernels, source), 0.3);
    kernels.accumulate(halfForeign, source, 0.3);
    kernels.accumulate(foreign, source, 0.3);
    for (const actual of [inPlace, halfForeign, foreign]) {
      expectSameBits(actual, expected);
    }
  });

  it.each([0, 1, 2, 3, 4, 7, 65_535, 65_536, 65_539, 200_001])(
    'in the product and the distance of %i values',
    (length) => {
      const [a, b] = [normals(length, 12), normals(length, 13)];
      const inPlace = placed(kernels, a);
      for (const left of [inPlace, a]) {
        for (const right of [placed(kernels, b), b]) {
          expect(kernels.dot(left, right)).toBe(reference.dot(a, b));
          expect(kernels.squaredDistance(left, right)).toBe(reference.squaredDistance(a, b));
        }
      }
      expect(kernels.dot(inPlace, inPlace)).toBe(reference.dot(a, a));
    },
  );

  it('in the product and the distance of any values', () => {
    fc.assert(
      fc.property(anyFloats(100), (values) => {
        const other = values.toReversed();
        expect(kernels.dot(values, other)).toBe(reference.dot(values, other));
        const distance = kernels.squaredDistance(values, other);
        expect(distance).toBe(reference.squaredDistance(values, other));
      }),
    );
  });

  it.each([0, 1, 6, 1_000, 200_003])('in adding squares of %i values', (length) => {
    const source = normals(length, 14);
    const expected = normals(length, 15);
    const inPlace = placed(kernels, expected);
    const halfForeign = placed(kernels, expected);
    const elsewhere = expected.slice();
    reference.addSquares(expected, source);
    kernels.addSquares(inPlace, placed(kernels, source));
    kernels.addSquares(halfForeign, source);
    kernels.addSquares(elsewhere, source);
    for (const actual of [inPlace, halfForeign, elsewhere]) expectSameBits(actual, expected);
  });

  describe.each([1, 2, 3, 4, 5, 65_535, 65_536, 65_541, 140_003])(
    "in a penalty's gradient of %i values",
    (length) => {
      const here: Floats = (each) => kernels.allocate(each);
      it.each([
        ['in place', [here, here, here, here]],
        ['elsewhere', [foreign, foreign, foreign, foreign]],
        ['some of them elsewhere', [here, here, foreign, foreign]],
      ] as const)('%s', (_where, kinds) => {
        for (const withImportance of [false, true]) {
          const everywhere = [foreign, foreign, foreign, foreign] as const;
          const expected = penaltyOperands(length, withImportance, everywhere);
          const actual = penaltyOperands(length, withImportance, kinds);
          const sums = reference.addPenaltyGradient(expected, 0.3);
          expect(kernels.addPenaltyGradient(actual, 0.3)).toEqual(sums);
          expectSameBits(actual.gradient, expected.gradient);
          expectSameBits(actual.weights, expected.weights);
        }
      });
    },
  );

  it("in a penalty's gradient beside a parameter", () => {
    const length = 70_003;
    const arrays = parameter(kernels, length);
    const anchor = kernels.allocateBeside(arrays.weights);
    const importance = kernels.allocateBeside(arrays.weights);
    anchor.set(normals(length, 22));
    importance.set(normals(length, 23).map(Math.abs));
    const { weights, gradient } = arrays;
    const expected = { gradient: gradient.slice(), weights, anchor, importance };
    const sums = reference.addPenaltyGradient(expected, 7);
    expect(kernels.addPenaltyGradient({ ...expected, gradient }, 7)).toEqual(sums);
    expectSameBits(gradient, expected.gradient);
  });

  it('in adding rows, whatever repeats', () => {
    const rowsOfTable = 13;
    fc.assert(
      fc.property(
        fc.array(fc.nat(rowsOfTable - 1), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        (indices, width) => {
          const rowIndices = Int32Array.from(indices);
          const rows = normals(indices.length * width, 8);
          const expected = normals(rowsOfTable * width, 9);
          const inPlace = placed(kernels, expected);
          const foreign = expected.slice();
          reference.addRows(expected, rowIndices, rows, 0.1);
          kernels.addRows(inPlace, rowIndices, placed(kernels, rows), 0.1);
          kernels.addRows(foreign, rowIndices, rows, 0.1);
          expectSameBits(inPlace, expected);
          expectSameBits(foreign, expected);
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each([1, 8, 31, 32, 33, 1_000, 200_007])('in dropout masks of %i', (length) => {
    for (const probability of [0, 0.1, 0.5, 0.9999]) {
      const request = { ...SITE, probability };
      const expected = new Float32Array(length);
      reference.dropoutMask(expected, request);
      const floats = kernels.allocate(length);
      kernels.dropoutMask(floats, request);
      expectSameBits(floats, expected);
      const bytes = kernels.allocateBytes(length);
      kernels.dropoutMask(bytes, request);
      expect(bytes).toEqual(Uint8Array.from(expected, (value) => (value === 0 ? 0 : 1)));
      const foreign = new Float32Array(length);
      kernels.dropoutMask(foreign, request);
      expectSameBits(foreign, expected);
    }
  });

  it('200 times over, with neighbours untouched', () => {
    const length = 150_001;
    const arrays = parameter(kernels, length);
    const anchor = kernels.allocateBeside(arrays.weights);
    const neighbour = kernels.allocate(64).fill(7);
    const rowIndices = Int32Array.from({ length: 500 }, (_, i) => (i * i) % 7);
    const rows = placed(kernels, normals(500 * 16, 10));
    const mask = kernels.allocate(length);
    const start = parameter(reference, length);
    const outcome = (): Buffer[] => {
      arrays.weights.set(start.weights);
      arrays.gradient.set(start.gradient);
      arrays.firstMoment.set(start.firstMoment);
      arrays.secondMoment.set(start.secondMoment);
      kernels.adamW(arrays, SETTINGS);
      kernels.addRows(arrays.gradient.subarray(0, 7 * 16), rowIndices, rows, 1);
      kernels.dropoutMask(mask, { ...SITE, probability: 0.1 });
      const norm = Float32Array.of(kernels.squaredNorm(arrays.gradient));
      anchor.set(start.weights);
      const { weights, gradient } = arrays;
      const penalty = { gradient, weights, anchor, importance: null };
      const sums = Object.values(kernels.addPenaltyGradient(penalty, 0.1) as object) as number[];
      kernels.addSquares(anchor, gradient);
      const others = [kernels.dot(weights, gradient), kernels.squaredDistance(weights, anchor)];
      const numbers = Float32Array.from([...sums, ...others]);
      return [weights, gradient, mask, norm, anchor, numbers].map(bits);
    };
    const expected = outcome();
    for (let repeat = 0; repeat < 200; repeat++) {
      outcome().forEach((actual, i) => {
        expect(Buffer.compare(actual, expected[i])).toBe(0);
      });
    }
    expect(neighbour).toEqual(new Float32Array(64).fill(7));
  });
});

describe.each(implementations)('%s', (_name, kernels) => {
  it('adds rows in their order', () => {
    const table = placed(kernels, Float32Array.of(1, 2, 3, 4));
    const rows = Float32Array.of(10, 20, 30, 40, 50, 60);
    kernels.addRows(table, Int32Array.of(1, 0, 1), rows, 0.5);
    expect([...table]).toEqual([16, 22, 33, 44]);
  });

  it('refuses a row outside the table and writes nothing', () => {
    const table = placed(kernels, Float32Array.of(1, 2, 3, 4));
    const rows = Float32Array.of(10, 20, 30, 40);
    for (const wrong of [-1, 2]) {
      expect(() => kernels.addRows(table, Int32Array.of(0, wrong), rows, 1)).toThrow(RangeError);
    }
    expect([...table]).toEqual([1, 2, 3, 4]);
  });

  it('sums squares in double precision', () => {
    const values = Float32Array.of(2 ** -100, 3 * 2 ** 70, 4 * 2 ** 70);
    expect(kernels.squaredNorm(values)).toBe(25 * 2 ** 140);
    expect(kernels.squaredNorm(Float32Array.of(NaN))).toBeNaN();
    expect(kernels.squaredNorm(Float32Array.of(-Infinity, 1))).toBe(Infinity);
  });

  it('sums products and distances in double precision', () => {
    const a = Float32Array.of(2 ** 30, 1, 3, 2 ** -100, -2);
    const b = Float32Array.of(1, 2 ** -30, -2, 2 ** 100, 5);
    expect(kernels.dot(a, b)).toBe(2 ** 30 + 2 ** -30 - 6 + 1 - 10);
    expect(kernels.squaredDistance(Float32Array.of(2 ** 24, 1), Float32Array.of(-1, 1))).toBe(
      (2 ** 24 + 1) ** 2,
    );
    expect(kernels.dot(Float32Array.of(NaN), Float32Array.of(0))).toBeNaN();
  });

  it("adds a penalty's gradient and tells its sums", () => {
    const arrays = {
      gradient: Float32Array.of(1, 2, 3, 4, 5),
      weights: Float32Array.of(1, 1, 1, 1, 3),
      anchor: Float32Array.of(0, 1, 3, -1, 1),
      importance: Float32Array.of(1, 5, 2, 0, 4),
    };
    const sums = kernels.addPenaltyGradient(arrays, 0.5);
    // p = 0.5 importance (weights − anchor) = 0.5, 0, −2, 0, 4.
    expect([...arrays.gradient]).toEqual([1.5, 2, 1, 4, 9]);
    expect(sums).toEqual({
      twiceValue: 0.5 + 4 + 8,
      penaltySquares: 0.25 + 4 + 16,
      squaresBefore: 1 + 4 + 9 + 16 + 25,
      squaresAfter: 2.25 + 4 + 1 + 16 + 81,
    });
    const unit = kernels.addPenaltyGradient({ ...arrays, importance: null }, 2);
    expect([...arrays.gradient]).toEqual([3.5, 2, -3, 8, 13]);
    expect(unit.twiceValue).toBe(2 * (1 + 4 + 4 + 4));
  });

  it('refuses operands of different lengths', () => {
    const [three, four] = [kernels.allocate(3), kernels.allocate(4)];
    const operands = { gradient: three, weights: three, anchor: three, importance: four };
    expect(() => kernels.dot(three, four)).toThrow(RangeError);
    expect(() => kernels.squaredDistance(three, four)).toThrow(RangeError);
    expect(() => {
      kernels.addSquares(three, four);
    }).toThrow(RangeError);
    expect(() => kernels.addPenaltyGradient(operands, 1)).toThrow(RangeError);
    expect(() =>
      kernels.addPenaltyGradient({ ...operands, anchor: four, importance: null }, 1),
    ).toThrow(RangeError);
  });

  it('drops the asked share and keeps the mean', () => {
    const mask = kernels.allocate(400_000);
    kernels.dropoutMask(mask, { ...SITE, probability: 0.1 });
    const dropped = mask.reduce((count, value) => count + (value === 0 ? 1 : 0), 0);
    const deviation = Math.sqrt(400_000 * 0.1 * 0.9);
    expect(Math.abs(dropped - 40_000)).toBeLessThan(5 * deviation);
    const kept = 1 - Math.round(0.1 * 65536) / 65536;
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / kept)]));
  });

  it('draws other masks at other places', () => {
    const mask = (change: object): string => {
      const bytes = kernels.allocateBytes(64);
      kernels.dropoutMask(bytes, { ...SITE, probability: 0.5, ...change });
      return bytes.join('');
    };
    const places = [{}, { seed: 6 }, { step: 18 }, { term: 0 }, { microBatch: 0 }, { layer: 0 }];
    expect(new Set([...places, { site: 0 }].map(mask)).size).toBe(places.length + 1);
    expect(mask({})).toBe(mask({}));
  });

  it.each([-0.1, 1, Number.NaN])('refuses the dropout probability %d', (probability) => {
    const mask = kernels.allocate(8);
    expect(() => kernels.dropoutMask(mask, { ...SITE, probability })).toThrow(RangeError);
  });
});

describe('the dropout place number', () => {
  it('is different for different sites and fits 32 bits', () => {
    const site = fc.record({
      term: fc.nat(255),
      microBatch: fc.nat(2 ** 14 - 1),
      layer: fc.nat(127),
      site: fc.nat(7),
    });
    fc.assert(
      fc.property(site, site, (a, b) => {
        const [first, second] = [dropoutPlaceNumber(a), dropoutPlaceNumber(b)];
        expect(first).toBe(first >>> 0);
        expect(first === second).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
    expect(() => dropoutPlaceNumber({ ...SITE, layer: 128 })).toThrow(RangeError);
  });
});

describe('allocation', () => {
  it('gives zeros at aligned places that do not overlap', () => {
    const arrays = [5, 1, 0, 17, 64].map((length) => single.allocate(length));
    const spans = arrays.map((array) => {
      expect(array.every((value) => value === 0)).toBe(true);
      expect(array.byteOffset % 64).toBe(0);
      return [array.byteOffset, array.byteOffset + array.byteLength];
    });
    spans.slice(1).forEach(([start], i) => expect(start).toBeGreaterThanOrEqual(spans[i][1]));
  });

  it('gives places beside a parameter, in its memory as long as they last', () => {
    const { weights, gradient, secondMoment } = single.allocateParameter(1000);
    single.allocate(100 * 2 ** 20);
    single.allocate(100 * 2 ** 20);
    const beside = [weights, gradient, secondMoment, weights].map((array) =>
      single.allocateBeside(array),
    );
    const all = [weights, gradient, secondMoment, ...beside];
    for (const array of beside) {
      expect(array.length).toBe(1000);
      expect(array.buffer).toBe(weights.buffer);
      expect(array.every((value) => value === 0)).toBe(true);
    }
    expect(new Set(all.map(({ byteOffset }) => byteOffset)).size).toBe(all.length);
    const fifth = single.allocateBeside(weights);
    expect(fifth.length).toBe(1000);
    expect(fifth.buffer).not.toBe(weights.buffer);
    expect(single.allocateBeside(new Float32Array(7)).length).toBe(7);
  });

  it('spreads over several memories and works across them', () => {
    const length = 70 * 2 ** 20;
    const [first, second] = [single.allocate(length), single.allocate(length)];
    expect(first.buffer).not.toBe(second.buffer);
    first.subarray(0, 10).fill(1);
    single.accumulate(second.subarray(0, 10), first.subarray(0, 10), 2);
    expect([...second.subarray(0, 11)]).toEqual([...new Array<number>(10).fill(2), 0]);
  });

  it('gives a request above the size of an arena its own', () => {
    const large = threaded.allocate(140 * 2 ** 20);
    const end = large.subarray(large.length - 200_000).fill(2);
    expect(threaded.squaredNorm(end)).toBe(800_000);
  });
});
