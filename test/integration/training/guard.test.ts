/** The forgetting guard in the real loop: what it ends, what it keeps, and that a kill changes nothing. */
import { cpSync, existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportModel } from '../../../core/model/exportModel.ts';
import { loadModelFolder } from '../../../core/model/modelFolder.ts';
import { mlmParameters } from '../../../core/model/parameters.ts';
import { listCheckpoints } from '../../../core/training/checkpoint.ts';
import type { RunSpecification } from '../../../core/training/configuration.ts';
import { readEvents } from '../../../core/training/eventLog.ts';
import type { EvaluationEvent, GuardEvent, RunEvent } from '../../../core/training/events.ts';
import { openResources } from '../../../core/training/openResources.ts';
import type { PreparedEvaluation } from '../../../core/training/resources.ts';
import { train } from '../../../core/training/train.ts';
import { readCheckpointWeights } from '../../../core/training/trainingState.ts';
import { validationLosses } from '../../../core/training/validationLosses.ts';
import { tinyTraining } from '../../fixtures/tinyTraining.ts';
import type { TinyTraining } from '../../fixtures/tinyTraining.ts';
import { runJob, startJob } from '../../fixtures/trainingJob.ts';
import { essence, finalWeights, unigramTraining } from '../../fixtures/unigramTraining.ts';
import type { UnigramSession } from '../../fixtures/unigramSession.ts';
import type { RunOptions, Trial, UnigramTraining } from '../../fixtures/unigramTraining.ts';

let training: UnigramTraining;
/** Source sets of tokens that no step trains: their loss rises from the first step. */
let forgetful: readonly PreparedEvaluation[];
beforeAll(async () => {
  training = await unigramTraining();
  forgetful = training.evaluations.map((set) => (set.role === 'source' ? untrained(set) : set));
});
afterAll(() => training.remove());

function untrained({ masks, ...set }: PreparedEvaluation): PreparedEvaluation {
  const batches = masks.batches.map(({ batch, rows }) => ({
    rows,
    batch: { ...batch, labels: batch.labels.map((label) => label + 20) },
  }));
  return { ...set, setHash: `untrained-${set.split}`, masks: { ...masks, batches } };
}

/**
 * With these settings the loss on the sets, above the base model's by −0.44 at step 6, rises to
 * +0.05 at step 15, +0.18 at step 18, +0.29 at step 21 and +0.36 at step 24, the last. A checkpoint
 * is due at steps 6, 12, 18 and 24.
 */
const SETTINGS = { learning_rate: 0.2, lr_scheduler_type: 'constant', eval_steps: 3 };
/** The bound, and where it ends a run. */
const ENDS: readonly [bound: number, step: number][] = [
  [0.02, 15],
  [0.1, 18],
  [0.2, 21],
  [0.3, 24],
];
const BEST = 6;

function guarded(
  maxForgetting: number,
  action: GuardEvent['action'],
  more: object = {},
): RunSpecification {
  const guard = { max_forgetting: maxForgetting, action };
  return training.specification({ ...SETTINGS, forgetting_guard: guard, ...more });
}

/** A run without guard that has the weights of `step` at its end, and their scores on all sets. */
async function endingAt(step: number, options: RunOptions = {}): Promise<RunSpecification> {
  const plain = training.specification({ ...SETTINGS, max_steps: step });
  expect((await training.run(plain, options)).outcome).toBe('completed');
  return plain;
}

function evaluationsOf(
  specification: RunSpecification,
  phase: EvaluationEvent['phase'],
): EvaluationEvent[] {
  return readEvents(specification.runFolder).filter(
    (event) => event.type === 'evaluation' && event.phase === phase,
  ) as EvaluationEvent[];
}

/** By set: the loss and the bytes it was computed from. */
function scores(events: readonly EvaluationEvent[]): Record<string, unknown> {
  return Object.fromEntries(
    events.map(({ role, split, nll, scoresHash }) => [`${role} ${split}`, [nll, scoresHash]]),
  );
}

function guardOf(events: readonly RunEvent[]): GuardEvent | undefined {
  return events.find((event) => event.type === 'guard');
}

