/** Loss, gradients, AdamW and ten training steps against PyTorch and transformers. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { AdamWUpdate, LossTerm, MlmBatch, Session } from '../../core/engine/types.ts';
import { loadModelFolder } from '../../core/model/modelFolder.ts';
import type { ModelFolder } from '../../core/model/modelFolder.ts';
import { openMlmSession } from '../../core/model/openSession.ts';
import { sharedFolder } from '../fixtures/shared.ts';
import {
  canonical,
  difference,
  forTransformers,
  largest,
  largestRelativeDifference,
  norm,
  randomBatch,
  readTensors,
} from './comparison.ts';
import { expectDeviation, outputFolder, runScript } from './python.ts';

const RANDOM_MODELS = ['bert', 'bert-untied', 'bert-relu', 'roberta', 'distilbert'];
const REAL_MODEL = 'bert-tiny-enwiki';
const shared = sharedFolder();
const INJECTION_STEPS = 5;

const update: AdamWUpdate = {
  learningRate: 5e-4,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  maxGradNorm: 1,
};
const injection: AdamWUpdate = {
  ...update,
  learningRate: 1e-3,
  weightDecay: 0.1,
  maxGradNorm: null,
};

interface Case {
  readonly model: ModelFolder;
  /** Padded at the right, and at the left. */
  readonly batches: readonly MlmBatch[];
  readonly training: readonly MlmBatch[];
}
type Results = Record<string, { losses: number[]; training: number[] }>;

const cases = new Map<string, Case>();
let folder: string;
let results: Results;

beforeAll(async () => {
  folder = await outputFolder();
  await runScript('make_models.py', folder);
  const paths = new Map(RANDOM_MODELS.map((name) => [name, join(folder, name)]));
  if (shared !== undefined) paths.set(REAL_MODEL, join(shared, 'models', REAL_MODEL));
  for (const [name, path] of paths) {
    const model = await loadModelFolder(path);
    const sequenceLength = Math.min(64, model.config.maxPositionEmbeddings - 4);
    const batch = (seed: number): MlmBatch =>
      randomBatch(
        model.config,
        { batchSize: 6, sequenceLength, padding: seed % 2 === 0 ? 'right' : 'left' },
        seed,
      );
    const training = Array.from({ length: 10 }, (_, step) => batch(100 + step));
    cases.set(name, { model, batches: [batch(0), batch(1)], training });
  }
  const request = {
    output: folder,
    update: settings(update),
    injection: settings(injection),
    injection_steps: INJECTION_STEPS,
    models: Object.fromEntries(
      [...cases].map(([name, { model, batches, training }]) => [
        name,
        {
          path: model.path,
          batches: batches.map((batch) => forTransformers(batch, model.config)),
          training: training.map((batch) => forTransformers(batch, model.config)),
        },
      ]),
    ),
  };
  const requestPath = join(folder, 'request.json');
  await writeFile(requestPath, JSON.stringify(request));
  await runScript('reference.py', requestPath);
  results = JSON.parse(await readFile(join(folder, 'results.json'), 'utf8')) as Results;
  return () => rm(folder, { recursive: true, force: true });
});

function settings(of: AdamWUpdate): Record<string, number | null> {
  return {
    learning_rate: of.learningRate,
    beta1: of.beta1,
    beta2: of.beta2,
    epsilon: of.epsilon,
    weight_decay: of.weightDecay,
    max_grad_norm: of.maxGradNorm,
  };
}

function caseOf(name: string): Case {
  const found = cases.get(name);
  if (found === undefined) throw new Error(`${name} was not prepared`);
  return found;
}

