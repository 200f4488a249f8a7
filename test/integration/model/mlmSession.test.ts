/** The whole model on ONNX Runtime against the same program run op by op, and a session's promises. */
import { afterEach, describe, expect, test } from 'vitest';
import { createHostKernels } from '../../../core/engine/kernels/createHostKernels.ts';
import { sizeOf } from '../../../core/engine/program.ts';
import type {
  AdamWUpdate,
  LossTerm,
  MlmBatch,
  Session,
  Weights,
} from '../../../core/engine/types.ts';
import type { EncoderConfig } from '../../../core/model/config.ts';
import { createMlmTask } from '../../../core/model/mlmTask.ts';
import { openMlmSession } from '../../../core/model/openSession.ts';
import { runEagerly } from '../../fixtures/eagerProgram.ts';
import {
  LIVELY_BERT,
  LIVELY_ENCODERS,
  livelyWeights,
  randomBatch,
} from '../../fixtures/livelyEncoders.ts';

const update: AdamWUpdate = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  maxGradNorm: 1,
};
const dropout = { seed: 5, step: 3 };
const term = (...batches: MlmBatch[]): LossTerm => ({ name: 'target', weight: 1, batches });

const open: Session[] = [];
afterEach(async () => {
  for (const session of open.splice(0)) await session.close();
});

async function openTiny(
  config: EncoderConfig,
  options: { threads?: number; seed?: number } = {},
): Promise<Session> {
  const session = await openMlmSession({
    config,
    weights: livelyWeights(config, options.seed ?? 11),
    session: { engine: 'cpu', threads: options.threads ?? 2 },
  });
  open.push(session);
  return session;
}

const bert = LIVELY_BERT;

describe.each(Object.entries(LIVELY_ENCODERS))('%s', (_, config) => {
  test.each(['none', 'right', 'left'] as const)(
    'loss and every gradient equal the program run op by op, padding %s, dropout on',
    async (padding) => {
      const batch = randomBatch(config, 4, { padding });
      const session = await openTiny(config);
      const { losses, gradients } = await session.gradients([term(batch)], dropout);
      const expected = await referenceGradients(config, batch);
      expect(losses.target.count).toBe(batch.positions.length);
      expect(losses.target.sum / losses.target.count).toBeCloseTo(expected.meanLoss, 5);
      expectGradientsClose(gradients, expected.gradients);
    },
  );

  test('gradients follow the losses along a random direction', async () => {
    const batch = randomBatch(config, 9, { padding: 'right' });
    const session = await openTiny(config);
    const { gradients } = await session.gradients([term(batch)], null);
    const weights = await session.readWeights();
    const direction = livelyWeights(config, 23);
    const lossAt = async (step: number): Promise<number> => {
      const moved = new Map(
        [...weights].map(([name, values]) => {
          const along = given(direction, name);
          return [name, values.map((value, i) => value + step * along[i])];
        }),
      );
      await session.writeWeights(moved);
      const scores = await session.evaluate(batch);
      return scores.reduce((sum, loss) => sum + loss, 0) / scores.length;
    };
    const step = 1e-3;
    const slope = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
    let expected = 0;
    for (const [name, gradient] of gradients) {
      const along = given(direction, name);
      gradient.forEach((value, i) => (expected += value * along[i]));
    }
    expect(Math.abs(slope - expected)).toBeLessThan(5e-3 * Math.max(1, Math.abs(expected)));
  });

  test('losses follow from the logits', async () => {
    const batch = randomBatch(config, 2, { padding: 'left' });
    const session = await openTiny(config);
    const losses = await session.evaluate(batch);
    const logits = await session.logits(batch);
    expect(losses.length).toBe(batch.positions.length);
    expect(logits.length).toBe(batch.positions.length * config.vocabSize);
    batch.labels.forEach((label, row) => {
      const scores = logits.slice(row * config.vocabSize, (row + 1) * config.vocabSize);
      const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
      expect(losses[row]).toBeCloseTo(Math.log(sum) - scores[label], 4);
    });
  });
});