async function stepsIn(specification: RunSpecification, kind: 'checkpoints' | 'best') {
  return (await listCheckpoints(specification.runFolder, kind)).map(({ step }) => step);
}

describe('a forgetting guard', () => {
  it.each(ENDS)('of %d that stops ends the run at step %d as it is then', async (bound, step) => {
    const spec = guarded(bound, 'stop');
    const { outcome, events } = await training.run(spec);
    expect(outcome).toBe('completed');
    expect(events[0]).toMatchObject({ type: 'started', totalSteps: 24 });
    expect(events.at(-1)).toMatchObject({ type: 'ended', outcome: 'completed', step });
    const guard = guardOf(events);
    expect(guard).toMatchObject({ step, action: 'stop', keptStep: step });
    const [base] = evaluationsOf(spec, 'before').filter(({ role }) => role === 'source');
    expect(guard?.bound).toBe((base?.nll ?? 0) + bound);
    expect(guard?.nll).toBeGreaterThan(guard?.bound ?? Infinity);

    const plain = await endingAt(step);
    expect(await finalWeights(spec)).toBe(await finalWeights(plain));
    const after = evaluationsOf(spec, 'after');
    expect(after.map((event) => event.step)).toEqual(Array(4).fill(step));
    expect(scores(after)).toEqual(scores(evaluationsOf(plain, 'after')));
    expect(await stepsIn(spec, 'checkpoints')).toEqual([step]);
    expect(await stepsIn(spec, 'best')).toEqual([BEST]);
  });

  it.each(ENDS)(
    'of %d that rolls back at step %d leaves the run with its best weights',
    async (bound, step) => {
      const spec = guarded(bound, 'rollback');
      const { outcome, events } = await training.run(spec);
      expect(outcome).toBe('completed');
      expect(events.at(-1)).toMatchObject({ type: 'ended', step });
      expect(guardOf(events)).toMatchObject({ step, action: 'rollback', keptStep: BEST });

      const best = await endingAt(BEST);
      expect(await finalWeights(spec)).toBe(await finalWeights(best));
      const after = evaluationsOf(spec, 'after');
      expect(after.map((event) => event.step)).toEqual(Array(4).fill(step));
      expect(scores(after)).toEqual(scores(evaluationsOf(best, 'after')));
      // What the guard saw stays in the history, beside the scores of the weights that are kept.
      const seen = evaluationsOf(spec, 'during').filter((event) => event.step === step);
      expect(scores(seen)).not.toEqual(scores(after.filter(({ split }) => split !== 'test')));
      expect(await stepsIn(spec, 'checkpoints')).toEqual([step]);
      expect(await stepsIn(spec, 'best')).toEqual([BEST]);
      const drift = events.flatMap((event) =>
        event.type === 'metrics' && event.step >= step ? [event.values['drift/total']] : [],
      );
      expect(drift).toHaveLength(2);
      expect(drift[1]).toBeLessThan(drift[0] ?? 0);
    },
  );

  it('rolls back to the base model when no step was within the bound', async () => {
    const spec = guarded(0.01, 'rollback');
    const { outcome, events } = await training.run(spec, { evaluations: forgetful });
    expect(outcome).toBe('completed');
    expect(guardOf(events)).toMatchObject({ step: 3, keptStep: 0 });
    expect(scores(evaluationsOf(spec, 'after'))).toEqual(scores(evaluationsOf(spec, 'before')));
    const untouched = training.specification(SETTINGS);
    await training.run(untouched, { interrupt: () => 'pause' });
    expect(await stepsIn(untouched, 'checkpoints')).toEqual([0]);
    expect(await finalWeights(spec)).toBe(await finalWeights(untouched));
    expect(await stepsIn(spec, 'best')).toEqual([]);
  });

  it('never keeps weights beyond the bound as the best, however good on the target', async () => {
    const spec = guarded(0.01, 'stop');
    const { events } = await training.run(spec, { evaluations: forgetful });
    expect(guardOf(events)).toMatchObject({ step: 3, keptStep: 3 });
    const [before, after] = (['before', 'after'] as const).map(
      (phase) => evaluationsOf(spec, phase).find(({ role }) => role === 'target')?.nll ?? 0,
    );
    expect(after).toBeLessThan(before);
    expect(await stepsIn(spec, 'best')).toEqual([]);
  });

  it('that has nothing to say changes neither weights nor scores', async () => {
    const plain = training.specification(SETTINGS);
    const reference = await training.run(plain);
    const spec = guarded(5, 'rollback', { eval_steps: 24 });
    const { outcome, events } = await training.run(spec);
    expect(outcome).toBe('completed');
    expect(guardOf(events)).toBeUndefined();
    expect(await finalWeights(spec)).toBe(await finalWeights(plain));
    expect(scores(evaluationsOf(spec, 'after'))).toEqual(scores(evaluationsOf(plain, 'after')));
    const warnings = (all: readonly RunEvent[]): string[] =>
      all.flatMap((event) => (event.type === 'log' ? [event.message] : []));
    expect(warnings(events)).toEqual([expect.stringContaining('eval_steps 24') as string]);
    expect(warnings(reference.events)).toEqual([]);
    expect(warnings((await training.run(guarded(5, 'stop'))).events)).toEqual([]);
  });

  it.each<[GuardEvent['action'], 'source' | 'target']>([
    ['stop', 'source'],
    ['rollback', 'source'],
    ['rollback', 'target'],
  ])('that may %s is refused without a %s set to look at', async (action, role) => {
    const evaluations = training.evaluations.filter(
      (set) => set.role !== role || set.split !== 'validation',
    );
    const spec = guarded(0.1, action);
    const { outcome, error, events } = await training.run(spec, { evaluations });
    expect([outcome, error?.code]).toEqual(['failed', 'run/guard-needs-set']);
    expect(error?.message).toContain(role);
    expect(events.map(({ type }) => type)).toEqual(['ended']);
  });

  it('is no matter of the base model, which takes no step', async () => {
    const guard = { max_forgetting: 0, action: 'rollback' };
    const spec = training.specification({ forgetting_guard: guard }, 'ndt');
    expect((await training.run(spec, { evaluations: [] })).outcome).toBe('completed');
  });
});

