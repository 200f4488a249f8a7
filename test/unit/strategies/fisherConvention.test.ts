import { describe, expect, it } from 'vitest';
import { fisherId } from '../../../core/strategies/fisherConvention.ts';
import type { FisherConvention } from '../../../core/strategies/fisherConvention.ts';

const convention: FisherConvention = {
  modelHash: 'model',
  tokenizerHash: 'tokenizer',
  corpusHash: 'corpus',
  settings: { sequences: 1000, variant: 'per_sequence', batch_size: 16, seed: 0 },
  max_seq_length: 128,
  packing: 'document',
  mlm_probability: 0.15,
  whole_word_mask: false,
};

const changes: readonly Partial<FisherConvention>[] = [
  { modelHash: 'another' },
  { tokenizerHash: 'another' },
  { corpusHash: 'another' },
  { settings: { ...convention.settings, sequences: 999 } },
  { settings: { ...convention.settings, variant: 'batch' } },
  { settings: { ...convention.settings, batch_size: 8 } },
  { settings: { ...convention.settings, seed: 1 } },
  { max_seq_length: 64 },
  { packing: 'concatenate' },
  { mlm_probability: 0.2 },
  { whole_word_mask: true },
];

describe('the name of an estimate', () => {
  it('is safe as the name of a folder', () => {
    expect(fisherId(convention)).toMatch(/^[0-9a-f]{32}$/);
  });

  it('changes with everything that decides the estimate', () => {
    const touched = new Set(changes.flatMap((change) => Object.keys(change)));
    expect([...touched].sort()).toEqual(Object.keys(convention).sort());
    const ids = changes.map((change) => fisherId({ ...convention, ...change }));
    expect(new Set([fisherId(convention), ...ids]).size).toBe(changes.length + 1);
  });

  it('does not change with the order of keys, nor with what does not decide it', () => {
    const reversed = Object.fromEntries(Object.entries(convention).reverse()) as FisherConvention;
    expect(fisherId(reversed)).toBe(fisherId(convention));
    const described: FisherConvention & { createdAt: string } = { ...convention, createdAt: 'now' };
    expect(fisherId(described)).toBe(fisherId(convention));
  });
});