test('padding changes nothing: a padded window scores as the window alone', async () => {
  for (const [name, config] of Object.entries(LIVELY_ENCODERS)) {
    // Left padding shifts BERT's absolute positions, as it does in transformers; RoBERTa's not.
    const paddings =
      config.modelType === 'roberta' ? (['right', 'left'] as const) : (['right'] as const);
    for (const padding of paddings) {
      const batch = randomBatch(config, 6, { padding, batchSize: 3 });
      const session = await openTiny(config);
      const together = await session.evaluate(batch);
      const apart: number[] = [];
      for (let window = 0; window < batch.batchSize; window++) {
        apart.push(...(await session.evaluate(unpadded(batch, window))));
      }
      apart.forEach((loss, i) => expect(together[i], name).toBeCloseTo(loss, 4));
    }
  }
});

test('accumulated gradients equal those of one batch, whatever the split', async () => {
  const batch = randomBatch(bert, 8, { batchSize: 6, scoredPerWindow: 3 });
  const session = await openTiny(bert);
  const whole = await session.gradients([term(batch)], null);
  const parts = [slice(batch, 0, 1), slice(batch, 1, 4), slice(batch, 4, 6)];
  const split = await session.gradients([term(...parts)], null);
  expect(split.losses.target.count).toBe(whole.losses.target.count);
  expect(split.losses.target.sum).toBeCloseTo(whole.losses.target.sum, 3);
  const scale = norm(whole.gradients);
  for (const [name, gradient] of whole.gradients) {
    const other = given(split.gradients, name);
    const worst = gradient.reduce((most, x, i) => Math.max(most, Math.abs(x - other[i])), 0);
    expect(worst / scale, name).toBeLessThan(1e-5);
  }
});

test('terms add up by their weights', async () => {
  const session = await openTiny(bert);
  const [first, second] = [randomBatch(bert, 1), randomBatch(bert, 2)];
  const a = await session.gradients([term(first)], null);
  const b = await session.gradients([term(second)], null);
  const both = await session.gradients(
    [term(first), { name: 'source', weight: 0.5, batches: [second] }],
    null,
  );
  expect(Object.keys(both.losses)).toEqual(['target', 'source']);
  for (const [name, gradient] of both.gradients) {
    const [x, y] = [given(a.gradients, name), given(b.gradients, name)];
    gradient.forEach((value, i) => expect(value).toBeCloseTo(x[i] + 0.5 * y[i], 5));
  }
});

test('a batch with nothing to score adds nothing', async () => {
  const session = await openTiny(bert);
  const batch = randomBatch(bert, 3);
  const nothing = { ...batch, positions: new Int32Array(0), labels: new Int32Array(0) };
  expect(await session.evaluate(nothing)).toHaveLength(0);
  expect(await session.logits(nothing)).toHaveLength(0);
  const alone = await session.gradients([term(batch)], null);
  const withEmpty = await session.gradients([term(nothing, batch)], null);
  expect(norm(withEmpty.gradients)).toBe(norm(alone.gradients));
  const none = await session.gradients([term(nothing)], null);
  expect(none.losses.target).toEqual({ sum: 0, count: 0 });
  expect(norm(none.gradients)).toBe(0);
});

test('gradients on two threads are bitwise equal 200 times, with repeated tokens and labels', async () => {
  // Large enough that ONNX Runtime divides every kind of node among its threads.
  const config: EncoderConfig = {
    ...bert,
    vocabSize: 500,
    hiddenSize: 64,
    numHiddenLayers: 1,
    numAttentionHeads: 2,
    intermediateSize: 256,
    maxPositionEmbeddings: 64,
  };
  const shape = { batchSize: 8, sequenceLength: 32, scoredPerWindow: 16 };
  const batch = randomBatch(config, 12, { ...shape, padding: 'right' });
  batch.inputIds.forEach((id, i) => (batch.inputIds[i] = 2 + (id % 3)));
  batch.labels.forEach((label, i) => (batch.labels[i] = label % 2));
  const session = await openTiny(config, { threads: 2 });
  const bytesOf = async (): Promise<Buffer> => {
    const { gradients } = await session.gradients([term(batch)], dropout);
    return Buffer.concat([...gradients.values()].map((values) => Buffer.from(values.buffer)));
  };
  const first = await bytesOf();
  let different = 0;
  for (let trial = 0; trial < 200; trial++) if (!(await bytesOf()).equals(first)) different++;
  expect(different).toBe(0);
}, 600_000);

