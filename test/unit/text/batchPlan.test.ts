import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../core/base/random.ts';
import type { BatchPlanOptions } from '../../../core/text/batchPlan.ts';
import { lengthBuckets, planBatches } from '../../../core/text/batchPlan.ts';
import type { WindowSource } from '../../../core/text/types.ts';

function sourceOf(lengths: readonly number[]): WindowSource {
  return {
    split: 'train',
    windowCount: lengths.length,
    tokenCount: lengths.reduce((sum, length) => sum + length - 2, 0),
    windowLength: (index) => lengths[index],
    window: () => {
      throw new Error('A plan needs no tokens.');
    },
    close: () => {},
  };
}

function options(changes: Partial<BatchPlanOptions> = {}): BatchPlanOptions {
  return {
    seed: 3,
    stream: 'targetOrder',
    batchSize: 4,
    accumulationSteps: 1,
    maxSeqLength: 128,
    ...changes,
  };
}

const randomLengths = (count: number): number[] => {
  const random = new RandomStream(1, 'demoText');
  return Array.from({ length: count }, () => 3 + random.nextInteger(126));
};

describe('lengthBuckets', () => {
  it('are few and end with the longest window', () => {
    expect(lengthBuckets(128)).toEqual([32, 64, 96, 128]);
    expect(lengthBuckets(100)).toEqual([32, 64, 96, 100]);
    expect(lengthBuckets(512)).toEqual([32, 64, 96, 128, 192, 256, 384, 512]);
    expect(lengthBuckets(16)).toEqual([16]);
  });
});

describe('planBatches', () => {
  it('visits every window once an epoch, in full batches but for the last', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 3, max: 128 }), { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(1000),
        (lengths, batchSize, accumulationSteps, epoch) => {
          const plan = planBatches(sourceOf(lengths), options({ batchSize, accumulationSteps }));
          const seen: number[] = [];
          for (let step = 0; step < plan.stepsPerEpoch; step++) {
            const batches = plan.stepAt(epoch * plan.stepsPerEpoch + step);
            const last = step === plan.stepsPerEpoch - 1;
            expect(batches.length <= accumulationSteps && batches.length > 0).toBe(true);
            if (!last) expect(batches).toHaveLength(accumulationSteps);
            for (const [index, { windows, padTo }] of batches.entries()) {
              seen.push(...windows);
              if (!last || index < batches.length - 1) expect(windows).toHaveLength(batchSize);
              const longest = Math.max(...[...windows].map((at) => lengths[at]));
              expect(padTo).toBe(lengthBuckets(128).find((bucket) => bucket >= longest));
            }
          }
          expect(seen.sort((a, b) => a - b)).toEqual(lengths.map((_, index) => index));
        },
      ),
    );
  });

  it('finds a step without the ones before, and the same one for the same place', () => {
    const source = sourceOf(randomLengths(500));
    const plan = planBatches(source, options({ accumulationSteps: 2 }));
    const inOrder = Array.from({ length: 200 }, (_, step) => plan.stepAt(step));
    for (const step of [199, 0, 62, 63, 150]) {
      const fresh = planBatches(source, options({ accumulationSteps: 2 }));
      expect(fresh.stepAt(step)).toEqual(inOrder[step]);
    }
  });

  it('orders epochs, seeds and streams differently', () => {
    const source = sourceOf(randomLengths(500));
    const first = (changes: Partial<BatchPlanOptions>, epoch: number): string =>
      String(planBatches(source, options(changes)).batchAt(epoch, 0).windows);
    const orders = [
      first({}, 0),
      first({}, 1),
      first({ seed: 4 }, 0),
      first({ stream: 'sourceOrder' }, 0),
    ];
    expect(new Set(orders).size).toBe(4);
  });

  it('wastes little on padding', () => {
    const lengths = randomLengths(20_000);
    const plan = planBatches(sourceOf(lengths), options({ batchSize: 32 }));
    let padded = 0;
    for (let index = 0; index < plan.batchesPerEpoch; index++) {
      const { windows, padTo } = plan.batchAt(0, index);
      padded += windows.length * padTo;
    }
    const tokens = lengths.reduce((sum, length) => sum + length, 0);
    // Without grouping nearly every batch of 32 would be padded to 128: twice the tokens.
    expect(padded / tokens).toBeLessThan(1.35);
  });

  it('does not favour short or long windows early in an epoch', () => {
    const lengths = randomLengths(20_000);
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    let early = 0;
    let count = 0;
    for (let epoch = 0; epoch < 5; epoch++) {
      const plan = planBatches(sourceOf(lengths), options({ batchSize: 32 }));
      for (let index = 0; index < 100; index++) {
        for (const at of plan.batchAt(epoch, index).windows) {
          early += lengths[at];
          count++;
        }
      }
    }
    // A batch's mean length has a deviation of some 36 tokens; 500 batches have one of 1.6.
    expect(Math.abs(early / count - mean)).toBeLessThan(6 * 1.6);
  });

  it('refuses a split without windows', () => {
    expect(() => planBatches(sourceOf([]), options())).toThrow(
      expect.objectContaining({ code: 'corpus/empty-split' }),
    );
  });
});