/** From step 9 on no gradient is finite: at step 29 the run has diverged. */
function breakGradients({ brokenSteps }: UnigramSession): void {
  for (let step = 8; step < 40; step++) brokenSteps.add(step);
}

/** Weights so far from the base model, as those of step 12 are first, score no finite loss. */
function breakScores(session: UnigramSession): void {
  const score = session.evaluate.bind(session);
  session.evaluate = async (batch) => {
    const losses = await score(batch);
    const [weights = []] = (await session.readWeights()).values();
    return Math.hypot(...weights) > 12 ? losses.fill(Number.NaN) : losses;
  };
}

const WAYS_TO_DIVERGE = [
  ['training/diverged', breakGradients, 29],
  ['evaluation/not-finite', breakScores, 12],
] as const;

describe('a run that diverges', () => {
  it.each(WAYS_TO_DIVERGE)(
    '(%s) is beyond every bound: it is rolled back to its best weights',
    async (_, prepare, step) => {
      const spec = guarded(5, 'rollback', { max_steps: 40 });
      const { outcome, events } = await training.run(spec, { prepare });
      expect(outcome).toBe('completed');
      expect(guardOf(events)).toMatchObject({
        step,
        action: 'rollback',
        nll: null,
        keptStep: BEST,
      });
      expect(readEvents(spec.runFolder).at(-1)).toMatchObject({ outcome: 'completed', step });
      const best = await endingAt(BEST);
      expect(await finalWeights(spec)).toBe(await finalWeights(best));
      expect(scores(evaluationsOf(spec, 'after'))).toEqual(scores(evaluationsOf(best, 'after')));
      expect(await stepsIn(spec, 'best')).toEqual([BEST]);
    },
  );

  it.each(
    WAYS_TO_DIVERGE.flatMap(([code, prepare]) =>
      ([undefined, 'stop'] as const).map((action) => [code, action, prepare] as const),
    ),
  )(
    '(%s) with guard %s fails, and says where its best weights are',
    async (code, action, prepare) => {
      const guard = action && { forgetting_guard: { max_forgetting: 5, action } };
      const spec = training.specification({ ...SETTINGS, max_steps: 40, ...guard });
      const { outcome, error } = await training.run(spec, { prepare });
      expect([outcome, error?.code]).toEqual(['failed', code]);
      expect(error?.hint).toBe(
        `${code === 'training/diverged' ? 'Lower' : 'The run diverged: lower'} learning_rate, add warmup_steps, or set max_grad_norm to 1. ` +
          `The weights of step ${BEST}, its best, are kept: \`palimpsest export ${spec.runId} FOLDER --weights best\`.`,
      );
      expect(await stepsIn(spec, 'best')).toEqual([BEST]);
    },
  );

  it('without anything to keep promises nothing', async () => {
    const spec = training.specification({ ...SETTINGS, max_steps: 40, eval_steps: 40 });
    const { error } = await training.run(spec, { prepare: breakGradients });
    expect(error?.hint).toBe('Lower learning_rate, add warmup_steps, or set max_grad_norm to 1.');
  });
});

