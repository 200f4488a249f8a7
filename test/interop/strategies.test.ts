/**
 * The strategies against a direct PyTorch version of their equations: total loss and gradient of an
 * optimizer step, and the weights after some steps. Objectives and requests are formed as in a run.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { MlmBatch, Session, StepResult, Weights } from '../../core/engine/types.ts';
import { loadModelFolder } from '../../core/model/modelFolder.ts';
import type { ModelFolder } from '../../core/model/modelFolder.ts';
import { openMlmSession } from '../../core/model/openSession.ts';
import { objectiveOf, strategyLabel, strategyPartsSchema } from '../../core/strategies/parts.ts';
import type { StrategyParts } from '../../core/strategies/parts.ts';
import type { Objective, StreamKind } from '../../core/strategies/types.ts';
import { openTokenizer } from '../../core/text/tokenizer.ts';
import { holdAnchor } from '../../core/training/anchor.ts';
import { trainingSettingsSchema } from '../../core/training/configuration.ts';
import { stepRequest } from '../../core/training/stepRequest.ts';
import { sharedFolder } from '../fixtures/shared.ts';
import {
  canonical,
  difference,
  forTransformers,
  norm,
  randomBatch,
  readTensors,
} from './comparison.ts';
import { expectDeviation, outputFolder, runScript } from './python.ts';
import { clinicalTexts, paddedLeft, realBatch, wikipediaTexts, windowsOf } from './realText.ts';

const RANDOM_MODELS = ['bert', 'bert-untied', 'roberta', 'distilbert'];
const REAL_MODEL = 'bert-tiny-enwiki';
const shared = sharedFolder();
const STEPS = 5;

type SourceName = 'source' | 'opposing' | 'agreeing';

interface Comparison {
  readonly parts: StrategyParts;
  /** The source batch of the step: any, or one whose gradient opposes, or agrees with, the target's. */
  readonly source: SourceName;
  readonly projects?: boolean;
}

const compared = (parts: object, rest: Partial<Comparison> = {}): Comparison => ({
  parts: strategyPartsSchema.parse(parts),
  source: 'source',
  ...rest,
});
/**
 * Strengths at which neither the loss nor a penalty drowns the other; there are more weights to add
 * up in the real model.
 */
function strengths(model: string): { l2: { lambda: number }; ewc: { lambda: number } } {
  const share = model === REAL_MODEL ? 0.05 : 1;
  return { l2: { lambda: 0.3 * share }, ewc: { lambda: 2000 * share } };
}

function objectivesOf(model: string): Readonly<Record<string, Comparison>> {
  const { l2, ewc } = strengths(model);
  const rh = { lambda: 0.7 };
  const lwf = { lambda: 0.8, temperature: 2 };
  return {
    SDT: compared({}),
    RH: compared({ rh }),
    L2: compared({ l2 }),
    'L2 without LayerNorm': compared({ l2: { ...l2, layer_norm: false } }),
    EWC: compared({ ewc }),
    'EWC without LayerNorm': compared({ ewc: { ...ewc, layer_norm: false } }),
    'GEM that projects': compared({ gem: {} }, { source: 'opposing', projects: true }),
    'GEM that does not': compared({ gem: {} }, { source: 'agreeing', projects: false }),
    'GEM and L2': compared({ gem: {}, l2 }, { source: 'opposing', projects: true }),
    'RH and EWC': compared({ rh, ewc }),
    'distillation, T = 1': compared({ lwf: { ...lwf, temperature: 1 } }),
    'distillation, T = 2': compared({ lwf }),
    'RH, L2, EWC and distillation': compared({ rh, l2, ewc, lwf }),
  };
}

function trainingsOf(model: string): Readonly<Record<string, StrategyParts>> {
  const { l2, ewc } = strengths(model);
  const all = [
    { rh: { lambda: 0.5 }, ewc, lrc: { decay: 0.8 } },
    { l2, gem: {} },
    { l2: { ...l2, layer_norm: false }, lwf: { temperature: 2 }, lrc: { decay: 0.5 } },
  ].map((parts) => strategyPartsSchema.parse(parts));
  return Object.fromEntries(all.map((parts) => [strategyLabel(parts), parts]));
}

