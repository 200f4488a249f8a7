import { describe, expect, it } from 'vitest';
import { planBatches } from '../../../core/text/batchPlan.ts';
import type { WindowSource } from '../../../core/text/types.ts';
import {
  bufferWindows,
  compositionOf,
  drawBuffer,
} from '../../../core/training/rehearsalBuffer.ts';
import type { BufferSource } from '../../../core/training/rehearsalBuffer.ts';

type Source = BufferSource & WindowSource & { readonly documentCount: number };

/** Documents with so many windows each; window i has 10 + i % 7 tokens. */
function sourceOf(sizes: readonly number[]): Source {
  const documents = sizes.flatMap((size, document) => Array<number>(size).fill(document));
  return {
    split: 'train',
    windowCount: documents.length,
    tokenCount: 0,
    documentCount: sizes.filter((size) => size > 0).length,
    windowLength: (index) => 10 + (index % 7),
    documentsOf: (index) => [documents[index] ?? -1],
    window: (index) => ({
      inputIds: new Int32Array(10 + (index % 7)),
      wordStarts: new Uint8Array(10 + (index % 7)),
      document: documents[index] ?? -1,
    }),
    close: () => undefined,
  };
}

const uniform = (size: number) => ({ size, policy: 'uniform' }) as const;
const byDocument = (size: number) => ({ size, policy: 'by_document' }) as const;

describe.each([uniform, byDocument])('drawBuffer, policy %#', (settings) => {
  const source = sourceOf([40, 1, 3, 0, 6, 1, 1, 20]);

  it('draws distinct windows, ascending, and the same ones for a seed', () => {
    for (const size of [1, 5, 30, 71]) {
      const drawn = [...drawBuffer(source, settings(size), 7)];
      expect(drawn).toHaveLength(size);
      expect(drawn).toEqual([...new Set(drawn)].toSorted((a, b) => a - b));
      expect(drawn.every((window) => window < source.windowCount)).toBe(true);
      expect([...drawBuffer(source, settings(size), 7)]).toEqual(drawn);
    }
    expect(drawBuffer(source, settings(30), 8)).not.toEqual(drawBuffer(source, settings(30), 7));
  });

  it('takes all windows when there are no more than its size', () => {
    const all = Array.from({ length: 72 }, (_, window) => window);
    expect([...drawBuffer(source, settings(72), 1)]).toEqual(all);
    expect([...drawBuffer(source, settings(10_000), 2)]).toEqual(all);
  });

  it('adds to a smaller buffer of the same seed', () => {
    let smaller: number[] = [];
    for (let size = 1; size < 72; size++) {
      const drawn = [...drawBuffer(source, settings(size), 3)];
      expect(smaller.every((window) => drawn.includes(window))).toBe(true);
      smaller = drawn;
    }
  });
});

describe('drawBuffer', () => {
  it('draws every window equally often when the policy is uniform', () => {
    const source = sourceOf([15, 5]);
    const counts = new Array<number>(20).fill(0);
    const trials = 4000;
    for (let seed = 0; seed < trials; seed++) {
      for (const window of drawBuffer(source, uniform(6), seed)) counts[window]++;
    }
    // Binomial with p = 6/20: six standard deviations are 0.043 of the trials.
    for (const count of counts) expect(Math.abs(count / trials - 0.3)).toBeLessThan(0.044);
  });

  it('takes one window of each document in turn when the policy is by_document', () => {
    const sizes = [40, 1, 3, 6, 1, 20];
    const source = sourceOf(sizes);
    const perDocument = (size: number): number[] => {
      const counts = sizes.map(() => 0);
      for (const window of drawBuffer(source, byDocument(size), 5)) {
        counts[source.documentsOf(window)[0] ?? -1]++;
      }
      return counts;
    };
    expect(perDocument(6)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(perDocument(10)).toEqual([2, 1, 2, 2, 1, 2]);
    expect(perDocument(3).toSorted()).toEqual([0, 0, 0, 1, 1, 1]);
    // Rounds of 6, 4, 4, 3, 3, 3 and then of the two longest documents.
    expect(perDocument(14)).toEqual([3, 1, 3, 3, 1, 3]);
    expect(perDocument(23)).toEqual([6, 1, 3, 6, 1, 6]);
    expect(perDocument(29)).toEqual([9, 1, 3, 6, 1, 9]);
    expect(perDocument(60)).toEqual([29, 1, 3, 6, 1, 20]);
  });

  it('chooses other windows of a long document with another seed', () => {
    const source = sourceOf([100]);
    const drawn = new Set(
      Array.from({ length: 40 }, (_, seed) => drawBuffer(source, byDocument(1), seed)[0]),
    );
    expect(drawn.size).toBeGreaterThan(20);
  });
});

describe('bufferWindows', () => {
  it('numbers the windows of the buffer, and has no others', () => {
    const windows = bufferWindows(sourceOf([5, 5]), Uint32Array.of(2, 7));
    expect([windows.windowCount, windows.windowLength(1)]).toEqual([2, 10]);
    expect([windows.window(0).document, windows.window(1).document]).toEqual([0, 1]);
    expect(() => windows.window(2)).toThrowError(RangeError);
    expect(() => windows.windowLength(-1)).toThrowError(RangeError);
  });
});

describe('compositionOf', () => {
  it.each([
    [1, 3, 1],
    [7, 3, 2],
    [20, 4, 3],
    [64, 4, 2],
  ])('counts what a run of %i steps really draws', (steps, batchSize, accumulationSteps) => {
    const source = sourceOf([9, 1, 14, 2, 30]);
    const chosen = drawBuffer(source, uniform(29), 4);
    const options = { seed: 4, stream: 'sourceOrder', maxSeqLength: 16 } as const;
    const plan = planBatches(bufferWindows(source, chosen), {
      ...options,
      batchSize,
      accumulationSteps,
    });
    const repeats = new Array<number>(chosen.length).fill(0);
    for (let step = 0; step < steps; step++) {
      for (const { windows } of plan.stepAt(step)) for (const at of windows) repeats[at]++;
    }
    expect(compositionOf(source, chosen, uniform(29), plan, steps)).toEqual({
      policy: 'uniform',
      sequences: 29,
      documents: new Set([...chosen].map((window) => source.documentsOf(window)[0])).size,
      tokens: [...chosen].reduce((sum, window) => sum + source.windowLength(window), 0),
      corpusSequences: 56,
      corpusDocuments: 5,
      draws: repeats.reduce((a, b) => a + b),
      fewestRepeats: Math.min(...repeats),
      mostRepeats: Math.max(...repeats),
    });
  });
});
