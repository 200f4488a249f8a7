import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EncoderConfig } from '../../../core/model/config.ts';
import { bytesPerWindow, splitForMemory } from '../../../core/training/microBatches.ts';

const bertBase: EncoderConfig = {
  modelType: 'bert',
  vocabSize: 30522,
  hiddenSize: 768,
  numHiddenLayers: 12,
  numAttentionHeads: 12,
  intermediateSize: 3072,
  hiddenAct: 'gelu',
  hiddenDropoutProb: 0.1,
  attentionProbsDropoutProb: 0.1,
  maxPositionEmbeddings: 512,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  initializerRange: 0.02,
  padTokenId: 0,
  tieWordEmbeddings: true,
};

describe('splitForMemory', () => {
  it('agrees with the peaks measured at BERT-base, weights, gradients and moments added', () => {
    const fixed = 4 * 4 * 110e6;
    const gigabytes = (rows: number, length: number): number =>
      (fixed + rows * bytesPerWindow(bertBase, length)) / 1e9;
    expect(Math.abs(gigabytes(8, 128) / 3.6 - 1)).toBeLessThan(0.2);
    expect(Math.abs(gigabytes(4, 512) / 6.3 - 1)).toBeLessThan(0.2);
  });

  it('keeps every window once and in order, in parts that differ by one row group and fit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 8, max: 512 }),
        fc.integer({ min: 1, max: 2 ** 33 }),
        (count, length, budget) => {
          const windows = Array.from({ length: count }, (_, i) => i);
          const parts = splitForMemory(windows, bertBase, length, budget);
          expect(parts.flat()).toEqual(windows);
          const sizes = parts.map((part) => part.length);
          const most = Math.max(1, Math.floor(budget / bytesPerWindow(bertBase, length)));
          expect(Math.max(...sizes)).toBeLessThanOrEqual(most);
          expect(new Set(sizes.slice(0, -1)).size).toBeLessThanOrEqual(1);
          expect(sizes.at(-1)).toBeLessThanOrEqual(sizes[0] ?? 0);
        },
      ),
    );
  });
});
