/** Penalties, projection and distillation of an encoder on ONNX Runtime, against direct computation. */
import { afterEach, describe, expect, it } from 'vitest';
import type {
  AdamWUpdate,
  Distillation,
  LossTerm,
  MlmBatch,
  Session,
  Weights,
} from '../../../core/engine/types.ts';
import { openMlmSession } from '../../../core/model/openSession.ts';
import { LIVELY_BERT, livelyWeights, randomBatch } from '../../fixtures/livelyEncoders.ts';
import { anchorSession, expectSameGradients } from '../../fixtures/sessionParity.ts';

const config = LIVELY_BERT;
/** With β1 = 0, no clipping and a learning rate of 0 the first moment is the gradient. */
const STILL: AdamWUpdate = {
  learningRate: 0,
  beta1: 0,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  maxGradNorm: null,
};

const open: Session[] = [];
afterEach(async () => {
  for (const session of open.splice(0)) await session.close();
});

async function openTiny(seed = 11): Promise<Session> {
  const weights = livelyWeights(config, seed);
  const session = await openMlmSession({
    config,
    weights,
    session: { engine: 'cpu', threads: 2 },
  });
  open.push(session);
  return session;
}

const batches = [
  randomBatch(config, 1, { padding: 'right' }),
  randomBatch(config, 2, { batchSize: 2, scoredPerWindow: 3 }),
];
const source = [randomBatch(config, 3), randomBatch(config, 4, { padding: 'left' })];

function distilling(distillation: Partial<Distillation> = {}, weight = 0.5): LossTerm {
  const whole = { name: 'divergence', weight: 3, temperature: 1, ...distillation };
  return { name: 'target', weight, batches, distillation: whole };
}

function moved(weights: Weights, direction: Weights, step: number): Weights {
  return new Map(
    [...weights].map(([name, values]) => {
      const along = given(direction, name);
      return [name, values.map((value, i) => value + step * along[i])];
    }),
  );
}

function given(weights: Weights, name: string): Float32Array {
  return weights.get(name) ?? new Float32Array(0);
}

function combined(
  names: Iterable<string>,
  value: (name: string, i: number) => number,
  length: (name: string) => number,
): Weights {
  return new Map(
    [...names].map((name) => [
      name,
      Float32Array.from({ length: length(name) }, (_, i) => value(name, i)),
    ]),
  );
}

function dot(a: Weights, b: Weights): number {
  let sum = 0;
  for (const [name, values] of a) {
    const others = given(b, name);
    values.forEach((value, i) => (sum += value * others[i]));
  }
  return sum;
}

it('projects, then penalises, as computed from the parts', async () => {
  const session = await openTiny();
  const target: LossTerm = { name: 'target', weight: 1, batches };
  // Against its own direction, so that it is projected.
  const reference: LossTerm = { name: 'source', weight: -1, batches: [...batches, ...source] };
  const { gradients: g } = await session.gradients([target], null);
  const { gradients: m } = await session.gradients([reference], null);
  expect(dot(g, m)).toBeLessThan(0);
  const weights = await session.readWeights();
  await anchorSession(session);
  const importance = new Map([...weights].map(([name, values]) => [name, values.map(Math.abs)]));
  await session.setImportance('own', importance);
  const result = await session.step({
    terms: [target],
    projection: reference,
    penalties: [{ name: 'own', strength: 3 }],
    dropout: null,
    update: STILL,
  });
  const share = dot(g, m) / dot(m, m);
  const shift = (i: number): number => -0.02 * Math.sin(i);
  const penalty = combined(
    g.keys(),
    (name, i) => 3 * given(importance, name)[i] * shift(i),
    (name) => given(g, name).length,
  );
  const task = combined(
    g.keys(),
    (name, i) => given(g, name)[i] - share * given(m, name)[i],
    (name) => given(g, name).length,
  );
  const total = combined(
    g.keys(),
    (name, i) => given(task, name)[i] + given(penalty, name)[i],
    (name) => given(g, name).length,
  );
  expectSameGradients((await session.readOptimizer()).firstMoment, total);
  const close = (actual: number, expected: number): void => {
    expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-5 * Math.abs(expected));
  };
  close(result.gradientNorm, Math.sqrt(dot(total, total)));
  close(result.taskGradientNorm, Math.sqrt(dot(task, task)));
  close(result.penalties.own.gradientNorm, Math.sqrt(dot(penalty, penalty)));
  close(result.projection?.cosine ?? Number.NaN, dot(g, m) / Math.sqrt(dot(g, g) * dot(m, m)));
  expect(
    Math.abs(dot((await session.readOptimizer()).firstMoment, m) - dot(penalty, m)),
  ).toBeLessThan(1e-4 * dot(m, m));
  const drift = await session.drift();
  expect(drift).toHaveLength(config.numHiddenLayers + 2);
  const lengths = [...weights.values()].map((values) =>
    values.reduce((sum, _, i) => sum + shift(i) ** 2, 0),
  );
  close(
    Math.hypot(...drift.map(({ distance }) => distance)),
    Math.sqrt(lengths.reduce((a, b) => a + b)),
  );
});