interface Ending {
  readonly name: string;
  /** Moments before this step are left out. */
  readonly from: number;
  readonly specify: () => RunSpecification;
  readonly evaluations?: readonly PreparedEvaluation[];
  readonly prepare?: (session: UnigramSession) => void;
}

const rollingBack =
  (bound: number, more: object = {}) =>
  () =>
    guarded(bound, 'rollback', more);
const ENDINGS = (): Ending[] => [
  { name: 'stop', from: 17, specify: () => guarded(0.1, 'stop') },
  { name: 'rollback without a checkpoint of the step', from: 11, specify: rollingBack(0.02) },
  { name: 'rollback at a checkpoint', from: 15, specify: rollingBack(0.1) },
  { name: 'rollback after the last step', from: 21, specify: rollingBack(0.3) },
  {
    name: 'rollback with two checkpoints',
    from: 12,
    specify: rollingBack(0.1, { save_total_limit: 2 }),
  },
  { name: 'rollback to the base', from: 0, specify: rollingBack(0.01), evaluations: forgetful },
  {
    name: 'rollback without a finite gradient',
    from: 27,
    specify: rollingBack(5, { max_steps: 40 }),
    prepare: breakGradients,
  },
  {
    name: 'rollback without a finite loss',
    from: 11,
    specify: rollingBack(5, { max_steps: 40 }),
    prepare: breakScores,
  },
];

/** Where the runs of one ending end: weights, checkpoints, evaluations, and the guard's word. */
async function endOf(spec: RunSpecification): Promise<unknown> {
  const events = readEvents(spec.runFolder);
  const { step, action, nll, bound, keptStep } = guardOf(events) ?? {};
  const said = new Set(essence(events).map((one) => JSON.stringify(one)));
  return {
    weights: await finalWeights(spec),
    best: await stepsIn(spec, 'best'),
    guard: { step, action, nll, bound, keptStep },
    guards: events.filter(({ type }) => type === 'guard').length,
    said: [...said].toSorted(),
    last: { ...events.at(-1), attempt: 0, sequence: 0, time: '', run: '' },
  };
}

async function resumed(spec: RunSpecification, ending: Ending): Promise<Trial> {
  return training.run(spec, optionsOf(ending));
}

function optionsOf({ evaluations, prepare }: Ending): RunOptions {
  return { ...(evaluations && { evaluations }), ...(prepare && { prepare }) };
}