/** Adam's first moment after one update from nothing is half the gradient, to the last bit. */
const READ_GRADIENT = trainingSettingsSchema.parse({ adam_beta1: 0.5, max_grad_norm: 0 });
/** The bound is below every gradient's norm here, so that every step is clipped. */
const settings = trainingSettingsSchema.parse({
  learning_rate: 1e-3,
  weight_decay: 0.05,
  max_grad_norm: 0.5,
});
type StepBatches = Readonly<Record<StreamKind, readonly MlmBatch[]>>;

interface Prepared {
  readonly model: ModelFolder;
  /** Two micro-batches of each domain, padded at the right and at the left. */
  readonly batches: StepBatches;
  /** Of each training step, a micro-batch of each domain. */
  readonly steps: readonly StepBatches[];
}

interface Expected {
  readonly losses: Readonly<Record<string, number>>;
  readonly total: number;
  readonly penalties: Readonly<Record<string, { value: number; gradient_norm: number }>>;
  readonly projection: { projected: boolean; cosine: number } | null;
  readonly task_gradient_norm: number;
  readonly gradient_norm: number;
}

interface Results {
  readonly objectives: Readonly<Record<string, Expected>>;
  readonly trainings: Readonly<Record<string, readonly Expected[]>>;
  readonly drift: { readonly distances: number[]; readonly norms: number[] };
  /** Labels of the opposing batch, by micro-batch. */
  readonly opposing: readonly number[][];
}

const prepared = new Map<string, Prepared>();
let folder: string;
let results: Readonly<Record<string, Results>>;

beforeAll(async () => {
  folder = await outputFolder();
  await runScript('make_models.py', folder);
  for (const name of RANDOM_MODELS) {
    prepared.set(name, randomProblem(await loadModelFolder(join(folder, name))));
  }
  if (shared !== undefined) prepared.set(REAL_MODEL, await realProblem(shared));
  const request = join(folder, 'request.json');
  await writeFile(
    request,
    JSON.stringify({
      output: folder,
      settings,
      models: Object.fromEntries(
        [...prepared].map(([name, { model, batches, steps }]) => [
          name,
          {
            path: model.path,
            objectives: objectivesOf(name),
            trainings: trainingsOf(name),
            ...forPython(batches, model),
            steps: steps.map((step) => forPython(step, model)),
          },
        ]),
      ),
    }),
  );
  await runScript('strategies.py', request);
  results = JSON.parse(await readFile(join(folder, 'results.json'), 'utf8')) as typeof results;
  return () => rm(folder, { recursive: true, force: true });
});

function randomProblem(model: ModelFolder): Prepared {
  const batch = (seed: number, padding: 'left' | 'right'): MlmBatch =>
    randomBatch(model.config, { batchSize: 5, sequenceLength: 36, padding }, seed);
  return {
    model,
    batches: {
      target: [batch(0, 'right'), batch(1, 'left')],
      source: [batch(2, 'right'), batch(3, 'left')],
    },
    steps: Array.from({ length: STEPS }, (_, step) => ({
      target: [batch(100 + step, 'right')],
      source: [batch(200 + step, 'right')],
    })),
  };
}

/** Clinical notes as the target, Wikipedia as the source, masked as in a run. */
async function realProblem(from: string): Promise<Prepared> {
  const model = await loadModelFolder(join(from, 'models', REAL_MODEL));
  const { tokenizer } = await openTokenizer(model.path);
  const batchesOf = async (
    texts: readonly string[],
    name: string,
  ): Promise<(first: number) => MlmBatch> => {
    const windows = await windowsOf(texts, tokenizer, 48, join(folder, name));
    const batches = Array.from({ length: STEPS + 2 }, (_, index) =>
      realBatch(windows, tokenizer, { first: index * 8, count: 8, padTo: 48 }),
    );
    windows.close();
    return (index) => batches[index];
  };
  const target = await batchesOf(await clinicalTexts(from, 8), 'target-shards');
  const source = await batchesOf(await wikipediaTexts(from, 8), 'source-shards');
  return {
    model,
    batches: {
      target: [target(0), paddedLeft(target(1))],
      source: [source(0), paddedLeft(source(1))],
    },
    steps: Array.from({ length: STEPS }, (_, step) => ({
      target: [target(step + 2)],
      source: [source(step + 2)],
    })),
  };
}

