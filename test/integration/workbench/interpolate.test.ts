/** Interpolations and guarded runs in a real Workbench: the queue, the table, exports, what is missing. */
import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Weights } from '../../../core/engine/types.ts';
import { loadModelFolder } from '../../../core/model/modelFolder.ts';
import { mlmParameters } from '../../../core/model/parameters.ts';
import { interpolateWeights } from '../../../core/training/interpolateWeights.ts';
import { readCheckpointWeights } from '../../../core/training/trainingState.ts';
import type {
  RunDetail,
  WorkbenchClient,
  WorkbenchEvent,
} from '../../../core/workbench/contract.ts';
import {
  fill,
  newScratch,
  open,
  tinyProject,
  waitForState,
  waitForStep,
  watchedProcesses,
} from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';

let scratch: Scratch;
let workbench: WorkbenchClient;
const processes = watchedProcesses();
/** Ids of completed runs of the project `trial`. */
let base: string;
let tuned: string;

beforeAll(async () => {
  scratch = await newScratch();
  workbench = await open(scratch, { startProcess: processes.startProcess });
  await fill(workbench, scratch);
  const project = tinyProject({}, { strategies: ['ndt', 'sdt'] });
  const { runs } = await workbench.call('projects/run', { project });
  for (const { id } of runs) await waitForState(workbench, id, 'completed');
  [base = '', tuned = ''] = runs.map(({ id }) => id);
}, 300_000);
afterAll(async () => {
  await workbench.close();
  await scratch.remove();
});

async function pointAt(alpha: number, run = tuned): Promise<RunDetail> {
  const { id } = await workbench.call('runs/interpolate', { run, alpha });
  await waitForState(workbench, id, 'completed');
  return workbench.call('runs/show', { run: id });
}

/** By set and phase. */
function losses({ evaluations }: RunDetail, phase: string): Record<string, number> {
  return Object.fromEntries(
    evaluations
      .filter((one) => one.phase === phase)
      .map(({ role, split, nll }) => [`${role} ${split}`, nll]),
  );
}

/** Weights at the end of a run, as its checkpoint has them. */
async function endOf(run: string): Promise<Weights> {
  const { folder, checkpoints } = await workbench.call('runs/show', { run });
  const [model] = await workbench.call('models/list', {});
  const { config } = await loadModelFolder(model?.folder ?? '');
  const path = checkpoints.at(-1)?.path ?? '';
  return readCheckpointWeights({ folder: join(folder, path) }, mlmParameters(config));
}

async function exported(run: string): Promise<{ folder: string; weights: Weights; card: string }> {
  const folder = join(scratch.inputs, `exported-${run}`);
  await workbench.call('runs/export', { run, folder });
  const { weights } = await loadModelFolder(folder);
  return { folder, weights, card: await readFile(join(folder, 'README.md'), 'utf8') };
}

function hexOf(weights: Weights): Record<string, string> {
  return Object.fromEntries(
    [...weights].map(([name, { buffer, byteOffset, byteLength }]) => [
      name,
      Buffer.from(buffer, byteOffset, byteLength).toString('hex'),
    ]),
  );
}

/** A copy of the home folder as it is now, open on its own. */
async function elsewhere(
  name: string,
  change: (home: string) => Promise<void>,
  work: (other: WorkbenchClient) => Promise<void>,
): Promise<void> {
  const home = join(scratch.inputs, name);
  await cp(scratch.home, home, { recursive: true });
  await change(home);
  const other = await open({ ...scratch, home });
  try {
    await work(other);
  } finally {
    await other.close();
  }
}

