import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../core/base/random.ts';
import type { MlmBatch } from '../../../core/engine/types.ts';
import { drawFisherSample } from '../../../core/strategies/fisherSample.ts';
import type { FisherSampleOptions } from '../../../core/strategies/fisherSample.ts';
import { fisherSettingsSchema } from '../../../core/strategies/fisherSettings.ts';
import { lengthBuckets } from '../../../core/text/batchPlan.ts';
import type { WindowSource } from '../../../core/text/types.ts';

const tokenizer = {
  vocabSize: 100_000,
  specialTokens: { pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 },
  specialIds: new Set([0, 1, 2, 3, 4]),
};

/** Window i has a length of its own, begins with the token 1000 + i and has no other like it. */
function sourceOf(count: number): WindowSource {
  const lengths = Array.from({ length: count }, (_, index) => {
    return 4 + new RandomStream(1, 'demoText', index).nextInteger(124);
  });
  return {
    split: 'train',
    windowCount: count,
    tokenCount: lengths.reduce((sum, length) => sum + length - 2, 0),
    windowLength: (index) => lengths[index],
    window: (index) => {
      const inner = Array.from({ length: lengths[index] - 2 }, (_, at) => 1000 + 1000 * at + index);
      const inputIds = Int32Array.from([2, ...inner, 3]);
      return {
        inputIds,
        wordStarts: Uint8Array.from(inputIds, (id) => (id > 4 ? 1 : 0)),
        document: index,
      };
    },
    close: () => undefined,
  };
}

function draw(settings: object, changes: Partial<FisherSampleOptions> = {}): MlmBatch[][] {
  const sample = drawFisherSample({
    source: sourceOf(60),
    settings: fisherSettingsSchema.parse(settings),
    tokenizer,
    mlmProbability: 0.3,
    wholeWordMask: false,
    maxSeqLength: 128,
    split: (rows) => [[...rows]],
    ...changes,
  });
  return [...sample.elements].map((element) => [...element]);
}

/** The batch without its masks: the true ids of each row, padding left out. */
function truth(batch: MlmBatch): number[][] {
  const ids = batch.inputIds.slice();
  batch.positions.forEach((position, i) => (ids[position] = batch.labels[i]));
  return Array.from({ length: batch.batchSize }, (_, row) => {
    const from = row * batch.sequenceLength;
    const length = batch.attentionMask
      .subarray(from, from + batch.sequenceLength)
      .reduce((sum, value) => sum + value, 0);
    return [...ids.subarray(from, from + length)];
  });
}

const windowsIn = (elements: readonly MlmBatch[][]): number[] =>
  elements.flat().flatMap((batch) => truth(batch).map((ids) => (ids[1] - 1000) % 1000));

describe('the sample of a Fisher diagonal', () => {
  it('has different windows, whole and truly labelled, each an element of its own', () => {
    const elements = draw({ sequences: 25, seed: 3 });
    expect(elements).toHaveLength(25);
    expect(elements.every((element) => element.length === 1)).toBe(true);
    const windows = windowsIn(elements);
    expect(new Set(windows).size).toBe(25);
    const source = sourceOf(60);
    elements.forEach((element, i) => {
      expect(truth(element[0])).toEqual([[...source.window(windows[i]).inputIds]]);
      expect(element[0].positions.length).toBeGreaterThan(0);
    });
  });

  it('comes longest first, padded to the lengths of training batches', () => {
    const elements = draw({ sequences: 60 });
    const lengths = elements.map(([batch]) => batch.sequenceLength);
    expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
    elements.forEach((element) => {
      const [ids] = truth(element[0]);
      const padTo = lengthBuckets(128).find((bucket) => bucket >= ids.length);
      expect(element[0].sequenceLength).toBe(padTo);
    });
  });

  it('is a function of the seed, and the larger has the smaller in it', () => {
    expect(draw({ sequences: 20, seed: 1 })).toEqual(draw({ sequences: 20, seed: 1 }));
    const small = windowsIn(draw({ sequences: 20, seed: 1 }));
    const large = windowsIn(draw({ sequences: 40, seed: 1 }));
    expect(small.filter((window) => !large.includes(window))).toEqual([]);
    expect(windowsIn(draw({ sequences: 20, seed: 2 })).sort()).not.toEqual(small.sort());
  });

  it('is all there is when the corpus has less', () => {
    const sample = draw({ sequences: 1000 });
    expect(windowsIn(sample).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 60 }, (_, i) => i),
    );
  });

  it('has the same masks in a batch as alone, with micro-batches that make up the batch', () => {
    const alone = draw({ sequences: 20, seed: 5 });
    const masks = new Map(alone.map((element) => [windowsIn([element])[0], element[0]]));
    const batches = draw(
      { sequences: 20, seed: 5, variant: 'batch', batch_size: 8 },
      { split: (rows) => [rows.slice(0, 3), rows.slice(3)] },
    );
    const sizes = batches.map((parts) => parts.map(({ batchSize }) => batchSize));
    expect(sizes.toSorted((a, b) => b[1] - a[1])).toEqual([
      [3, 5],
      [3, 5],
      [3, 1],
    ]);
    for (const batch of batches.flat()) {
      truth(batch).forEach((ids, row) => {
        const single = masks.get((ids[1] - 1000) % 1000);
        const from = row * batch.sequenceLength;
        const here = [...batch.positions]
          .filter((position) => position >= from && position < from + batch.sequenceLength)
          .map((position) => position - from);
        expect(here).toEqual([...(single?.positions ?? [])]);
        const masked = batch.inputIds.subarray(from, from + ids.length);
        expect(masked).toEqual(single?.inputIds.subarray(0, ids.length));
      });
    }
  });

  it('leaves out windows without a token that can be masked', () => {
    const source = sourceOf(12);
    const odd: WindowSource = {
      ...source,
      window: (index) => {
        const window = source.window(index);
        return index % 2 === 0 ? { ...window, inputIds: window.inputIds.fill(1) } : window;
      },
    };
    const single = draw({ sequences: 12 }, { source: odd });
    expect(single.map(({ length }) => length).sort()).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    const batched = draw({ sequences: 12, variant: 'batch', batch_size: 12 }, { source: odd });
    expect(windowsIn(batched).sort((a, b) => a - b)).toEqual([1, 3, 5, 7, 9, 11]);
  });
});
