import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMlmTask, positionIds, scoredSlots } from '../../../core/model/mlmTask.ts';
import { LIVELY_BERT, LIVELY_ENCODERS, randomBatch } from '../../fixtures/livelyEncoders.ts';

const { roberta } = LIVELY_ENCODERS;

describe('position ids', () => {
  it('count columns for BERT, padding or not', () => {
    const batch = randomBatch(LIVELY_BERT, 1, { padding: 'left', sequenceLength: 4 });
    expect([...positionIds(LIVELY_BERT, batch)]).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
  });

  it('count tokens from padding_idx + 1 for RoBERTa, and padding keeps padding_idx', () => {
    const left = randomBatch(roberta, 1, { padding: 'left', sequenceLength: 4 });
    expect([...positionIds(roberta, left)]).toEqual([2, 3, 4, 5, 1, 2, 3, 4, 1, 1, 2, 3]);
    const right = randomBatch(roberta, 1, { padding: 'right', sequenceLength: 4 });
    expect([...positionIds(roberta, right)]).toEqual([2, 3, 4, 5, 2, 3, 4, 1, 2, 3, 1, 1]);
  });
});

describe('a prepared batch', () => {
  const batch = randomBatch(LIVELY_BERT, 3, { batchSize: 3, sequenceLength: 8 });
  const { inputs } = createMlmTask(LIVELY_BERT).prepare(batch, {
    kind: 'train',
    positionWeight: 0.25,
    dropout: false,
  });

  it('runs over the sequence first', () => {
    const ids = inputs.get('inputIds');
    for (let window = 0; window < 3; window++) {
      for (let column = 0; column < 8; column++) {
        expect(ids?.[column * 3 + window]).toBe(batch.inputIds[window * 8 + column]);
      }
    }
  });

  it('points slots at the rows that are scored, and only at those', () => {
    const rows = [...(inputs.get('positions') ?? [])].slice(0, batch.positions.length);
    const slots = inputs.get('slots') ?? [];
    slots.forEach((slot, row) => expect(slot).toBe(rows.includes(row) ? rows.indexOf(row) : 8));
  });

  it('weighs padding slots with zero', () => {
    const weights = [...(inputs.get('positionWeights') ?? [])];
    expect(weights).toEqual([0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0, 0]);
  });
});

it('never offers fewer slots than scored positions, and few more', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000 }), (count) => {
      const slots = scoredSlots(count);
      expect(slots).toBeGreaterThanOrEqual(Math.max(count, 8));
      expect(slots).toBeLessThan(count + 9);
      expect(slots % 8).toBe(0);
    }),
  );
});