test('batches that score different numbers of positions share a graph and stay exact', async () => {
  const shared = await openTiny(bert);
  for (const scoredPerWindow of [1, 7, 3, 8]) {
    const batch = randomBatch(bert, scoredPerWindow, { batchSize: 5, scoredPerWindow });
    const alone = await openTiny(bert);
    const expected = await alone.gradients([term(batch)], dropout);
    const actual = await shared.gradients([term(batch)], dropout);
    expect(actual.losses).toEqual(expected.losses);
    expect(actual.gradients).toEqual(expected.gradients);
  }
});

test('dropout depends on seed and step, and on nothing else', async () => {
  const batch = randomBatch(bert, 7);
  const lossOf = async (seed: number, step: number, threads: number): Promise<number> => {
    const session = await openTiny(bert, { threads });
    const { losses } = await session.gradients([term(batch)], { seed, step });
    return losses.target.sum;
  };
  const loss = await lossOf(1, 10, 1);
  expect(await lossOf(1, 10, 2)).toBeCloseTo(loss, 5);
  expect(await lossOf(1, 10, 1)).toBe(loss);
  expect(await lossOf(1, 11, 1)).not.toBe(loss);
  expect(await lossOf(2, 10, 1)).not.toBe(loss);
});

describe('updates', () => {
  test('follow AdamW after clipping by the global norm', async () => {
    const session = await openTiny(bert);
    const before = await session.readWeights();
    const gradients = new Map(
      [...livelyWeights(bert, 77)].map(([name, values]) => [name, values.map((x) => 10 * x)]),
    );
    const { gradientNorm } = await session.applyGradients(gradients, update);
    expect(gradientNorm).toBeCloseTo(norm(gradients), 2);
    const after = await session.readWeights();
    const coefficient = 1 / (gradientNorm + 1e-6);
    for (const { name, decay } of session.parameters) {
      const [w, w0, g] = [given(after, name), given(before, name), given(gradients, name)];
      const factor = 1 - update.learningRate * (decay ? update.weightDecay : 0);
      w.forEach((value, i) => {
        // At the first update the bias-corrected moments are g and g².
        const clipped = g[i] * coefficient;
        const change = (update.learningRate * clipped) / (Math.abs(clipped) + update.epsilon);
        expect(Math.abs(value - (w0[i] * factor - change))).toBeLessThan(1e-6);
      });
    }
  });

  test('lower the loss', async () => {
    const session = await openTiny(bert);
    const batch = randomBatch(bert, 5);
    const mean = async (): Promise<number> =>
      (await session.evaluate(batch)).reduce((sum, x) => sum + x, 0) / batch.labels.length;
    const before = await mean();
    for (let step = 0; step < 30; step++) {
      const result = await session.step({
        terms: [term(batch)],
        dropout: { seed: 1, step },
        update: { ...update, learningRate: 1e-2 },
      });
      expect(result.updated).toBe(true);
      expect(result.graphSeconds).toBeGreaterThan(0);
      // The graph of a shape is built once.
      expect(result.compileSeconds > 0).toBe(step === 0);
    }
    expect(await mean()).toBeLessThan(before / 2);
  });

  test('are left out when the gradient is not finite', async () => {
    const session = await openTiny(bert);
    const before = await session.readWeights();
    const broken = new Map(before);
    broken.set('head.decoder.bias', new Float32Array(bert.vocabSize).fill(NaN));
    await session.writeWeights(broken);
    const result = await session.step({
      terms: [term(randomBatch(bert, 5))],
      dropout: null,
      update,
    });
    expect(result.updated).toBe(false);
    const optimizer = await session.readOptimizer();
    expect(optimizer.step).toBe(0);
    expect(norm(optimizer.firstMoment)).toBe(0);
  });

  test('continue bit for bit from saved weights and optimizer state', async () => {
    const steps = async (session: Session, from: number, to: number): Promise<void> => {
      for (let step = from; step < to; step++) {
        const terms = [term(randomBatch(bert, step), randomBatch(bert, step + 50))];
        await session.step({ terms, dropout: { seed: 3, step }, update });
      }
    };
    const whole = await openTiny(bert);
    await steps(whole, 0, 6);
    const first = await openTiny(bert);
    await steps(first, 0, 3);
    const second = await openTiny(bert, { seed: 99 });
    await second.writeWeights(await first.readWeights());
    await second.writeOptimizer(await first.readOptimizer());
    await steps(second, 3, 6);
    expect(await second.readWeights()).toEqual(await whole.readWeights());
    expect(await second.readOptimizer()).toEqual(await whole.readOptimizer());
  });
});