describe('a run that a forgetting guard ends', () => {
  it.each(['stop', 'rollback'] as const)('(%s) is not run again', async (action) => {
    const spec = guarded(0.1, action);
    await training.run(spec);
    expect(await training.run(spec)).toMatchObject({ outcome: 'completed', events: [] });
  });

  it('ends alike wherever it was killed', async () => {
    for (const ending of ENDINGS()) {
      const whole = ending.specify();
      const moments: RunSpecification[] = [];
      // A copy of the folder at a moment is what a kill leaves behind.
      const snapshot = (): void => {
        const copy = ending.specify();
        cpSync(whole.runFolder, copy.runFolder, { recursive: true });
        moments.push(copy);
      };
      await training.run(whole, {
        publish: (event) => {
          if (event.type !== 'ended' && event.step >= ending.from) snapshot();
        },
        ...optionsOf(ending),
      });
      const expected = await endOf(whole);
      expect(moments.length).toBeGreaterThan(6);
      for (const [moment, copy] of moments.entries()) {
        expect((await resumed(copy, ending)).outcome).toBe('completed');
        expect(await endOf(copy), `${ending.name}, moment ${moment}`).toEqual(expected);
        expect((await stepsIn(copy, 'checkpoints'))[0]).toBe(
          readEvents(copy.runFolder).at(-1)?.step,
        );
      }
    }
  }, 300_000);

  it('ends alike wherever it was paused', async () => {
    for (const ending of ENDINGS()) {
      const whole = ending.specify();
      let questions = 0;
      await training.run(whole, {
        interrupt: (step) => {
          if (step >= ending.from) questions++;
          return undefined;
        },
        ...optionsOf(ending),
      });
      const expected = await endOf(whole);
      for (let question = 0; question < questions; question += 3) {
        const spec = ending.specify();
        let asked = 0;
        const paused = await training.run(spec, {
          interrupt: (step) => (step >= ending.from && asked++ >= question ? 'pause' : undefined),
          ...optionsOf(ending),
        });
        expect(paused.outcome).toBe('paused');
        expect((await resumed(spec, ending)).outcome).toBe('completed');
        expect(await endOf(spec), `${ending.name}, question ${question}`).toEqual(expected);
      }
    }
  }, 300_000);

  /** As it is when the guard has spoken at step 18, where there is a checkpoint, and the kept one is written. */
  async function aboutToReplace(): Promise<RunSpecification> {
    const [spec, copy] = [guarded(0.1, 'rollback'), guarded(0.1, 'rollback')];
    let judged = false;
    await training.run(spec, {
      publish: ({ type }) => {
        judged ||= type === 'guard';
        if (!judged || type !== 'metrics') return;
        cpSync(spec.runFolder, copy.runFolder, { recursive: true });
      },
    });
    const checkpoints = join(spec.runFolder, 'checkpoints', 'step-18');
    await cp(checkpoints, join(copy.runFolder, 'checkpoints', '.tmp-0123-step-18'), {
      recursive: true,
    });
    return copy;
  }

  it('ends alike when it was killed while the kept weights took the place of others', async () => {
    const whole = guarded(0.1, 'rollback');
    await training.run(whole);
    const expected = await endOf(whole);
    for (const renames of [0, 1, 2]) {
      const spec = await aboutToReplace();
      const folder = join(spec.runFolder, 'checkpoints');
      expect(await readdir(folder)).toEqual(['.tmp-0123-step-18', 'step-18']);
      if (renames > 0) await rename(join(folder, 'step-18'), join(folder, 'step-18.superseded'));
      if (renames > 1) await rename(join(folder, '.tmp-0123-step-18'), join(folder, 'step-18'));
      const { outcome, events } = await training.run(spec);
      expect(outcome).toBe('completed');
      // Nothing of the training was lost.
      expect(events[0]).toMatchObject({ type: 'started', resumedFrom: 18 });
      expect(await endOf(spec)).toEqual(expected);
      expect(await readdir(folder)).toEqual(['step-18']);
      const told = readEvents(spec.runFolder).filter(({ type }) => type === 'checkpoint');
      expect(told.length).toBeGreaterThan(1);
    }
  });

  it.each(['removed', 'damaged'])(
    'trains again what it needs when the weights to roll back to were %s',
    async (how) => {
      const whole = guarded(0.1, 'rollback');
      await training.run(whole);
      const spec = guarded(0.1, 'rollback');
      await training.run(spec, { interrupt: (step) => (step >= 16 ? 'pause' : undefined) });
      const best = join(spec.runFolder, 'best', `step-${BEST}`);
      if (how === 'removed') await rm(best, { recursive: true });
      else await writeFile(join(best, 'model.safetensors'), 'other');
      const { outcome, events } = await training.run(spec);
      expect(outcome).toBe('completed');
      expect(events[0]).toMatchObject({ type: 'started', resumedFrom: null });
      const warnings = events.flatMap((event) =>
        event.type === 'log' && event.level === 'warning' ? [event.message] : [],
      );
      expect(warnings.at(-1)).toContain('roll back');
      expect(warnings).toHaveLength(how === 'removed' ? 1 : 2);
      expect(await finalWeights(spec)).toBe(await finalWeights(whole));
      expect(existsSync(best)).toBe(true);
    },
  );
});

