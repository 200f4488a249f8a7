import { describe, expect, it } from 'vitest';
import { RandomStream, philox4x32 } from '../../../core/base/random.ts';

describe('philox4x32', () => {
  // Known answers published with the Random123 library (kat_vectors, philox4x32 10).
  it.each([
    [
      [0, 0],
      [0, 0, 0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0xa4093822, 0x299f31d0],
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const)('agrees with the reference for key %j', (key, counter, expected) => {
    const out = new Uint32Array(4);
    philox4x32(key[0], key[1], counter[0], counter[1], counter[2], counter[3], out);
    expect([...out]).toEqual([...expected]);
  });
});

describe('RandomStream', () => {
  it('is a function of seed, stream and place only', () => {
    const draw = (...at: ConstructorParameters<typeof RandomStream>): number[] => {
      const stream = new RandomStream(...at);
      return Array.from({ length: 9 }, () => stream.nextUint32());
    };
    expect(draw(7, 'targetMasks', 3, 1)).toEqual(draw(7, 'targetMasks', 3, 1));
    expect(draw(7, 'targetMasks', 3, 1)).not.toEqual(draw(7, 'sourceMasks', 3, 1));
    expect(draw(7, 'targetMasks', 3, 1)).not.toEqual(draw(7, 'targetMasks', 3, 2));
    expect(draw(7, 'targetMasks', 3, 1)).not.toEqual(draw(8, 'targetMasks', 3, 1));
  });

  it('fills arrays with the integers that it draws one by one', () => {
    // A bound just above 2^31 throws almost half of the numbers away.
    for (const bound of [1, 2, 7, 1000, 2 ** 31 + 1, 2 ** 32 - 1]) {
      const values = new Uint32Array(50);
      const filling = new RandomStream(7, 'bootstrap', bound);
      filling.fillIntegers(values, bound);
      const drawing = new RandomStream(7, 'bootstrap', bound);
      expect([...values]).toEqual(Array.from({ length: 50 }, () => drawing.nextInteger(bound)));
      expect(filling.nextUint32()).toBe(drawing.nextUint32());
    }
  });

  it('draws integers uniformly', () => {
    const stream = new RandomStream(1, 'split');
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < 50_000; i++) {
      const value = stream.nextInteger(5);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    // Chi-square with 4 degrees of freedom; 18.5 is its 99.9 % point.
    const chiSquare = counts.reduce((sum, n) => sum + (n - 10_000) ** 2 / 10_000, 0);
    expect(chiSquare).toBeLessThan(18.5);
  });

  it('shuffles to a permutation', () => {
    const values = new RandomStream(2, 'split').shuffle(Array.from({ length: 100 }, (_, i) => i));
    expect([...values].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(values).not.toEqual([...values].sort((a, b) => a - b));
  });

  it('draws normals with mean 0 and variance 1', () => {
    const stream = new RandomStream(3, 'initialWeights');
    const draws = Array.from({ length: 20_000 }, () => stream.nextNormal());
    const mean = draws.reduce((a, b) => a + b, 0) / draws.length;
    const variance = draws.reduce((a, b) => a + (b - mean) ** 2, 0) / draws.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.04);
  });

  // The 5 % and 95 % points of the distributions, from tables.
  it.each([
    [1, 0.00393, 3.841],
    [2, 0.1026, 5.991],
    [5, 1.145, 11.07],
    [30, 18.49, 43.77],
  ])('draws chi-squared with %i degrees of freedom', (degrees, low, high) => {
    const stream = new RandomStream(4, 'bootstrap');
    const draws = Array.from({ length: 20_000 }, () => stream.nextChiSquared(degrees));
    const share = (isBeyond: (draw: number) => boolean) => draws.filter(isBeyond).length / 20_000;
    expect(Math.abs(share((draw) => draw < low) - 0.05)).toBeLessThan(0.006);
    expect(Math.abs(share((draw) => draw > high) - 0.05)).toBeLessThan(0.006);
  });
});
