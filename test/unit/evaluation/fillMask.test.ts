import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MaskDistribution,
  countMasks,
  windowAround,
  withMaskToken,
} from '../../../core/evaluation/fillMask.ts';

describe('masks of a text', () => {
  it('are known in either way of writing them', () => {
    expect(countMasks('a [MASK] and <mask>, no [mask] and no MASK')).toBe(2);
    expect(countMasks('none')).toBe(0);
  });

  it('become the token of the model, which may hold signs of replacement patterns', () => {
    expect(withMaskToken('a [MASK] b <mask>.', '<mask>')).toBe('a <mask> b <mask>.');
    expect(withMaskToken('[MASK]', '$&$1')).toBe('$&$1');
  });
});

describe('windowAround', () => {
  it('is the whole text when that fits', () => {
    expect(windowAround(10, [9], 10)).toEqual({ from: 0, to: 10 });
  });

  it('has the masks in its middle, or as near to it as the ends of the text allow', () => {
    expect(windowAround(100, [50], 11)).toEqual({ from: 45, to: 56 });
    expect(windowAround(100, [2], 11)).toEqual({ from: 0, to: 11 });
    expect(windowAround(100, [99], 11)).toEqual({ from: 89, to: 100 });
  });

  it('is none when the masks lie too far apart', () => {
    expect(windowAround(100, [10, 19], 10)).toEqual({ from: 10, to: 20 });
    expect(windowAround(100, [10, 20], 10)).toBeUndefined();
  });

  it('holds every mask, and as many tokens as there is room for', () => {
    const texts = fc
      .tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 60 }))
      .chain(([length, room]) =>
        fc.record({
          length: fc.constant(length),
          room: fc.constant(room),
          masks: fc
            .uniqueArray(fc.integer({ min: 0, max: length - 1 }), { minLength: 1, maxLength: 5 })
            .map((positions) => positions.sort((a, b) => a - b)),
        }),
      );
    fc.assert(
      fc.property(texts, ({ length, room, masks }) => {
        const window = windowAround(length, masks, room);
        const span = (masks.at(-1) ?? 0) - (masks[0] ?? 0) + 1;
        expect(window === undefined).toBe(span > room && length > room);
        if (window === undefined) return;
        expect(window.to - window.from).toBe(Math.min(length, room));
        expect(window.from).toBeGreaterThanOrEqual(0);
        expect(window.to).toBeLessThanOrEqual(length);
        for (const mask of masks) expect(mask >= window.from && mask < window.to).toBe(true);
      }),
    );
  });
});

describe('MaskDistribution', () => {
  it('has the probabilities of a softmax, however large the logits', () => {
    const distribution = new MaskDistribution(Float32Array.of(1000, 1000 + Math.log(3), -1000));
    expect(distribution.probability(0)).toBeCloseTo(0.25, 4);
    expect(distribution.probability(1)).toBeCloseTo(0.75, 4);
    expect(distribution.probability(2)).toBe(0);
  });

  it('lists what a full sort would, with ranks that agree with those of single tokens', () => {
    const logits = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(logits, fc.integer({ min: 1, max: 50 }), (values, count) => {
        const distribution = new MaskDistribution(Float32Array.from(values));
        const sorted = [...values.keys()].sort(
          (a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b,
        );
        const top = distribution.top(count);
        expect(top.map(({ id }) => id)).toEqual(sorted.slice(0, count));
        for (const ranked of top) expect(distribution.rankOf(ranked.id)).toEqual(ranked);
      }),
    );
  });
});
