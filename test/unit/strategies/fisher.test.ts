import { describe, expect, it } from 'vitest';
import type { MlmBatch } from '../../../core/engine/types.ts';
import { estimateFisher } from '../../../core/strategies/fisher.ts';
import { UnigramSession } from '../../fixtures/unigramSession.ts';

const VOCABULARY = 4;

/** Sequences of which nothing but their labels matters to a unigram model. */
function batchOf(...sequences: readonly (readonly number[])[]): MlmBatch {
  const labels = Int32Array.from(sequences.flat());
  return {
    batchSize: sequences.length,
    sequenceLength: 8,
    inputIds: new Int32Array(8 * sequences.length),
    attentionMask: new Uint8Array(8 * sequences.length).fill(1),
    positions: labels.map((_, position) => position),
    labels,
  };
}

/** Under equal probabilities the gradient of a mean loss is ¼ − the share of each label. */
function expectDiagonal(
  diagonal: ReadonlyMap<string, Float32Array>,
  expected: readonly number[],
): void {
  const values = [...(diagonal.get('head.decoder.bias') ?? [])];
  expect(values).toHaveLength(expected.length);
  values.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 6));
}

describe('the Fisher diagonal', () => {
  it('is the mean over sequences of the squared gradient of the mean loss', async () => {
    const { diagonal, health } = await estimateFisher(new UnigramSession(VOCABULARY), [
      batchOf([0]),
      batchOf([1, 1]),
      batchOf([0, 1, 2, 3]),
    ]);
    expectDiagonal(diagonal, [(9 / 16 + 1 / 16) / 3, (1 / 16 + 9 / 16) / 3, 1 / 24, 1 / 24]);
    expect(health.sequences).toBe(3);
    expect(health.mean).toBeCloseTo((2 * (10 / 16) + 2 * (2 / 16)) / 3 / 4, 6);
    expect(health.largest).toBeCloseTo(10 / 48, 6);
  });

  it('squares the gradient of a whole batch, however it is cut', async () => {
    const whole = [batchOf([0], [1]), batchOf([2], [2])];
    const cut = [[batchOf([0]), batchOf([1])], [batchOf([2], [2])]];
    for (const elements of [whole, cut]) {
      const { diagonal, health } = await estimateFisher(new UnigramSession(VOCABULARY), elements);
      expectDiagonal(diagonal, [1 / 16, 1 / 16, 5 / 16, 1 / 16]);
      expect(health.sequences).toBe(4);
    }
  });

  it('compares the elements at even with those at odd places', async () => {
    const alike = [batchOf([0]), batchOf([0]), batchOf([1]), batchOf([1])];
    const agreeing = await estimateFisher(new UnigramSession(VOCABULARY), alike);
    expect(agreeing.health.halvesCosine).toBeCloseTo(1, 6);
    expect(agreeing.health.halvesRankCorrelation).toBeCloseTo(1, 6);
    const apart = [batchOf([0]), batchOf([1]), batchOf([0]), batchOf([1])];
    const { health, diagonal } = await estimateFisher(new UnigramSession(VOCABULARY), apart);
    // (9, 1, 1, 1) against (1, 9, 1, 1).
    expect(health.halvesCosine).toBeCloseTo(20 / 84, 6);
    expect(health.halvesRankCorrelation).toBeCloseTo(-1 / 3, 6);
    const together = [...(agreeing.diagonal.get('head.decoder.bias') ?? [])];
    expectDiagonal(diagonal, together);
  });

  it('passes over what has no scored position, and counts what is left', async () => {
    const elements = [batchOf([]), batchOf([0]), [], [batchOf([])], batchOf([2])];
    const done: number[] = [];
    const { diagonal, health } = await estimateFisher(new UnigramSession(VOCABULARY), elements, {
      onSequences: (count) => done.push(count),
    });
    expectDiagonal(diagonal, [10 / 32, 1 / 16, 10 / 32, 1 / 16]);
    expect(health.sequences).toBe(2);
    expect(health.halvesCosine).toBeCloseTo(20 / 84, 6);
    expect(done).toEqual([1, 2, 2, 3, 4]);
  });

  it('does not exist without text', async () => {
    for (const elements of [[], [batchOf([])]]) {
      const estimate = estimateFisher(new UnigramSession(VOCABULARY), elements);
      await expect(estimate).rejects.toMatchObject({ code: 'fisher/no-text' });
    }
  });

  it('does not exist where losses or gradients are not finite', async () => {
    const certain = new UnigramSession(VOCABULARY);
    await certain.writeWeights(new Map([['head.decoder.bias', Float32Array.of(0, 900, 0, 0)]]));
    const infinite = estimateFisher(certain, [batchOf([0])]);
    await expect(infinite).rejects.toMatchObject({ code: 'fisher/not-finite' });

    const overflowing = new UnigramSession(VOCABULARY);
    overflowing.addSquaredGradients = async (_, sums) => {
      sums.get('head.decoder.bias')?.fill(Infinity);
      return { source: { sum: 1, count: 1 } };
    };
    const squared = estimateFisher(overflowing, [batchOf([0]), batchOf([1])]);
    await expect(squared).rejects.toMatchObject({ code: 'fisher/not-finite' });
  });

  it('is given up between two sequences', async () => {
    const stop = new AbortController();
    let asked = 0;
    function* elements(): Generator<MlmBatch> {
      for (;;) {
        asked++;
        yield batchOf([0]);
      }
    }
    const estimate = estimateFisher(new UnigramSession(VOCABULARY), elements(), {
      signal: stop.signal,
      onSequences: (done) => {
        if (done === 3) stop.abort(new Error('stopped'));
      },
    });
    await expect(estimate).rejects.toThrow('stopped');
    expect(asked).toBe(4);
  });

  it('lets a request to stop that comes from outside be heard', async () => {
    const stop = new AbortController();
    function* elements(): Generator<MlmBatch> {
      setImmediate(() => {
        stop.abort(new Error('stopped'));
      });
      for (let i = 0; i < 1000; i++) yield batchOf([0]);
      throw new Error('was not stopped');
    }
    const estimate = estimateFisher(new UnigramSession(VOCABULARY), elements(), stop);
    await expect(estimate).rejects.toThrow('stopped');
  });
});
