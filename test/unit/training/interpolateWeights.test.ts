import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../core/base/random.ts';
import { interpolateWeights } from '../../../core/training/interpolateWeights.ts';

function weights(seed: number, scale: number): Map<string, Float32Array> {
  const random = new RandomStream(seed, 'demoText', 0);
  const values = (count: number): Float32Array =>
    Float32Array.from({ length: count }, () => scale * (random.nextFloat() - 0.5));
  return new Map([
    ['a', values(1000)],
    ['b', values(7)],
  ]);
}

const bits = (array: Float32Array | undefined): string =>
  Buffer.from(array?.buffer ?? new ArrayBuffer(0)).toString('hex');

describe('interpolateWeights', () => {
  // Of very different sizes, so that θ* + 1 (θ − θ*) in float32 is not θ.
  const [base, tuned] = [weights(1, 1e6), weights(2, 1e-6)];
  base.get('b')?.set([-0, 0, 1e-45, -1e-45, 3.4e38, -3.4e38, 1]);

  it.each([
    [0, base],
    [1, tuned],
  ])('with α = %d gives that end bit for bit, in arrays of its own', (alpha, end) => {
    const between = interpolateWeights(base, tuned, alpha);
    for (const [name, values] of end) {
      expect(bits(between.get(name))).toBe(bits(values));
      expect(between.get(name)).not.toBe(values);
    }
  });

  it('rounds θ* + α (θ − θ*) once', () => {
    const between = interpolateWeights(base, tuned, 0.3);
    for (const [name, values] of between) {
      for (const [i, value] of values.entries()) {
        const anchor = base.get(name)?.[i] ?? Number.NaN;
        const end = tuned.get(name)?.[i] ?? Number.NaN;
        expect(value).toBe(Math.fround(anchor + 0.3 * (end - anchor)));
      }
    }
  });

  it('keeps a weight that training did not move', () => {
    const same = interpolateWeights(base, base, 0.7);
    // As numbers: −0 becomes 0.
    for (const [name, values] of base) {
      expect(values.every((value, i) => value === same.get(name)?.[i])).toBe(true);
    }
  });

  it('refuses weights that do not match', () => {
    expect(() => interpolateWeights(base, new Map(), 0.5)).toThrow('"a"');
    const other = new Map([...tuned, ['b', new Float32Array(3)]]);
    expect(() => interpolateWeights(base, other, 0.5)).toThrow('"b"');
  });
});