async function withSession<T>(
  { config, weights }: ModelFolder,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openMlmSession({ config, weights, session: { engine: 'cpu' }, dropout: 0 });
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

const term = (batch: MlmBatch): LossTerm[] => [{ name: 'mlm', weight: 1, batches: [batch] }];
const NAMES = [...RANDOM_MODELS, REAL_MODEL];

describe.each(NAMES)('%s', (name) => {
  const available = name !== REAL_MODEL || shared !== undefined;

  test.skipIf(!available).each([
    ['right', 0],
    ['left', 1],
  ] as const)(
    'padded at the %s has the loss, logits and gradients of PyTorch',
    async (side, index) => {
      const { model, batches } = caseOf(name);
      const batch = batches[index];
      await withSession(model, async (session) => {
        const { losses, gradients } = await session.gradients(term(batch), null);
        const expected = results[name].losses[index];
        const actual = losses.mlm.sum / losses.mlm.count;
        const where = `${name}, padded at the ${side}`;
        expectDeviation(`${where}: loss, relative`, Math.abs(actual - expected) / expected, 1e-5);

        const scores = await session.evaluate(batch);
        const mean = scores.reduce((sum, loss) => sum + loss, 0) / scores.length;
        expectDeviation(
          `${where}: evaluated loss, relative`,
          Math.abs(mean - expected) / expected,
          1e-5,
        );

        const logits = (await readTensors(join(folder, `${name}-logits.safetensors`))).get(
          `${index}`,
        );
        if (logits === undefined) throw new Error('no logits');
        const found = await session.logits(batch);
        expectDeviation(
          `${where}: logits, relative to the largest`,
          largest(difference(found, logits)) / largest(logits),
          1e-5,
        );

        const published = await readTensors(join(folder, `${name}-gradients-${index}.safetensors`));
        const wanted = canonical(published, gradients.keys(), model.config);
        const all = norm([...wanted.values()].map(norm));
        let worst = 0;
        for (const [parameter, gradient] of wanted) {
          const ours = gradients.get(parameter) ?? new Float32Array();
          const allowed = 1e-3 * norm(gradient) + 1e-6 * all;
          worst = Math.max(worst, norm(difference(ours, gradient)) / allowed);
        }
        expectDeviation(`${where}: gradient, as a share of what is allowed`, worst, 1);
        expectDeviation(
          `${where}: whole gradient, relative`,
          norm(
            [...wanted].map(([key, gradient]) =>
              norm(difference(gradients.get(key) ?? gradient, gradient)),
            ),
          ) / all,
          1e-4,
        );
      });
    },
  );

  test.skipIf(!available)(
    'has the weights of PyTorch after AdamW on injected gradients',
    async () => {
      const { model } = caseOf(name);
      await withSession(model, async (session) => {
        const names = session.parameters.map((parameter) => parameter.name);
        for (let step = 0; step < INJECTION_STEPS; step++) {
          const injected = await readTensors(join(folder, `${name}-injected-${step}.safetensors`));
          await session.applyGradients(canonical(injected, names, model.config), injection);
        }
        const updated = await readTensors(join(folder, `${name}-updated.safetensors`));
        const expected = canonical(updated, names, model.config);
        const actual = await session.readWeights();
        expect([...actual.keys()].sort()).toEqual([...names].sort());
        expectDeviation(
          `${name}: AdamW, relative`,
          largestRelativeDifference(actual, expected),
          1e-6,
        );
        const absolute = Math.max(
          ...names.map((key) =>
            largest(
              difference(
                actual.get(key) ?? new Float32Array(),
                expected.get(key) ?? new Float32Array(),
              ),
            ),
          ),
        );
        expectDeviation(`${name}: AdamW, largest difference of a weight`, absolute, 1e-6);
      });
    },
  );

  test.skipIf(!available)('has the losses of PyTorch over ten training steps', async () => {
    const { model, training } = caseOf(name);
    await withSession(model, async (session) => {
      const losses: number[] = [];
      for (const batch of training) {
        const result = await session.step({ terms: term(batch), dropout: null, update });
        losses.push(result.losses.mlm.sum / result.losses.mlm.count);
      }
      const last = await session.evaluate(training[0]);
      losses.push(last.reduce((sum, loss) => sum + loss, 0) / last.length);
      const expected = results[name].training;
      expect(losses).toHaveLength(expected.length);
      const worst = Math.max(
        ...losses.map((loss, i) => Math.abs(loss - expected[i]) / expected[i]),
      );
      expectDeviation(`${name}: loss over ten steps, relative`, worst, 1e-4);
      expect(losses.at(-1)).toBeLessThan(losses[0]);
    });
  });
});