describe('an interpolation', () => {
  it('is a run of its own in the project, scored on the sets of the finished run', async () => {
    const told: WorkbenchEvent[] = [];
    const stopListening = workbench.subscribe((event) => told.push(event));
    const queued = await workbench.call('runs/interpolate', { run: tuned, alpha: 0.3 });
    stopListening();
    expect(told).toContainEqual({ type: 'runs/changed', runs: [queued.id] });
    expect(queued).toMatchObject({
      purpose: 'interpolation',
      name: 'sdt-seed-1-alpha-0.3',
      strategy: 'sdt',
      alpha: 0.3,
      seed: 1,
      projectName: 'trial',
    });
    await waitForState(workbench, queued.id, 'completed');
    const point = await workbench.call('runs/show', { run: queued.id });
    const finished = await workbench.call('runs/show', { run: tuned });
    expect(point).toMatchObject({ step: 30, totalSteps: 30, attempts: 1 });
    expect(Object.keys(losses(point, 'after'))).toHaveLength(4);
    expect(losses(point, 'before')).toEqual(losses(finished, 'before'));
    expect(point.checkpoints.map(({ step }) => step)).toEqual([30]);
    expect(point.latest['drift/total']?.value).toBeCloseTo(
      0.3 * (finished.latest['drift/total']?.value ?? 0),
      4,
    );
    expect(point.conventions?.['weights']).toContain(tuned);
    expect(await workbench.call('runs/changes', { run: point.id })).toHaveLength(4);

    const [model] = await workbench.call('models/list', {});
    const { weights } = await loadModelFolder(model?.folder ?? '');
    const expected = interpolateWeights(weights, await endOf(tuned), 0.3);
    expect(hexOf(await endOf(point.id))).toEqual(hexOf(expected));
  });

  it('asked for again, at once or later, is the same run', async () => {
    const request = { run: tuned, alpha: 0.5 };
    const both = await Promise.all([
      workbench.call('runs/interpolate', request),
      workbench.call('runs/interpolate', request),
    ]);
    expect(both[0].id).toBe(both[1].id);
    await waitForState(workbench, both[0].id, 'completed');
    const again = await workbench.call('runs/interpolate', request);
    expect(again).toMatchObject({ id: both[0].id, state: 'completed' });
  });

  it('at its ends is the base model and the run; the table has a row of its own for each point', async () => {
    const [zero, one] = [await pointAt(0), await pointAt(1)];
    const finished = await workbench.call('runs/show', { run: tuned });
    expect(losses(zero, 'after')).toEqual(losses(finished, 'before'));
    expect(losses(one, 'after')).toEqual(losses(finished, 'after'));
    expect(hexOf(await endOf(one.id))).toEqual(hexOf(await endOf(tuned)));

    const { rows, unfinished } = await workbench.call('projects/results', { project: 'trial' });
    expect(unfinished).toBe(0);
    const found = new Map(rows.map((row) => [row.strategy, row]));
    expect([...found.keys()].slice(0, 2)).toEqual(['ndt', 'sdt']);
    expect([...found.keys()]).toEqual(expect.arrayContaining(['sdt α 0', 'sdt α 1']));
    expect(found.get('sdt α 1')?.forgetting).toEqual(found.get('sdt')?.forgetting);
    expect(found.get('sdt α 0')?.gain.mean).toBe(0);
    expect(found.get('sdt α 1')?.relativeTime).toBeNull();
    expect(found.get('sdt')?.runs).toEqual([tuned]);
  });

  it('does not belong to what the project file means', async () => {
    await pointAt(0.5);
    const project = tinyProject({}, { strategies: ['ndt', 'sdt'] });
    const { runs } = await workbench.call('projects/run', { project });
    expect(runs.map(({ id }) => id)).toEqual([base, tuned]);
  });

  it('is exported with its weights, and its card says between what they lie', async () => {
    const point = await pointAt(0.5);
    const { folder, weights, card } = await exported(point.id);
    expect(hexOf(weights)).toEqual(hexOf(await endOf(point.id)));
    expect(card).toContain(`| interpolation | (1 − α) base model + α run ${tuned}, α 0.5 |`);
    expect(card).toContain('| optimizer steps | 30 |');
    const model = await workbench.call('models/import', { path: folder, name: 'between' });
    expect(model.notices.join(' ')).not.toContain('random');
  });

  it('whose job is killed is continued when it is asked for and resumed', async () => {
    const killed = processes.trainingPids.length;
    const { id } = await workbench.call('runs/interpolate', { run: tuned, alpha: 0.7 });
    // As soon as there is one: it does its work in less than its first message takes.
    let pid: number | undefined;
    while ((pid = processes.trainingPids[killed]) === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    process.kill(pid, 'SIGKILL');
    await waitForState(workbench, id, 'interrupted');
    const again = await workbench.call('runs/interpolate', { run: tuned, alpha: 0.7 });
    expect(again).toMatchObject({ id, state: 'interrupted' });
    await workbench.call('runs/resume', { run: id });
    await waitForState(workbench, id, 'completed');
    const [model] = await workbench.call('models/list', {});
    const { weights } = await loadModelFolder(model?.folder ?? '');
    const expected = interpolateWeights(weights, await endOf(tuned), 0.7);
    expect(hexOf(await endOf(id))).toEqual(hexOf(expected));
    const point = await workbench.call('runs/show', { run: id });
    // The first was killed before it could say that it began.
    expect(point.attempts).toBe(1);
    expect(Object.keys(losses(point, 'after'))).toHaveLength(4);
  });

  it('is refused for what has no end of its own, and nothing is registered', async () => {
    const point = await pointAt(0.5);
    const { runs } = await workbench.call('projects/run', {
      project: tinyProject({ max_steps: 2000, eval_steps: 2000 }),
    });
    const unfinished = runs[0]?.id ?? '';
    await waitForStep(workbench, unfinished, 5);
    await workbench.call('runs/cancel', { run: unfinished });
    const before = await workbench.call('runs/list', {});
    for (const [run, code] of [
      [base, 'run/not-tuned'],
      [point.id, 'run/is-interpolation'],
      [unfinished, 'run/not-completed'],
      ['run-nowhere', 'run/not-found'],
    ] as const) {
      await expect(workbench.call('runs/interpolate', { run, alpha: 0.5 })).rejects.toMatchObject({
        code,
      });
    }
    for (const alpha of [-0.1, 1.1, Number.NaN, Infinity, '0.5' as unknown as number]) {
      await expect(workbench.call('runs/interpolate', { run: tuned, alpha })).rejects.toMatchObject(
        { code: 'request/invalid' },
      );
    }
    expect(await workbench.call('runs/list', {})).toEqual(before);
  });

  it('is refused when what it needs is gone or damaged', async () => {
    const [model] = await workbench.call('models/list', {});
    const weightsOf = (home: string): string =>
      join(home, 'runs', tuned, 'checkpoints', 'step-30', 'model.safetensors');
    const cases: [name: string, code: string, change: (home: string) => Promise<void>][] = [
      [
        'damaged',
        'run/checkpoint-damaged',
        async (home) => {
          const bytes = await readFile(weightsOf(home));
          bytes[bytes.length - 1] ^= 1;
          await writeFile(weightsOf(home), bytes);
        },
      ],
      ['gone', 'run/no-weights', (home) => rm(join(weightsOf(home), '..'), { recursive: true })],
      [
        'no-model',
        'run/material-missing',
        (home) => rename(join(home, 'models', model?.hash ?? ''), join(home, 'models', 'other')),
      ],
    ];
    for (const [name, code, change] of cases) {
      await elsewhere(name, change, async (other) => {
        const before = await other.call('runs/list', {});
        await expect(
          other.call('runs/interpolate', { run: tuned, alpha: 0.9 }),
        ).rejects.toMatchObject({ code });
        expect(await other.call('runs/list', {})).toEqual(before);
      });
    }
  });

  it('reads its evaluation sets alone: the packed text may be gone, the corpora not', async () => {
    const [target] = await workbench.call('corpora/list', {});
    const shards = (home: string): string => join(home, 'corpora', target?.id ?? '', 'shards');
    await elsewhere(
      'no-shards',
      (home) => rm(shards(home), { recursive: true }),
      async (other) => {
        const { id } = await other.call('runs/interpolate', { run: tuned, alpha: 0.9 });
        // The corpus is in use by now.
        await expect(
          other.call('corpora/purge', { corpus: target?.id ?? '' }),
        ).rejects.toMatchObject({ code: 'corpus/in-use' });
        await waitForState(other, id, 'completed');
        await other.call('corpora/purge', { corpus: target?.id ?? '' });
        await expect(
          other.call('runs/interpolate', { run: tuned, alpha: 0.8 }),
        ).rejects.toMatchObject({ code: 'run/material-missing' });
      },
    );
  });

  it('carried to another home folder stays what it is', async () => {
    const point = await pointAt(0.5);
    const home = join(scratch.inputs, 'fresh');
    const other = await open({ ...scratch, home });
    try {
      const imported = await other.call('runs/import', { path: point.folder });
      expect(imported).toMatchObject({
        id: point.id,
        purpose: 'interpolation',
        alpha: 0.5,
        state: 'completed',
      });
    } finally {
      await other.close();
    }
  });
});

describe('a run that a forgetting guard rolls back', () => {
  it('ends with the kept weights in its history, its table and its export', async () => {
    // A base model that knows the source text, so that there is something to forget.
    const learning = tinyProject({}, { target_corpus: 'wiki', source_corpus: 'notes' });
    const { runs: learners } = await workbench.call('projects/run', {
      project: { ...learning, name: 'learning' },
    });
    const learner = learners[0]?.id ?? '';
    await waitForState(workbench, learner, 'completed');
    const { folder } = await exported(learner);
    await workbench.call('models/import', { path: folder, name: 'learnt' });

    const guard = { max_forgetting: 0.01, action: 'rollback' };
    const { runs } = await workbench.call('projects/run', {
      project: {
        ...tinyProject({ forgetting_guard: guard, eval_steps: 2 }),
        ...{ name: 'guarded', base_model: 'learnt' },
      },
    });
    const run = runs[0]?.id ?? '';
    await waitForState(workbench, run, 'completed');
    const detail = await workbench.call('runs/show', { run });
    expect(detail.totalSteps).toBe(30);
    expect(detail.step).toBeLessThan(30);
    expect(detail.guard).toMatchObject({ step: detail.step, action: 'rollback' });
    expect(detail.guard?.nll).toBeGreaterThan(detail.guard?.bound ?? Infinity);
    expect(detail.checkpoints.map(({ step }) => step)).toEqual([detail.step]);
    expect(detail.conventions?.['forgetting_guard']).toContain('0.01 nats');

    const keptStep = detail.guard?.keptStep ?? -1;
    const learnt = await loadModelFolder(folder);
    const kept =
      keptStep === 0
        ? learnt.weights
        : await readCheckpointWeights(
            { folder: join(detail.folder, 'best', `step-${keptStep}`) },
            mlmParameters(learnt.config),
          );
    const { weights, card } = await exported(run);
    expect(hexOf(weights)).toEqual(hexOf(kept));
    expect(card).toContain(`| optimizer steps | ${keptStep} |`);
    expect(card).toContain('| forgetting_guard.action | rollback |');
    const { rows } = await workbench.call('projects/results', { project: 'guarded' });
    const after = losses(detail, 'after');
    expect(rows[0]?.sourceNll.mean).toBe(after['source test']);

    const end = await pointAt(1, run);
    expect(hexOf(await endOf(end.id))).toEqual(hexOf(kept));
    expect(losses(end, 'after')).toEqual(after);
  });
});
