import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import { RandomStream } from '../../../core/base/random.ts';
import { assignSplits, DEFAULT_SPLIT_SHARES } from '../../../core/text/splits.ts';
import type { Groups } from '../../../core/text/splits.ts';

function randomGroups(seed: number, sizes: readonly number[]): Groups {
  const random = new RandomStream(seed, 'demoText');
  return {
    keys: Uint32Array.from({ length: sizes.length * 2 }, () => random.nextUint32()),
    documents: Uint32Array.from(sizes),
  };
}

function documentsOf(groups: Groups, splits: Uint8Array): [number, number, number] {
  const counts: [number, number, number] = [0, 0, 0];
  for (const [group, split] of splits.entries()) counts[split] += groups.documents[group];
  return counts;
}

const ones = (count: number): number[] => new Array<number>(count).fill(1);

describe('assignSplits', () => {
  it('comes close to the shares asked for', () => {
    const groups = randomGroups(1, ones(20_000));
    const [train, validation, test] = documentsOf(
      groups,
      assignSplits(groups, DEFAULT_SPLIT_SHARES, 7),
    );
    // Standard deviation of a binomial count: √(20,000 × 0.05 × 0.95) = 31; four of them.
    expect(Math.abs(validation - 1000)).toBeLessThan(124);
    expect(Math.abs(test - 1000)).toBeLessThan(124);
    expect(train + validation + test).toBe(20_000);
  });

  it('keeps the split of every group when others are added or the order changes', () => {
    const groups = randomGroups(2, ones(5000));
    const before = assignSplits(groups, DEFAULT_SPLIT_SHARES, 3);
    const grown = randomGroups(2, ones(9000));
    expect(grown.keys.subarray(0, 10_000)).toEqual(groups.keys);
    expect(assignSplits(grown, DEFAULT_SPLIT_SHARES, 3).subarray(0, 5000)).toEqual(before);

    const reversed = new Uint32Array(10_000);
    for (let group = 0; group < 5000; group++) {
      reversed.set(groups.keys.subarray(group * 2, group * 2 + 2), (4999 - group) * 2);
    }
    const turned = assignSplits({ ...groups, keys: reversed }, DEFAULT_SPLIT_SHARES, 3);
    expect([...turned].reverse()).toEqual([...before]);
  });

  it('depends on the seed', () => {
    const groups = randomGroups(2, ones(1000));
    const splits = (seed: number): Uint8Array => assignSplits(groups, DEFAULT_SPLIT_SHARES, seed);
    expect(splits(1)).toEqual(splits(1));
    expect(splits(1)).not.toEqual(splits(2));
  });

  it('leaves no split empty from three groups on, whatever their sizes', () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 10_000 }));
    fc.assert(
      fc.property(fc.array(size, { minLength: 3, maxLength: 60 }), fc.nat(), (sizes, seed) => {
        const splits = assignSplits(randomGroups(seed, sizes), DEFAULT_SPLIT_SHARES, seed);
        for (const split of [0, 1, 2]) expect(splits).toContain(split);
      }),
    );
  });

  it('holds out about the shares of a small corpus, and never lets one group be a held-out split', () => {
    for (const sizes of [ones(40), new Array<number>(50).fill(20), [...ones(2000), 700, 60]]) {
      const groups = randomGroups(4, sizes);
      const total = sizes.reduce((sum, value) => sum + value, 0);
      for (let seed = 0; seed < 50; seed++) {
        const splits = assignSplits(groups, DEFAULT_SPLIT_SHARES, seed);
        const [, validation, test] = documentsOf(groups, splits);
        for (const held of [validation, test]) {
          expect(held).toBeGreaterThanOrEqual(Math.min(total * 0.025, 1));
          expect(held).toBeLessThanOrEqual(total * 0.175);
        }
        for (const [group, value] of sizes.entries()) {
          if (value >= 60) expect(splits[group]).toBe(0);
        }
      }
    }
  });

  it('fills only the splits that have a share', () => {
    const groups = randomGroups(5, ones(500));
    const splits = assignSplits(groups, { train: 0, validation: 0, test: 1 }, 1);
    expect(new Set(splits)).toEqual(new Set([2]));
    const two = assignSplits(randomGroups(5, ones(2)), { train: 0.5, validation: 0, test: 0.5 }, 1);
    expect([...two].sort()).toEqual([0, 2]);
  });

  it('refuses fewer groups than splits, and shares that are no division of 1', () => {
    const two = randomGroups(6, ones(2));
    expect(() => assignSplits(two, DEFAULT_SPLIT_SHARES, 1)).toThrow(
      'The corpus has 2 different documents, too few for the splits train, validation, test.',
    );
    const unequal = randomGroups(6, [900, 5]);
    expect(() => assignSplits(unequal, DEFAULT_SPLIT_SHARES, 1)).toThrow(
      'The 905 documents of the corpus form 2 independent groups, too few for',
    );
    const many = randomGroups(6, ones(20));
    expect(() => assignSplits(many, { train: 1, validation: 0.1, test: 0 }, 1)).toThrow(UserError);
  });
});