/** Mean loss and gradient of a batch, every kernel computed by TensorFlow.js. */
async function referenceGradients(
  config: EncoderConfig,
  batch: MlmBatch,
): Promise<{ meanLoss: number; gradients: Weights }> {
  const weights = livelyWeights(config, 11);
  const { program, inputs } = createMlmTask(config).prepare(batch, {
    kind: 'train',
    positionWeight: 1 / batch.positions.length,
    dropout: true,
  });
  const kernels = createHostKernels();
  const all = new Map(inputs);
  for (const { name, shape, dropout: site } of program.inputs) {
    if (site === undefined) continue;
    const mask = new Float32Array(sizeOf(shape));
    kernels.dropoutMask(mask, { ...dropout, ...site, term: 0, microBatch: 0 });
    all.set(name, mask);
  }
  const result = await runEagerly(program, weights, all);
  const gradients = new Map(
    [...weights].map(([name, { length }]) => [
      name,
      result.gradients.get(name) ?? new Float32Array(length),
    ]),
  );
  for (const { name, parameter, indices } of program.lookups) {
    const rowIndices = Int32Array.from(given(all, indices));
    kernels.addRows(
      given(gradients, parameter.name),
      rowIndices,
      given(result.rowGradients, name),
      1,
    );
  }
  await kernels.close();
  const losses = given(result.outputs, 'losses').subarray(0, batch.positions.length);
  return { meanLoss: losses.reduce((a, b) => a + b, 0) / losses.length, gradients };
}

/** ‖Δg‖ ≤ 1e-4 ‖g‖ + 1e-6 ‖all‖: the gradient of a key bias is zero but for rounding. */
function expectGradientsClose(actual: Weights, expected: Weights): void {
  const all = norm(expected);
  for (const [name, gradient] of expected) {
    const other = given(actual, name);
    const difference = gradient.map((value, i) => value - other[i]);
    const bound = 1e-4 * norm(new Map([[name, gradient]])) + 1e-6 * all;
    expect(norm(new Map([[name, difference]])), name).toBeLessThanOrEqual(bound);
  }
}

function norm(arrays: Weights): number {
  let squares = 0;
  for (const values of arrays.values()) for (const value of values) squares += value * value;
  return Math.sqrt(squares);
}

function slice(batch: MlmBatch, from: number, to: number): MlmBatch {
  const { sequenceLength: length } = batch;
  const [start, end] = [from * length, to * length];
  const kept = [...batch.positions.keys()].filter(
    (i) => batch.positions[i] >= start && batch.positions[i] < end,
  );
  return {
    batchSize: to - from,
    sequenceLength: length,
    inputIds: batch.inputIds.slice(start, end),
    attentionMask: batch.attentionMask.slice(start, end),
    ...(batch.tokenTypeIds === undefined
      ? {}
      : { tokenTypeIds: batch.tokenTypeIds.slice(start, end) }),
    positions: Int32Array.from(kept, (i) => batch.positions[i] - start),
    labels: Int32Array.from(kept, (i) => batch.labels[i]),
  };
}

/** One window of a batch without its padding. */
function unpadded(batch: MlmBatch, window: number): MlmBatch {
  const one = slice(batch, window, window + 1);
  const first = one.attentionMask.indexOf(1);
  const last = one.attentionMask.lastIndexOf(1) + 1;
  return {
    ...one,
    sequenceLength: last - first,
    inputIds: one.inputIds.slice(first, last),
    attentionMask: one.attentionMask.slice(first, last),
    ...(one.tokenTypeIds === undefined
      ? {}
      : { tokenTypeIds: one.tokenTypeIds.slice(first, last) }),
    positions: one.positions.map((position) => position - first),
  };
}

function given<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (value === undefined) throw new Error(`There is no ${name}.`);
  return value;
}
