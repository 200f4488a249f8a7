import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CollatorOptions } from '../../../core/text/collator.ts';
import { collate } from '../../../core/text/collator.ts';
import type { TokenWindow } from '../../../core/text/types.ts';

const tokenizer = {
  vocabSize: 1000,
  specialTokens: { pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 },
  specialIds: new Set([0, 1, 2, 3, 4]),
};

function options(changes: Partial<CollatorOptions> = {}): CollatorOptions {
  return {
    tokenizer,
    mlmProbability: 0.15,
    wholeWordMask: false,
    place: { seed: 7, stream: 'targetMasks', step: 3, microBatch: 1 },
    padTo: 64,
    ...changes,
  };
}

/** A window over the given ids; `wordStarts` may be shorter and is then filled with ones. */
function windowOf(ids: readonly number[], wordStarts: readonly number[] = []): TokenWindow {
  const inner = Uint8Array.from(ids, (_, index) => wordStarts[index] ?? 1);
  return {
    inputIds: Int32Array.from([2, ...ids, 3]),
    wordStarts: Uint8Array.from([0, ...inner, 0]),
    document: 0,
  };
}

const arbitraryWindow = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 999 }), fc.constantFrom(0, 1)), { maxLength: 62 })
  .map((tokens) =>
    windowOf(
      tokens.map(([id]) => id),
      tokens.map(([, start]) => start),
    ),
  );

const arbitraryBatch = fc.record({
  windows: fc.array(arbitraryWindow, { minLength: 1, maxLength: 6 }),
  step: fc.nat(2 ** 31),
  wholeWordMask: fc.boolean(),
  mlmProbability: fc.constantFrom(0.01, 0.15, 0.5, 0.99),
});

describe('collate', () => {
  it('scores maskable tokens only, labels them truly, and leaves all others as they are', () => {
    fc.assert(
      fc.property(arbitraryBatch, ({ windows, step, wholeWordMask, mlmProbability }) => {
        const batch = collate(
          windows,
          options({
            wholeWordMask,
            mlmProbability,
            place: { seed: 1, stream: 'sourceMasks', step, microBatch: 0 },
          }),
        );
        expect(batch.batchSize).toBe(windows.length);
        expect(batch.inputIds).toHaveLength(windows.length * 64);
        const scored = new Map([...batch.positions].map((at, index) => [at, batch.labels[index]]));
        expect(scored.size).toBe(batch.positions.length);
        expect([...batch.positions]).toEqual([...batch.positions].sort((a, b) => a - b));
        let maskable = 0;
        for (const [row, window] of windows.entries()) {
          for (let column = 0; column < 64; column++) {
            const at = row * 64 + column;
            const inside = column < window.inputIds.length;
            const original = inside ? window.inputIds[column] : 0;
            expect(batch.attentionMask[at]).toBe(inside ? 1 : 0);
            const label = scored.get(at);
            if (inside && original > 4) maskable++;
            if (label === undefined) {
              expect(batch.inputIds[at]).toBe(original);
            } else {
              expect(inside && original > 4).toBe(true);
              expect(label).toBe(original);
              const shown = batch.inputIds[at];
              expect(shown === 4 || (shown > 4 && shown < 1000)).toBe(true);
            }
          }
        }
        expect(scored.size > 0).toBe(maskable > 0);
      }),
    );
  });

  it('gives the same batch at the same place and another one elsewhere', () => {
    const windows = [windowOf(Array.from({ length: 60 }, (_, index) => 10 + index))];
    expect(collate(windows, options())).toEqual(collate(windows, options()));
    const places = [
      { seed: 7, stream: 'targetMasks', step: 3, microBatch: 1 },
      { seed: 8, stream: 'targetMasks', step: 3, microBatch: 1 },
      { seed: 7, stream: 'sourceMasks', step: 3, microBatch: 1 },
      { seed: 7, stream: 'targetMasks', step: 4, microBatch: 1 },
      { seed: 7, stream: 'targetMasks', step: 3, microBatch: 2 },
    ] as const;
    const batches = places.map((place) => String(collate(windows, options({ place })).positions));
    expect(new Set(batches).size).toBe(places.length);
  });

  it.each([false, true])(
    'keeps the published rates over many draws (whole words: %s)',
    (wholeWordMask) => {
      const ids = Array.from({ length: 60 }, (_, index) => 10 + index * 15);
      const starts = ids.map((_, index) => (index % 3 === 0 ? 1 : 0));
      const windows = Array.from({ length: 16 }, () => windowOf(ids, starts));
      let tokens = 0;
      let scored = 0;
      let masked = 0;
      let changed = 0;
      const replacements = new Set<number>();
      for (let step = 0; step < 300; step++) {
        const place = { seed: 5, stream: 'targetMasks', step, microBatch: 0 } as const;
        const batch = collate(windows, options({ place, wholeWordMask }));
        tokens += windows.length * ids.length;
        scored += batch.positions.length;
        for (const [index, at] of batch.positions.entries()) {
          const shown = batch.inputIds[at];
          if (shown === 4) masked++;
          else if (shown !== batch.labels[index]) {
            changed++;
            replacements.add(shown);
          }
        }
      }
      // Six standard deviations of the binomial counts.
      const within = (count: number, trials: number, share: number): void => {
        const deviation = Math.sqrt(trials * share * (1 - share));
        expect(Math.abs(count - trials * share)).toBeLessThan(6 * deviation);
      };
      if (wholeWordMask) expect(scored).toBe(300 * 16 * 9);
      else within(scored, tokens, 0.15);
      within(masked, scored, 0.8);
      // A token drawn at random is the true one in 1 of 995 draws.
      within(changed, scored, 0.1 * (994 / 995));
      expect(replacements.size).toBeGreaterThan(950);
    },
  );

  it('chooses every maskable token equally often', () => {
    const windows = [windowOf(Array.from({ length: 20 }, (_, index) => 10 + index))];
    const counts = new Array<number>(20).fill(0);
    const draws = 4000;
    for (let step = 0; step < draws; step++) {
      const place = { seed: 9, stream: 'targetMasks', step, microBatch: 0 } as const;
      for (const at of collate(windows, options({ place })).positions) counts[at - 1]++;
    }
    const deviation = Math.sqrt(draws * 0.15 * 0.85);
    // Slightly above 15 %: a batch without a chosen token gets one.
    const expected = draws * (0.15 + 0.85 ** 20 / 20);
    for (const count of counts) expect(Math.abs(count - expected)).toBeLessThan(6 * deviation);
  });

  it('masks whole words or nothing of them', () => {
    fc.assert(
      fc.property(fc.array(arbitraryWindow, { minLength: 1, maxLength: 4 }), (windows) => {
        const batch = collate(windows, options({ wholeWordMask: true, mlmProbability: 0.3 }));
        const scored = new Set(batch.positions);
        for (const [row, window] of windows.entries()) {
          for (let column = 1; column < window.inputIds.length; column++) {
            const continues =
              window.wordStarts[column] === 0 &&
              window.inputIds[column] > 4 &&
              window.inputIds[column - 1] > 4;
            if (!continues) continue;
            const at = row * 64 + column;
            expect(scored.has(at)).toBe(scored.has(at - 1));
          }
        }
      }),
    );
  });

  it('has nothing to score where every token is special', () => {
    const batch = collate([windowOf([]), windowOf([1, 1])], options());
    expect(batch.positions).toHaveLength(0);
    expect(batch.labels).toHaveLength(0);
  });

  it('refuses a window longer than the padded length', () => {
    expect(() => collate([windowOf([5, 6, 7])], options({ padTo: 4 }))).toThrow(RangeError);
  });
});