describe('with a real encoder', () => {
  let folder: string;
  let tiny: TinyTraining;
  /** An encoder that has learnt the source text. */
  let base: Pick<RunSpecification, 'modelFolder' | 'modelHash'>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'palimpsest-guard-'));
    tiny = await tinyTraining(folder);
    const learning = tiny.specify('base', { max_steps: 40, learning_rate: 1e-2, eval_steps: 40 });
    const { corpusId, contentHash, shardFolder } = learning.rehearsal ?? learning.target;
    await completed({ ...learning, target: { corpusId, contentHash, shardFolder } });
    const model = await loadModelFolder(learning.modelFolder);
    const [checkpoint] = await listCheckpoints(learning.runFolder, 'checkpoints');
    const modelFolder = join(folder, 'source-model');
    await exportModel({
      base: model,
      weights: await readCheckpointWeights(
        { folder: checkpoint?.folder ?? '' },
        mlmParameters(model.config),
      ),
      folder: modelFolder,
      provenance: {
        name: 'source',
        baseModel: { name: 'tiny', hash: model.hash },
        strategy: 'sdt',
        seed: 1,
        steps: 40,
        settings: {},
        corpora: [],
        evaluations: [],
        version: '0',
        createdAt: '2026-01-01T00:00:00Z',
      },
    });
    base = { modelFolder, modelHash: (await loadModelFolder(modelFolder)).hash };
  });
  afterAll(() => rm(folder, { recursive: true }));

  const SHORT = { max_steps: 20, eval_steps: 4, save_steps: 6, learning_rate: 1e-2 };
  const specify = (name: string, more: object = {}): RunSpecification => ({
    ...tiny.specify(name, { ...SHORT, ...more }),
    ...base,
  });
  async function completed(specification: RunSpecification): Promise<void> {
    const { code, output, messages } = await runJob(specification);
    expect([code, output, messages.at(-1)]).toEqual([
      0,
      '',
      { type: 'ended', outcome: 'completed' },
    ]);
  }

  it('rolls back to the best weights within the bound, also when its job was killed', async () => {
    const plain = specify('plain');
    await completed(plain);
    const losses = validationLosses([
      ...evaluationsOf(plain, 'before'),
      ...evaluationsOf(plain, 'during'),
    ]);
    expect(losses.map(({ step }) => step)).toEqual([0, 4, 8, 12, 16]);
    const forgetting = losses.map(({ source }) => (source ?? 0) - (losses[0]?.source ?? 0));
    // Between what the second and the third look find.
    const bound = ((forgetting[2] ?? 0) + (forgetting[3] ?? 0)) / 2;
    expect(forgetting[3]).toBeGreaterThan(forgetting[2] ?? Infinity);

    const guard = { forgetting_guard: { max_forgetting: bound, action: 'rollback' } };
    const whole = specify('whole', guard);
    await completed(whole);
    expect(guardOf(readEvents(whole.runFolder))).toMatchObject({ step: 12, keptStep: 8 });
    const atEight = specify('at-eight');
    let step = 0;
    await train(atEight, openResources, {
      interruption: () => (step >= 8 ? 'pause' : undefined),
      publish: () => undefined,
      progress: (at) => {
        step = at;
      },
    });
    expect(await finalWeights(whole)).toBe(await finalWeights(atEight));

    const killed = specify('killed', guard);
    for (const type of ['guard', 'evaluation'] as const) {
      const job = startJob(killed);
      await job.waitFor(
        (message) =>
          message.type === 'event' &&
          message.event.type === type &&
          (message.event.type !== 'evaluation' || message.event.phase === 'after'),
      );
      job.process.kill('SIGKILL');
      await job.exit;
    }
    await completed(killed);
    expect(await finalWeights(killed)).toBe(await finalWeights(whole));
    expect(scores(evaluationsOf(killed, 'after'))).toEqual(scores(evaluationsOf(whole, 'after')));
  }, 600_000);
});