function forPython(batches: StepBatches, { config }: ModelFolder): Record<StreamKind, unknown> {
  const converted = (stream: StreamKind): unknown =>
    batches[stream].map((batch) => forTransformers(batch, config));
  return { target: converted('target'), source: converted('source') };
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} was not prepared`);
  return value;
}

/** A session at θ, with the model's own weights as the anchor and PyTorch's importances. */
async function withSession<T>(
  name: string,
  objective: Objective,
  use: (session: Session, theta: Weights) => Promise<T>,
): Promise<T> {
  const { config, weights } = found(prepared.get(name), name).model;
  const read = async (what: string): Promise<Weights> =>
    canonical(
      await readTensors(join(folder, `${name}-${what}.safetensors`)),
      weights.keys(),
      config,
    );
  const theta = await read('theta');
  const session = await openMlmSession({
    ...{ config, weights: theta, session: { engine: 'cpu' } },
    dropout: 0,
  });
  try {
    await holdAnchor(session, objective, weights, await read('importance'));
    return await use(session, theta);
  } finally {
    await session.close();
  }
}

/** Step `step` of an objective, as the training loop asks for it. */
function take(
  session: Session,
  objective: Objective,
  steps: readonly StepBatches[],
  step: number,
  given = settings,
): Promise<StepResult> {
  const stream = (kind: StreamKind) => ({
    stepsPerEpoch: steps.length,
    batchesAt: (at: number) => steps[at][kind],
  });
  const material = {
    objective,
    settings: given,
    seed: 1,
    parameters: session.parameters,
    streams: { target: stream('target'), source: stream('source') },
  };
  return session.step(stepRequest(material, step, given.learning_rate));
}

/** The losses of a step weighed and added up as the objective says. */
function totalLoss({ terms, distillation }: Objective, { losses, penalties }: StepResult): number {
  const mean = (name: string): number => losses[name].sum / losses[name].count;
  let total = terms.reduce((sum, { stream, weight }) => sum + weight * mean(stream), 0);
  if (distillation !== null) total += distillation.weight * mean('distillation');
  for (const { value } of Object.values(penalties)) total += value;
  return total;
}

const relative = (actual: number, expected: number): number =>
  Math.abs(actual - expected) / Math.abs(expected);

/** The signals of a step that PyTorch's version has too; the largest relative deviation. */
function signalDeviation(actual: StepResult, expected: Expected): number {
  const { losses } = actual;
  const pairs: [number, number][] = [
    [actual.gradientNorm, expected.gradient_norm],
    [actual.taskGradientNorm, expected.task_gradient_norm],
  ];
  for (const [name, loss] of Object.entries(expected.losses)) {
    // A divergence is a small difference of log-probabilities, and these are rounded at some 1e-7.
    const floor = name === 'distillation' ? 0.1 : 0;
    pairs.push([losses[name].sum / losses[name].count + floor, loss + floor]);
  }
  expect(Object.keys(actual.penalties).sort()).toEqual(Object.keys(expected.penalties).sort());
  for (const [name, penalty] of Object.entries(expected.penalties)) {
    pairs.push([actual.penalties[name].value, penalty.value]);
    pairs.push([actual.penalties[name].gradientNorm, penalty.gradient_norm]);
  }
  expect(actual.projection?.projected).toBe(expected.projection?.projected);
  const ours = actual.projection?.cosine ?? 0;
  const cosine = Math.abs(ours - (expected.projection?.cosine ?? 0));
  return Math.max(cosine, ...pairs.map(([value, wanted]) => relative(value, wanted)));
}

/** The source batches of a comparison. */
function sourceOf(name: string, source: SourceName): readonly MlmBatch[] {
  const { batches } = found(prepared.get(name), name);
  if (source === 'source') return batches.source;
  if (source === 'agreeing') return batches.target.slice(0, 1);
  return batches.target.map((batch, index) => {
    return { ...batch, labels: Int32Array.from(results[name].opposing[index]) };
  });
}

describe.each([...RANDOM_MODELS, REAL_MODEL])('%s', (name) => {
  const available = name !== REAL_MODEL || shared !== undefined;

  test.skipIf(!available).each(Object.entries(objectivesOf(name)))(
    '%s has the loss and the gradient of PyTorch',
    async (label, { parts, source, projects }) => {
      const { batches, model } = found(prepared.get(name), name);
      const objective = objectiveOf(strategyLabel(parts), parts);
      const expected = results[name].objectives[label];
      await withSession(name, objective, async (session) => {
        const step = { target: batches.target, source: sourceOf(name, source) };
        const result = await take(session, objective, [step], 0, READ_GRADIENT);
        const where = `${name}, ${label}`;

        expectDeviation(
          `${where}: total loss, relative`,
          relative(totalLoss(objective, result), expected.total),
          1e-5,
        );
        expectDeviation(`${where}: its parts and norms`, signalDeviation(result, expected), 1e-5);
        expect(expected.projection?.projected).toBe(projects);
        for (const { gradient_norm: penalty } of Object.values(expected.penalties)) {
          // Neither of the two gradients drowns in the other.
          expect(penalty / expected.task_gradient_norm).toBeGreaterThan(0.02);
          expect(penalty / expected.task_gradient_norm).toBeLessThan(10);
        }

        const published = await readTensors(join(folder, `${name}-${label}-gradient.safetensors`));
        const { firstMoment } = await session.readOptimizer();
        const wanted = canonical(published, firstMoment.keys(), model.config);
        const all = norm([...wanted.values()].map(norm));
        let worst = 0;
        let squares = 0;
        for (const [parameter, gradient] of wanted) {
          const ours = found(firstMoment.get(parameter), parameter).map((value) => 2 * value);
          const distance = norm(difference(ours, gradient));
          squares += distance ** 2;
          worst = Math.max(worst, distance / (1e-3 * norm(gradient) + 1e-6 * all));
        }
        expectDeviation(`${where}: gradient, as a share of what is allowed`, worst, 1);
        expectDeviation(`${where}: whole gradient, relative`, Math.sqrt(squares) / all, 1e-4);
      });
    },
  );

  test.skipIf(!available).each(Object.entries(trainingsOf(name)))(
    `has the weights of PyTorch after ${STEPS} clipped updates of %s`,
    async (label, parts) => {
      const { model, steps } = found(prepared.get(name), name);
      const objective = objectiveOf(label, parts);
      const expected = results[name].trainings[label];
      await withSession(name, objective, async (session, theta) => {
        let signals = 0;
        for (const [step, report] of expected.entries()) {
          const result = await take(session, objective, steps, step);
          signals = Math.max(signals, signalDeviation(result, report));
          expect(report.gradient_norm).toBeGreaterThan(settings.max_grad_norm);
        }
        expect(expected).toHaveLength(STEPS);
        const where = `${name}, ${label}, ${STEPS} updates`;
        expectDeviation(`${where}: losses and norms`, signals, 1e-4);

        const published = await readTensors(join(folder, `${name}-${label}-trained.safetensors`));
        const trained = await session.readWeights();
        const squares: number[] = [];
        let changed = 0;
        for (const [parameter, wanted] of canonical(published, trained.keys(), model.config)) {
          const start = found(theta.get(parameter), parameter);
          for (const each of difference(found(trained.get(parameter), parameter), wanted)) {
            squares.push(each ** 2);
          }
          changed += norm(difference(wanted, start)) ** 2;
        }
        squares.sort((a, b) => a - b);
        const relativeTo = (elements: readonly number[]): number =>
          Math.sqrt(elements.reduce((sum, square) => sum + square, 0) / changed);
        const what = `${where}: weights, relative to their change`;
        expectDeviation(what, relativeTo(squares), 1e-3);
        // Where a gradient happens to be next to zero, Adam divides rounding by rounding: such
        // elements, one in ten thousand or fewer, hide how well all others agree.
        const others = squares.slice(0, Math.ceil(squares.length * (1 - 1e-4)));
        expectDeviation(`${what}, without one element in 10,000`, relativeTo(others), 1e-4);
      });
    },
  );

  test.skipIf(!available)('has the distances from the anchor of PyTorch', async () => {
    await withSession(name, objectiveOf('sdt', {}), async (session) => {
      const { distances, norms } = results[name].drift;
      const drift = await session.drift();
      expect(drift).toHaveLength(distances.length);
      const worst = Math.max(
        ...drift.flatMap(({ distance, anchorNorm }, depth) => [
          relative(distance, distances[depth]),
          relative(anchorNorm, norms[depth]),
        ]),
      );
      expectDeviation(`${name}: drift by depth, relative`, worst, 1e-5);
    });
  });
});
