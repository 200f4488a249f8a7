/** Points between the base model and a finished run: bits, evaluations, kills, and a real encoder. */
import { cpSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readWeightsFile } from '../../../core/model/checkpointFiles.ts';
import { scoreFrozenMasks, totalsOf } from '../../../core/evaluation/scoring.ts';
import { listCheckpoints, removeCheckpoints } from '../../../core/training/checkpoint.ts';
import type { RunSpecification } from '../../../core/training/configuration.ts';
import { readEvents } from '../../../core/training/eventLog.ts';
import type { EvaluationEvent } from '../../../core/training/events.ts';
import { configurationHash, readRunFile } from '../../../core/training/runFile.ts';
import { tinyTraining } from '../../fixtures/tinyTraining.ts';
import { runJob, startJob } from '../../fixtures/trainingJob.ts';
import { essence, finalWeights, unigramTraining } from '../../fixtures/unigramTraining.ts';
import { UnigramSession } from '../../fixtures/unigramSession.ts';
import type { UnigramTraining } from '../../fixtures/unigramTraining.ts';

/** The point alpha between the base model and the end of a run; its own folder has `name`. */
function between(
  tuned: RunSpecification,
  alpha: number,
  own: Pick<RunSpecification, 'runId' | 'runFolder'>,
): RunSpecification {
  const step = readEvents(tuned.runFolder).at(-1)?.step ?? 0;
  const { runId, runFolder } = own;
  const interpolation = {
    run: tuned.runId,
    configurationHash: configurationHash(tuned),
    step,
    alpha,
    checkpointFolder: join(tuned.runFolder, 'checkpoints', `step-${step}`),
  };
  return { ...tuned, runId, runFolder, interpolation };
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
function scores(
  specification: RunSpecification,
  phase: EvaluationEvent['phase'],
): Record<string, unknown> {
  return Object.fromEntries(
    evaluationsOf(specification, phase).map(({ role, split, nll, scoresHash }) => [
      `${role} ${split}`,
      [nll, scoresHash],
    ]),
  );
}

function driftOf(specification: RunSpecification): number {
  const last = readEvents(specification.runFolder).findLast(({ type }) => type === 'metrics');
  return last?.type === 'metrics' ? (last.values['drift/total'] ?? Number.NaN) : Number.NaN;
}

/** What is the same however often it was killed. */
async function endOf(specification: RunSpecification): Promise<unknown> {
  const events = readEvents(specification.runFolder);
  return {
    weights: await finalWeights(specification),
    said: [...new Set(essence(events).map((one) => JSON.stringify(one)))].toSorted(),
    last: { ...events.at(-1), attempt: 0, sequence: 0, time: '', run: '' },
  };
}

describe('an interpolation', () => {
  let training: UnigramTraining;
  let tuned: RunSpecification;
  beforeAll(async () => {
    training = await unigramTraining();
    const guard = { max_forgetting: 0 };
    tuned = training.specification({ forgetting_guard: guard });
    expect((await training.run(tuned)).outcome).toBe('completed');
  });
  afterAll(() => training.remove());

  const point = (alpha: number): RunSpecification =>
    between(tuned, alpha, training.specification());
  const bias = async (specification: RunSpecification): Promise<Float32Array> => {
    const [latest] = await listCheckpoints(specification.runFolder, 'checkpoints');
    const { parameters } = new UnigramSession(40);
    const path = join(latest?.folder ?? '', 'model.safetensors');
    return (await readWeightsFile(path, parameters)).get('head.decoder.bias') ?? new Float32Array();
  };

  it('with α = 1 is the run, to the last bit of its weights and scores', async () => {
    const spec = point(1);
    expect((await training.run(spec)).outcome).toBe('completed');
    expect(await finalWeights(spec)).toBe(await finalWeights(tuned));
    expect(scores(spec, 'after')).toEqual(scores(tuned, 'after'));
    expect(driftOf(spec)).toBe(driftOf(tuned));
  });

  it('with α = 0 is the base model, to the last bit of its weights and scores', async () => {
    const spec = point(0);
    expect((await training.run(spec)).outcome).toBe('completed');
    expect([...(await bias(spec))]).toEqual(Array(40).fill(0));
    expect(scores(spec, 'after')).toEqual(scores(tuned, 'before'));
    expect(scores(spec, 'before')).toEqual(scores(tuned, 'before'));
    expect(driftOf(spec)).toBe(0);
  });

  it('scores the weights between, keeps them, and takes no step', async () => {
    const spec = point(0.3);
    const { outcome, events, session } = await training.run(spec);
    expect(outcome).toBe('completed');
    expect(events.map(({ type, step }) => `${type} ${step}`)).toEqual([
      'started 0',
      ...Array<string>(4).fill('evaluation 0'),
      'metrics 24',
      'checkpoint 24',
      ...Array<string>(4).fill('evaluation 24'),
      'ended 24',
    ]);
    expect(events[0]).toMatchObject({ totalSteps: 24, resumedFrom: null });
    expect((await session.readOptimizer()).step).toBe(0);

    const expected = (await bias(tuned)).map((value) => 0.3 * value);
    expect([...(await bias(spec))]).toEqual([...expected]);
    const direct = new UnigramSession(40);
    await direct.writeWeights(new Map([['head.decoder.bias', expected]]));
    for (const { role, split, masks } of training.evaluations) {
      const { nll } = totalsOf((await scoreFrozenMasks(direct, masks)) ?? fail());
      expect(scores(spec, 'after')[`${role} ${split}`]).toMatchObject({ 0: nll });
    }
    expect(driftOf(spec)).toBeCloseTo(0.3 * driftOf(tuned), 6);
    const [checkpoint] = await listCheckpoints(spec.runFolder, 'checkpoints');
    expect([...(checkpoint?.files ?? [])].sort()).toEqual(['model.safetensors', 'state.json']);
    expect(await listCheckpoints(spec.runFolder, 'best')).toEqual([]);
    expect(readRunFile(spec.runFolder)?.conventions?.['weights']).toContain('α 0.3');
  });

  it('takes the scores of the base model that runs share', async () => {
    const spec = { ...point(0.5), baseScoresFolder: join(training.folder, 'base') };
    const own = training.specification();
    await training.run({ ...own, baseScoresFolder: spec.baseScoresFolder });
    let batches = 0;
    await training.run(spec, {
      prepare: (session) => {
        const evaluate = session.evaluate.bind(session);
        session.evaluate = (batch) => {
          batches++;
          return evaluate(batch);
        };
      },
    });
    const scored = training.evaluations.reduce((sum, { masks }) => sum + masks.batches.length, 0);
    expect(batches).toBe(scored);
    expect(scores(spec, 'before')).toEqual(scores(tuned, 'before'));
  });

  it('is another run for another alpha or another finished run', () => {
    const { interpolation } = point(0.3);
    const hashes = [
      tuned,
      ...[0, 0.3, 1].map(point),
      { ...tuned, interpolation: interpolation && { ...interpolation, configurationHash: 'x' } },
    ].map(configurationHash);
    expect(new Set(hashes).size).toBe(5);
    expect(configurationHash(point(0.3))).toBe(hashes[2]);
  });

  it('ends alike wherever it was killed or paused', async () => {
    const whole = point(0.3);
    const moments: RunSpecification[] = [];
    let questions = 0;
    await training.run(whole, {
      publish: ({ type }) => {
        if (type === 'ended') return;
        const copy = point(0.3);
        cpSync(whole.runFolder, copy.runFolder, { recursive: true });
        moments.push(copy);
      },
      interrupt: () => {
        questions++;
        return undefined;
      },
    });
    const expected = await endOf(whole);
    expect(moments).toHaveLength(11);
    for (const [moment, copy] of moments.entries()) {
      const { outcome, events } = await training.run(copy);
      expect(outcome).toBe('completed');
      // Once they are saved the weights are not computed again.
      expect(events[0]).toMatchObject({ resumedFrom: moment < 6 ? null : 24 });
      expect(await endOf(copy), `moment ${moment}`).toEqual(expected);
    }
    expect(questions).toBeGreaterThan(8);
    for (let question = 0; question < questions; question++) {
      const spec = point(0.3);
      let asked = 0;
      const interrupt = () => (asked++ >= question ? 'pause' : undefined);
      expect((await training.run(spec, { interrupt })).outcome).toBe('paused');
      expect((await training.run(spec)).outcome).toBe('completed');
      expect(await endOf(spec), `question ${question}`).toEqual(expected);
    }
  });

  it('tells of a checkpoint that a killed attempt wrote and did not tell of', async () => {
    const spec = point(0.3);
    const copy = point(0.3);
    await training.run(spec, {
      publish: ({ type }) => {
        if (type === 'metrics') cpSync(spec.runFolder, copy.runFolder, { recursive: true });
      },
    });
    cpSync(join(spec.runFolder, 'checkpoints'), join(copy.runFolder, 'checkpoints'), {
      recursive: true,
    });
    const { events } = await training.run(copy);
    expect(events.map(({ type, step }) => `${type} ${step}`).slice(0, 2)).toEqual([
      'started 24',
      'checkpoint 24',
    ]);
    expect(scores(copy, 'after')).toEqual(scores(spec, 'after'));
  });

  it('fails with a reason when the checkpoint of the run is gone or damaged', async () => {
    const gone = training.specification();
    cpSync(tuned.runFolder, gone.runFolder, { recursive: true });
    const spec = between({ ...tuned, runFolder: gone.runFolder }, 0.5, training.specification());
    const path = join(gone.runFolder, 'checkpoints', 'step-24', 'model.safetensors');
    const bytes = await readFile(path);
    bytes[bytes.length - 1] ^= 1;
    await writeFile(path, bytes);
    const damaged = await training.run(spec);
    expect([damaged.outcome, damaged.error?.code]).toEqual(['failed', 'run/checkpoint-damaged']);
    await removeCheckpoints(gone.runFolder, 'checkpoints', () => false);
    const { outcome, error } = await training.run(spec);
    expect([outcome, error?.code]).toEqual(['failed', 'run/checkpoint-gone']);
    expect(error?.message).toContain(tuned.runId);
    expect(await listCheckpoints(spec.runFolder, 'checkpoints')).toEqual([]);
  });
});

describe('with a real encoder', () => {
  let folder: string;
  let specify: Awaited<ReturnType<typeof tinyTraining>>['specify'];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'palimpsest-interpolation-'));
    ({ specify } = await tinyTraining(folder));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const SHORT = { max_steps: 24, eval_steps: 6, save_steps: 5, logging_steps: 8 };
  const own = (name: string): Pick<RunSpecification, 'runId' | 'runFolder'> => ({
    runId: name,
    runFolder: join(folder, 'runs', name),
  });
  const completed = async (specification: RunSpecification): Promise<void> => {
    const { code, output, messages } = await runJob(specification);
    expect([code, output, messages.at(-1)]).toEqual([
      0,
      '',
      { type: 'ended', outcome: 'completed' },
    ]);
  };

  it('the ends of the line are the base model and the run, bit for bit, without their text', async () => {
    const tuned = specify('tuned', SHORT, { ewc: { lambda: 1000 } });
    await completed(tuned);
    const ends = [0, 1].map((alpha) => between(tuned, alpha, own(`alpha-${alpha}`)));
    for (const end of ends) {
      const absent = { shardFolder: join(folder, 'absent') };
      await completed({
        ...end,
        target: { ...end.target, ...absent },
        fisher: end.fisher && { ...end.fisher, folder: join(folder, 'absent') },
        rehearsal: end.rehearsal && { ...end.rehearsal, ...absent },
      });
    }
    const [base, same] = ends;
    expect(await finalWeights(same)).toBe(await finalWeights(tuned));
    expect(scores(same, 'after')).toEqual(scores(tuned, 'after'));
    expect(scores(base, 'after')).toEqual(scores(tuned, 'before'));
    expect(driftOf(base)).toBe(0);
    expect(driftOf(same)).toBe(driftOf(tuned));
  });

  it('a job that is killed goes on and ends alike', async () => {
    const tuned = specify('tuned', SHORT, { ewc: { lambda: 1000 } });
    const whole = between(tuned, 0.4, own('whole'));
    await completed(whole);
    const killed = between(tuned, 0.4, own('killed'));
    for (const phase of ['before', 'after']) {
      const job = startJob(killed);
      await job.waitFor(
        ({ type, ...message }) =>
          type === 'event' &&
          'event' in message &&
          message.event.type === 'evaluation' &&
          message.event.phase === phase,
      );
      job.process.kill('SIGKILL');
      await job.exit;
    }
    await completed(killed);
    expect(await finalWeights(killed)).toBe(await finalWeights(whole));
    for (const phase of ['before', 'after'] as const) {
      expect(scores(killed, phase)).toEqual(scores(whole, phase));
    }
  });
});

function fail(): never {
  throw new Error('There are no scores.');
}