it('adds squares of the gradient of each call, dropout off', async () => {
  const session = await openTiny();
  const sums = session.allocateSums();
  const terms = source.map((batch): LossTerm[] => [
    { name: 'source', weight: 1, batches: [batch] },
  ]);
  const [first, second] = [
    await session.gradients(terms[0], null),
    await session.gradients(terms[1], null),
  ];
  const losses = await session.addSquaredGradients(terms[0], sums);
  await session.addSquaredGradients(terms[1], sums);
  expect(losses).toEqual(first.losses);
  for (const [name, values] of sums) {
    const [a, b] = [given(first.gradients, name), given(second.gradients, name)];
    values.forEach((value, i) => {
      expect(value).toBe(Math.fround(Math.fround(a[i] * a[i]) + Math.fround(b[i] * b[i])));
    });
  }
});

describe('distillation', () => {
  it.each([1, 2.5])('has the gradient of its objective at temperature %f', async (temperature) => {
    const session = await openTiny();
    await session.setAnchor(livelyWeights(config, 12));
    const terms = [distilling({ temperature })];
    const { gradients } = await session.gradients(terms, null);
    const weights = await session.readWeights();
    const direction = livelyWeights(config, 23);
    const objectiveAt = async (step: number): Promise<number> => {
      await session.writeWeights(moved(weights, direction, step));
      const { losses } = await session.gradients(terms, null);
      const { target, divergence } = losses;
      expect(divergence.count).toBe(target.count);
      return (0.5 * target.sum + 3 * divergence.sum) / target.count;
    };
    const step = 2e-3;
    const difference = (await objectiveAt(step)) - (await objectiveAt(-step));
    const slope = difference / (2 * step);
    expect(Math.abs(dot(gradients, direction) - slope)).toBeLessThanOrEqual(2e-3 * Math.abs(slope));
  });

  it('reports temperature² KL(anchor ‖ model) beside the loss of the labels', async () => {
    const [session, anchor] = [await openTiny(11), await openTiny(12)];
    await session.setAnchor(await anchor.readWeights());
    for (const temperature of [1, 3]) {
      const { losses } = await session.gradients([distilling({ temperature })], null);
      let sum = 0;
      let labels = 0;
      for (const batch of batches) {
        const [z, t] = [await session.logits(batch), await anchor.logits(batch)];
        sum += temperature ** 2 * divergence(t, z, temperature);
        labels += (await session.evaluate(batch)).reduce((a, b) => a + b);
      }
      expect(losses.divergence.sum).toBeCloseTo(sum, 3);
      expect(losses.target.sum).toBeCloseTo(labels, 3);
    }
  });

  it('of a model that is the anchor is nothing, and neither is its gradient', async () => {
    const session = await openTiny();
    await session.setAnchor(await session.readWeights());
    const term: LossTerm = { name: 'target', weight: 0.5, batches };
    const plain = await session.gradients([term], null);
    const distilled = await session.gradients([distilling({ weight: 1 })], null);
    expect(Math.abs(distilled.losses.divergence.sum)).toBeLessThan(1e-4);
    expectSameGradients(distilled.gradients, plain.gradients);
  });

  it('reads the batch without dropout where the model reads it with', async () => {
    const session = await openTiny();
    await session.setAnchor(await session.readWeights());
    const dropout = { seed: 1, step: 2 };
    const plain = await session.gradients([{ name: 'target', weight: 1, batches }], dropout);
    const { losses } = await session.gradients([distilling()], dropout);
    expect(losses.target.sum).toBeCloseTo(plain.losses.target.sum, 4);
    expect(losses.divergence.sum).toBeGreaterThan(0.1);
    expect(await session.gradients([distilling()], dropout)).toEqual(
      await session.gradients([distilling()], dropout),
    );
  });

  it('of weight 0 changes no bit', async () => {
    const session = await openTiny();
    const dropout = { seed: 1, step: 2 };
    const plain = await session.gradients([{ name: 'target', weight: 0.5, batches }], dropout);
    expect(await session.gradients([distilling({ weight: 0 })], dropout)).toEqual(plain);
  });

  it('does without scored positions', async () => {
    const session = await openTiny();
    await session.setAnchor(await session.readWeights());
    const empty: MlmBatch = {
      ...batches[0],
      positions: new Int32Array(0),
      labels: new Int32Array(0),
    };
    const { losses } = await session.gradients([{ ...distilling(), batches: [empty] }], null);
    expect(losses.divergence).toEqual({ sum: 0, count: 0 });
  });

  it('says what is missing or wrong', async () => {
    const session = await openTiny();
    const gradients = (change: Partial<Distillation>): Promise<unknown> =>
      session.gradients([distilling(change)], null);
    await expect(gradients({})).rejects.toThrow('The session has no anchor weights');
    await expect(gradients({ weight: -1 })).rejects.toThrow(RangeError);
    await expect(gradients({ weight: Infinity })).rejects.toThrow(RangeError);
    for (const temperature of [0, -1, Number.NaN, Infinity]) {
      await expect(gradients({ temperature })).rejects.toThrow(RangeError);
    }
  });
});

/** Σ over rows of KL(softmax(t / T) ‖ softmax(z / T)), in float64. */
function divergence(t: Float32Array, z: Float32Array, temperature: number): number {
  const classes = config.vocabSize;
  let sum = 0;
  for (let start = 0; start < t.length; start += classes) {
    const log = (logits: Float32Array): number[] => {
      const row = Array.from(logits.subarray(start, start + classes), (x) => x / temperature);
      const normalizer = Math.log(row.reduce((total, x) => total + Math.exp(x), 0));
      return row.map((x) => x - normalizer);
    };
    const [logQ, logP] = [log(t), log(z)];
    sum += logQ.reduce((total, q, i) => total + Math.exp(q) * (q - logP[i]), 0);
  }
  return sum;
}
