/** The Fisher diagonal of real encoders on ONNX Runtime against its definition. */
import { afterEach, describe, expect, it } from 'vitest';
import type { LossTerm, MlmBatch, Session } from '../../../core/engine/types.ts';
import type { EncoderConfig } from '../../../core/model/config.ts';
import { openMlmSession } from '../../../core/model/openSession.ts';
import { estimateFisher } from '../../../core/strategies/fisher.ts';
import { LIVELY_ENCODERS, livelyWeights, randomBatch } from '../../fixtures/livelyEncoders.ts';

const open: Session[] = [];
afterEach(async () => {
  for (const session of open.splice(0)) await session.close();
});

async function openTiny(config: EncoderConfig): Promise<Session> {
  const session = await openMlmSession({
    config,
    weights: livelyWeights(config, 11),
    session: { engine: 'cpu', threads: 2 },
  });
  open.push(session);
  return session;
}

const termOf = (batches: readonly MlmBatch[]): LossTerm => ({ name: 's', weight: 1, batches });

/** (1/N) Σ g² from the gradients that the session gives out, in double precision. */
async function directly(
  session: Session,
  elements: readonly (readonly MlmBatch[])[],
): Promise<Map<string, Float64Array>> {
  const sums = new Map<string, Float64Array>();
  for (const batches of elements) {
    const { gradients } = await session.gradients([termOf(batches)], null);
    for (const [name, gradient] of gradients) {
      const sum = sums.get(name) ?? new Float64Array(gradient.length);
      gradient.forEach((value, i) => (sum[i] += value ** 2 / elements.length));
      sums.set(name, sum);
    }
  }
  return sums;
}

function expectSame(
  actual: ReadonlyMap<string, ArrayLike<number>>,
  expected: ReadonlyMap<string, Float64Array>,
): void {
  expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [name, values] of expected) {
    const others = actual.get(name) ?? [];
    values.forEach((value, i) => {
      const difference = Math.abs(others[i] - value);
      expect(difference, `${name}[${i}]`).toBeLessThanOrEqual(1e-5 * value + 1e-30);
    });
  }
}

/** Sequences of different lengths, each with its own number of scored positions. */
function sequencesOf(config: EncoderConfig): MlmBatch[] {
  return Array.from({ length: 5 }, (_, index) =>
    randomBatch(config, 20 + index, {
      batchSize: 1,
      sequenceLength: index < 3 ? 8 : 12,
      scoredPerWindow: 1 + (index % 3),
    }),
  );
}

describe.each(Object.entries(LIVELY_ENCODERS))('%s', (_, config) => {
  it('per sequence: the mean of the squared gradients of each', async () => {
    const sequences = sequencesOf(config);
    const session = await openTiny(config);
    const expected = await directly(
      session,
      sequences.map((sequence) => [sequence]),
    );
    const { diagonal, health } = await estimateFisher(session, sequences);
    expectSame(diagonal, expected);
    const all = [...expected.values()].flatMap((values) => [...values]);
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
    expect(health.mean / mean).toBeCloseTo(1, 5);
    expect(health.largest / all.reduce((a, b) => Math.max(a, b))).toBeCloseTo(1, 5);
    expect(health.depthSums).toHaveLength(config.numHiddenLayers + 2);
    expect(health.depthSums.every((sum) => sum > 0)).toBe(true);
  });

  it('per batch: the square of the gradient of the mean loss, micro-batches together', async () => {
    const batches = [
      [randomBatch(config, 3, { padding: 'right' })],
      [randomBatch(config, 4, { batchSize: 2 }), randomBatch(config, 5, { scoredPerWindow: 4 })],
      [randomBatch(config, 6)],
    ];
    const session = await openTiny(config);
    const expected = await directly(session, batches);
    const { diagonal, health } = await estimateFisher(session, batches);
    expectSame(diagonal, expected);
    expect(health.sequences).toBe(3 + 5 + 3);
  });
});

describe('the halves of an estimate', () => {
  const [config] = Object.values(LIVELY_ENCODERS);

  it('agree when they are of the same sequences, and less when they are not', async () => {
    const session = await openTiny(config);
    const sequences = sequencesOf(config);
    const twice = await estimateFisher(
      session,
      sequences.flatMap((sequence) => [sequence, sequence]),
    );
    expect(twice.health.halvesCosine).toBeCloseTo(1, 6);
    expect(twice.health.halvesRankCorrelation).toBeCloseTo(1, 6);
    const once = await estimateFisher(session, sequences);
    expect(once.health.halvesCosine).toBeLessThan(0.99);
    expect(once.health.halvesCosine).toBeGreaterThan(0);
    expect(once.health.halvesRankCorrelation).toBeLessThan(0.99);
    expect(once.health.halvesRankCorrelation).toBeGreaterThan(0);
  });

  it('leave the weights as they were', async () => {
    const session = await openTiny(config);
    const before = await session.readWeights();
    await estimateFisher(session, sequencesOf(config));
    expect(await session.readWeights()).toEqual(before);
  });
});
