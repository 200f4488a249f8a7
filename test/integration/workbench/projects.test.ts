/** Projects of several strategies: shared work, choices of λ, kills in between, edits on the way. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openStore } from '../../../core/store/store.ts';
import { startNodeProcess } from '../../../core/workbench/hostProcess.ts';
import { connectWorkbench } from '../../../core/workbench/remoteClient.ts';
import type {
  ProjectSummary,
  RunSummary,
  WorkbenchClient,
  WorkbenchEvent,
} from '../../../core/workbench/contract.ts';
import { projectFileSchema } from '../../../core/workbench/projectFile.ts';
import type { ProjectFile } from '../../../core/workbench/projectFile.ts';
import { filledTemplate } from '../../fixtures/filledHome.ts';
import { startOwner, stopOwner } from '../../fixtures/ownerProcess.ts';
import {
  fill,
  newScratch,
  open,
  tinyProject,
  waitForState,
  waitForStep,
  writeText,
} from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';

// Many short processes, one after the other: no limit that a busy machine could reach.
vi.setConfig({ testTimeout: 1_200_000 });

const copyFilled = filledTemplate();
let scratch: Scratch;
let workbench: WorkbenchClient;

beforeEach(async () => {
  scratch = await newScratch();
  await copyFilled(scratch);
  workbench = await open(scratch);
});

afterEach(async () => {
  await workbench.close();
  await scratch.remove();
});

const SWEEP = { ewc: { lambda: [1, 100] } };

function study(strategies: readonly unknown[], more: object = {}, training: object = {}) {
  return projectFileSchema.parse({
    ...tinyProject({ max_steps: 6, eval_steps: 6, save_steps: 6, ...training }),
    strategies,
    selection: { max_steps: 4 },
    fisher: { sequences: 20 },
    ...more,
  });
}

async function untilDone(client: WorkbenchClient, project: string): Promise<ProjectSummary> {
  for (;;) {
    const summary = await client.call('projects/show', { project });
    const moving = summary.runs.some(({ state }) => state === 'queued' || state === 'running');
    if (!moving && !summary.expectsMore) return summary;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Ids of the runs that the Workbench tells its windows to read, as they come. */
function runsTold(client: WorkbenchClient): string[] {
  const ids: string[] = [];
  client.subscribe((event) => {
    if (event.type === 'runs/changed') ids.push(...event.runs);
  });
  return ids;
}

/**
 * All that a study comes to, to the last digit: the losses of every run, how λ was chosen, and the
 * whole reply from which its table is drawn. Ids and what the machine took are left out.
 */
async function outcome(client: WorkbenchClient, project: string) {
  const { runs } = await client.call('projects/show', { project });
  const names = new Map(runs.map(({ id, name }) => [id, name]));
  const scored = await Promise.all(
    runs.map(async ({ id, name, purpose, state, configurationHash }) => {
      const { evaluations } = await client.call('runs/show', { run: id });
      const losses = evaluations.map((one) => [one.role, one.split, one.phase, one.step, one.nll]);
      return { name, purpose, state, configurationHash, losses };
    }),
  );
  const { rows, choices, ...results } = await client.call('projects/results', { project });
  return {
    runs: scored.sort((a, b) => (a.name < b.name ? -1 : 1)),
    results: {
      ...results,
      project: results.project.name,
      rows: rows.map((row) => ({
        ...row,
        runs: row.runs.map((id) => names.get(id)),
        secondsPerStep: typeof row.secondsPerStep,
        secondsPerStepQuartiles: typeof row.secondsPerStepQuartiles,
        relativeTime: typeof row.relativeTime,
      })),
      choices: choices.map(({ candidates, ...choice }) => ({
        ...choice,
        candidates: candidates.map((one) => ({ ...one, run: names.get(one.run) })),
      })),
    },
  };
}

/** As `palimpsest run` begins: the file, and what is unfinished of it. */
async function runAgain(
  client: WorkbenchClient,
  project: ProjectFile,
  onProgress: (event: WorkbenchEvent) => void = () => undefined,
): Promise<ProjectSummary> {
  const summary = await client.call('projects/run', { project }, { onProgress });
  for (const { id, state } of summary.runs) {
    if (state === 'interrupted') await client.call('runs/resume', { run: id });
  }
  return summary;
}

describe('λ with several values', () => {
  it('is tried, chosen and run with every seed, without anybody asking again', async () => {
    const strategies = ['ndt', { rh: {}, ewc: { lambda: [1, 100] } }, 'sdt'];
    const project = study(strategies, { seeds: [1, 2] });
    const told = runsTold(workbench);
    const first = await workbench.call('projects/run', { project });
    expect(told).toEqual(first.runs.map(({ id }) => id));
    expect(first.runs.map(({ name }) => name)).toEqual([
      ...['ndt-seed-1', 'sdt-seed-1', 'sdt-seed-2'],
      ...['rh-lambda-1+ewc-lambda-1-seed-1-sweep', 'rh-lambda-1+ewc-lambda-100-seed-1-sweep'],
    ]);
    expect(first.expectsMore).toBe(true);
    expect(
      first.choices[0]?.candidates.map(({ objective, chosen }) => [objective, chosen]),
    ).toEqual([
      [null, false],
      [null, false],
    ]);

    const done = await untilDone(workbench, first.id);
    expect(done.runs.map(({ state }) => state)).toEqual(Array(7).fill('completed'));
    const [choice] = done.choices;
    expect(choice).toMatchObject({ strategy: 'rh+ewc', steps: 4, seed: 1, sourceWeight: 1 });
    const objectives = choice?.candidates.map(({ objective }) => objective ?? NaN) ?? [];
    const chosen = choice?.candidates.find((candidate) => candidate.chosen);
    expect(chosen?.objective).toBe(Math.min(...objectives));
    expect(chosen?.objective).toBe((chosen?.targetNll ?? NaN) + (chosen?.sourceNll ?? NaN));
    const results = done.runs.slice(5);
    // Other windows hear of what waits in the queue, each run once.
    expect(told).toEqual(done.runs.map(({ id }) => id));
    expect(results.map(({ parts, seed, purpose }) => [parts, seed, purpose])).toEqual([
      [chosen?.parts, 1, 'result'],
      [chosen?.parts, 2, 'result'],
    ]);

    const sweep = await workbench.call('runs/show', { run: chosen?.run ?? '' });
    expect(sweep.step).toBe(4);
    expect(new Set(sweep.evaluations.map(({ split }) => split))).toEqual(new Set(['validation']));
    const end = sweep.evaluations.find(({ role, phase }) => role === 'target' && phase === 'after');
    expect(chosen?.targetNll).toBe(end?.nll);

    // The same file again finds all of it done.
    const again = await workbench.call('projects/run', { project });
    expect(again.runs.map(({ id }) => id)).toEqual(done.runs.map(({ id }) => id));
    expect(await untilDone(workbench, first.id)).toEqual(done);
    expect(told).toHaveLength(7);

    // A run folder says in another home what it is for, and finds there what it reads.
    const { folder, rehearsal } = await workbench.call('runs/show', { run: results[0]?.id ?? '' });
    expect(rehearsal?.sequences).toBeGreaterThan(0);
    const carried = join(scratch.inputs, 'carried');
    await cp(folder, carried, { recursive: true });
    const carriedSweep = join(scratch.inputs, 'sweep');
    await cp(sweep.folder, carriedSweep, { recursive: true });
    await workbench.close();
    workbench = await open({ ...scratch, home: join(scratch.inputs, 'second') });
    await fill(workbench, scratch);
    const toldThere = runsTold(workbench);
    const imported = await workbench.call('runs/import', { path: carried });
    expect(toldThere).toEqual([imported.id]);
    expect(imported).toMatchObject({ purpose: 'result', parts: chosen?.parts, state: 'completed' });
    const { configuration } = await workbench.call('runs/show', { run: imported.id });
    const corpora = await workbench.call('corpora/list', {});
    const wiki = corpora.find(({ name }) => name === 'wiki')?.id ?? '';
    expect(configuration).toMatchObject({
      rehearsal: {
        corpusId: wiki,
        shardFolder: expect.stringMatching(`^corpora/${wiki}/shards/`) as string,
      },
      fisher: { folder: expect.stringMatching(/^fisher\/[0-9a-f]+$/) as string },
      baseScoresFolder: 'evaluations/base',
    });
    expect((await workbench.call('runs/import', { path: carriedSweep })).purpose).toBe('sweep');
  });

  it('waits for a candidate that was cancelled, and goes on when the file is run again', async () => {
    const project = study([SWEEP], {}, { max_steps: 400 });
    const first = await workbench.call('projects/run', { project });
    const [one, other] = first.runs;
    await workbench.call('runs/cancel', { run: other?.id ?? '' });
    await waitForState(workbench, one?.id ?? '', 'completed');
    const waiting = await untilDone(workbench, first.id);
    expect(waiting.runs).toHaveLength(2);
    expect(waiting.expectsMore).toBe(false);
    expect(waiting.choices[0]?.candidates.map(({ chosen }) => chosen)).toEqual([false, false]);
    await workbench.call('projects/run', { project: { ...project, seeds: [1] } });
    const last = await untilDone(workbench, first.id);
    expect(last.runs.map(({ state }) => state)).toEqual([
      ...['completed', 'cancelled', 'completed', 'completed'],
    ]);
    expect(last.choices[0]?.candidates.filter(({ chosen }) => chosen)).toHaveLength(1);
  });

  it('leaves alone what a person cancelled when it goes on by itself', async () => {
    const project = study([SWEEP, 'sdt'], { seeds: [1, 2] });
    const first = await workbench.call('projects/run', { project });
    const second = first.runs.find(({ name }) => name === 'sdt-seed-2');
    await workbench.call('runs/cancel', { run: second?.id ?? '' });
    const done = await untilDone(workbench, first.id);
    expect(done.runs.filter(({ strategy }) => strategy === 'sdt')).toHaveLength(2);
    expect(done.runs.filter(({ state }) => state === 'completed')).toHaveLength(5);
  });
});

it('a study killed at any moment and run again comes to the same table, to the last digit', async () => {
  const project = study(
    [{ rh: {}, ewc: { lambda: [1, 100] } }, 'gem'],
    { seeds: [1, 2], selection: { max_steps: 40 }, fisher: { sequences: 100 } },
    { max_steps: 40, save_steps: 10, eval_steps: 40 },
  );
  const whole = await workbench.call('projects/run', { project });
  await untilDone(workbench, whole.id);
  const expected = await outcome(workbench, whole.id);
  expect(expected.runs).toHaveLength(6);
  expect(expected.results).toMatchObject({ unfinished: 0, rows: { length: 2 } });
  await workbench.close();
  await scratch.remove();
  await copyFilled(scratch);

  /** Runs the study in a process of its own and kills that when `isNow` says so. */
  async function killWhen(
    isNow: (shown: ProjectSummary | undefined) => boolean | Promise<boolean>,
    onProgress?: (event: WorkbenchEvent) => void,
  ): Promise<ProjectSummary | undefined> {
    const owner = await startOwner(scratch.home);
    const client = await connectWorkbench(scratch.home);
    try {
      // The call fails when the owner dies in it.
      const begun = runAgain(client, project, onProgress).catch(() => undefined);
      let shown: ProjectSummary | undefined;
      do {
        await new Promise((resolve) => setTimeout(resolve, 5));
        const [known] = await client.call('projects/list', {});
        shown = known;
      } while (!(await isNow(shown)));
      await stopOwner(owner, 'SIGKILL');
      await begun;
      return shown;
    } finally {
      await stopOwner(owner, 'SIGKILL');
      await client.close();
    }
  }

  const sweeps = (shown: ProjectSummary | undefined) =>
    shown?.runs.filter(({ purpose }) => purpose === 'sweep') ?? [];
  // While what the runs share is made, in the midst of the Fisher diagonal: nothing is registered.
  let isEstimating = false;
  const beforeRuns = await killWhen(
    () => isEstimating,
    (event) => {
      if (event.type !== 'progress' || event.stage !== 'estimating Fisher diagonal') return;
      isEstimating ||= event.total !== null && event.done < event.total;
    },
  );
  expect(beforeRuns).toBeUndefined();
  const isPast = (
    shown: ProjectSummary | undefined,
    least: number,
    wanted: Partial<RunSummary>,
  ): boolean =>
    shown?.runs.some(
      (run) =>
        run.step > least &&
        Object.entries(wanted).every(([key, value]) => run[key as keyof RunSummary] === value),
    ) === true;
  // In the midst of GEM with its second seed, and of the first candidate of RH with EWC.
  await killWhen((shown) => isPast(shown, 15, { strategy: 'gem', seed: 2 }));
  await killWhen((shown) => isPast(shown, 5, { purpose: 'sweep' }));
  // After the last candidate, before what was chosen is written down.
  const between = await killWhen(
    (shown) =>
      sweeps(shown).length === 2 && sweeps(shown).every(({ state }) => state === 'completed'),
  );
  expect(sweeps(between)).toHaveLength(2);
  expect(between?.choices[0]?.candidates.some(({ chosen }) => chosen)).toBe(false);

  // A host that goes on at its start needs nobody to run the file.
  workbench = await open(scratch, { continueRuns: true });
  const isChosenAtWork = async (): Promise<boolean> => {
    const [shown] = await workbench.call('projects/list', {});
    return isPast(shown, 5, { strategy: 'rh+ewc', purpose: 'result' });
  };
  while (!(await isChosenAtWork())) await new Promise((resolve) => setTimeout(resolve, 10));
  await workbench.close();

  // In the midst of the chosen runs, from where closing had left them.
  await killWhen((shown) => isPast(shown, 15, { strategy: 'rh+ewc', purpose: 'result', seed: 2 }));
  workbench = await open(scratch);
  const again = await runAgain(workbench, project);
  await untilDone(workbench, again.id);
  expect(await workbench.call('projects/list', {})).toHaveLength(1);
  expect(await outcome(workbench, again.id)).toEqual(expected);
});

describe('a file of the same name', () => {
  const LONG = { max_steps: 20_000, save_steps: 20_000, eval_steps: 20_000 };

  it('with other settings is refused while the project is at work', async () => {
    const project = study(['sdt', 'l2'], {}, LONG);
    const { id, runs } = await workbench.call('projects/run', { project });
    const [first, second] = runs;
    await waitForStep(workbench, first?.id ?? '', 1);
    const edited = study(['sdt'], { rehearsal: { size: 5 } }, { ...LONG, learning_rate: 5e-4 });
    await expect(workbench.call('projects/run', { project: edited })).rejects.toMatchObject({
      code: 'project/running',
      message:
        'The project "trial" is at work and differs from this file: training.learning_rate is 0.005 ' +
        'there and 5e-4 here; rehearsal.size is 10000 there and 5 here.',
      hint: expect.stringContaining(`(${first?.id}, ${second?.id})`) as string,
    });
    expect(await workbench.call('projects/list', {})).toHaveLength(1);
    await workbench.call('runs/cancel', { run: second?.id ?? '' });
    await workbench.call('runs/pause', { run: first?.id ?? '' });
    const other = await workbench.call('projects/run', { project: edited });
    expect(other.id).not.toBe(id);
    expect(other.notices).toEqual([
      'A new project "trial" was begun, because the one that is there differs from this file: ' +
        'training.learning_rate is 0.005 there and 5e-4 here; rehearsal.size is 10000 there and 5 here.',
    ]);
    expect(await workbench.call('projects/list', {})).toHaveLength(2);
    // Edited back, it would be a third one at work under the name, or the first one beside the second.
    await expect(workbench.call('projects/run', { project })).rejects.toMatchObject({
      code: 'project/running',
    });
  });

  it('without what waits cancels that, and without what has begun is refused', async () => {
    const strategies = ['sdt', 'l2', { rh: { lambda: [0.5, 1] } }];
    const { id, runs } = await workbench.call('projects/run', {
      project: study(strategies, {}, LONG),
    });
    const [first] = runs;
    await waitForStep(workbench, first?.id ?? '', 1);
    await expect(
      workbench.call('projects/run', { project: study(['l2'], {}, LONG) }),
    ).rejects.toMatchObject({
      code: 'project/running',
      message: `The project "trial" is at work on what this file does not ask for: sdt-seed-1 (${first?.id}).`,
    });
    const selection = { max_steps: 5 };
    const edited = study(['sdt', { rh: { lambda: [0.5, 1] } }], { selection }, LONG);
    const again = await workbench.call('projects/run', { project: edited });
    expect(again.id).toBe(id);
    expect(again.notices).toEqual([
      'Cancelled, because the file does not ask for it any more: l2-lambda-0.01-seed-1, ' +
        'rh-lambda-0.5-seed-1-sweep, rh-lambda-1-seed-1-sweep.',
    ]);
    const states = (await workbench.call('projects/show', { project: id })).runs;
    expect(states.map(({ name, state }) => [name, state])).toEqual([
      ['sdt-seed-1', 'running'],
      ['l2-lambda-0.01-seed-1', 'cancelled'],
      ['rh-lambda-0.5-seed-1-sweep', 'cancelled'],
      ['rh-lambda-1-seed-1-sweep', 'cancelled'],
      ['rh-lambda-0.5-seed-1-sweep', 'queued'],
      ['rh-lambda-1-seed-1-sweep', 'queued'],
    ]);
  });

  it('with more strategies, seeds or values continues the project, also at work', async () => {
    const first = await workbench.call('projects/run', { project: study(['sdt']) });
    const more = study(['sdt', { l2: { lambda: [0.01, 1] } }]);
    const second = await workbench.call('projects/run', { project: more });
    expect(second.id).toBe(first.id);
    expect(second.runs[0]?.id).toBe(first.runs[0]?.id);
    const chosen = await untilDone(workbench, first.id);
    expect(chosen.runs).toHaveLength(4);

    const seeds = { ...more, seeds: [1, 7] };
    const third = await workbench.call('projects/run', { project: seeds });
    expect(third.id).toBe(first.id);
    expect(third.choices).toEqual(chosen.choices);
    expect(third.runs.map(({ name }) => name).slice(4)).toEqual([
      'sdt-seed-7',
      expect.stringMatching(/^l2-lambda-[0-9.]+-seed-7$/),
    ]);
    await untilDone(workbench, first.id);
    // What is shown is the plan as the file stands.
    const none = await workbench.call('projects/run', { project: study(['sdt']) });
    expect(none).toMatchObject({ id: first.id, choices: [], expectsMore: false });
    expect(none.runs.map(({ name }) => name)).toEqual(['sdt-seed-1']);
  });

  it('continues a project that an earlier version stored', async () => {
    const project = study(['sdt'], { selection: {}, fisher: {} });
    const first = await workbench.call('projects/run', { project });
    await untilDone(workbench, first.id);
    await workbench.close();
    const store = openStore(join(scratch.home, 'workbench.sqlite'));
    const stored = JSON.parse(store.projects.find(first.id)?.file ?? '') as object;
    const isNew = (key: string): boolean => ['selection', 'rehearsal', 'fisher'].includes(key);
    const old = Object.entries(stored).filter(([key]) => !isNew(key));
    expect(Object.keys(stored).filter(isNew)).toHaveLength(3);
    store.projects.updateFile(first.id, JSON.stringify(Object.fromEntries(old)));
    store.close();
    workbench = await open(scratch);
    const again = await workbench.call('projects/run', { project });
    expect(again.id).toBe(first.id);
    expect(again.runs.map(({ id }) => id)).toEqual(first.runs.map(({ id }) => id));
  });
});

describe('a value of λ that diverges', () => {
  // Times the distance from the base model, zero at first, it is not a number.
  const INFINITE = 1e300;

  it('counts as the worst, and the choice among the others is made and written down', async () => {
    const selection = { max_steps: 25 };
    const project = study([{ l2: { lambda: [INFINITE, 0.01] } }], { selection });
    const { id } = await workbench.call('projects/run', { project });
    const done = await untilDone(workbench, id);
    expect(done.runs.map(({ state }) => state)).toEqual(['failed', 'completed', 'completed']);
    expect(done.choices[0]?.candidates).toMatchObject([
      {
        ...{ objective: null, chosen: false },
        failure: { isFinal: true, message: expect.stringContaining('diverged') as string },
      },
      { failure: null, chosen: true },
    ]);
    // It is not tried again.
    const again = await workbench.call('projects/run', { project });
    expect(again.runs.map((run) => run.id)).toEqual(done.runs.map((run) => run.id));
    expect(await untilDone(workbench, id)).toEqual(done);
    const estimate = await workbench.call('projects/estimate', { project });
    expect(estimate.runs).toEqual({ results: 0, choosing: 0, done: 1 });

    // Where no other is left there is nothing to wait for.
    const worst = study([{ l2: { lambda: [INFINITE, 2 * INFINITE] } }], { selection });
    await workbench.call('projects/run', { project: worst });
    const none = await untilDone(workbench, id);
    expect(none.expectsMore).toBe(false);
    expect(none.choices[0]?.candidates.map(({ failure }) => failure?.isFinal)).toEqual([
      true,
      true,
    ]);
  });
});

it('what stops a project from going on stands with it until it goes on', async () => {
  await workbench.close();
  let isBroken = false;
  workbench = await open(scratch, {
    startProcess: (entry, args) =>
      // Training goes on; what the runs of the chosen value share cannot be made.
      startNodeProcess(isBroken && !/training[/\\]job\./.test(entry) ? 'nothing.ts' : entry, args),
  });
  const changes: string[] = [];
  workbench.subscribe((event) => {
    if (event.type === 'project/changed') changes.push(event.project);
  });
  const { id } = await workbench.call('projects/run', {
    project: study([{ l2: { lambda: [0.01, 1] } }]),
  });
  isBroken = true;
  const stopped = await untilDone(workbench, id);
  expect(stopped).toMatchObject({ expectsMore: false, error: { code: 'job/died' } });
  expect(stopped.runs.map(({ state }) => state)).toEqual(['completed', 'completed']);
  expect(await workbench.call('projects/list', {})).toMatchObject([{ error: stopped.error }]);
  expect(changes).toEqual([id]);
  await expect(workbench.call('projects/advance', { project: id })).rejects.toMatchObject({
    code: 'job/died',
  });
  isBroken = false;
  const goesOn = await workbench.call('projects/advance', { project: id });
  expect(goesOn).toMatchObject({ error: null });
  expect(goesOn.runs).toHaveLength(3);
  expect(changes).toEqual([id, id, id]);
  const done = await untilDone(workbench, id);
  expect(done.error).toBeNull();
  expect(done.runs.map(({ state }) => state)).toEqual(Array(3).fill('completed'));
});

describe('a text that was replaced under its name', () => {
  const project = study([{ rh: { lambda: [0.5, 1] } }], {
    source_corpus: { evaluation: 'wiki', rehearsal: 'books' },
  });

  async function replace(name: string, extra: readonly string[]): Promise<void> {
    const known = await workbench.call('corpora/list', {});
    if (known.some((corpus) => corpus.name === name)) {
      await workbench.call('corpora/purge', { corpus: name });
    }
    const paths = [await writeText(scratch, 'source', 300, extra)];
    await workbench.call('corpora/import', { paths, name, documentBoundary: 'line' });
  }

  it('is another study: its λ is chosen anew, and each table holds one text', async () => {
    await replace('books', ['a first book of old music.']);
    const first = await workbench.call('projects/run', { project });
    expect(first.notices).toEqual([]);
    const done = await untilDone(workbench, first.id);
    expect(done.runs).toHaveLength(3);

    // The same text again is the same study.
    await replace('books', ['a first book of old music.']);
    await replace('wiki', []);
    const same = await workbench.call('projects/run', { project });
    expect([same.id, same.notices]).toEqual([first.id, []]);
    expect(same.runs.map(({ id }) => id)).toEqual(done.runs.map(({ id }) => id));

    await replace('books', ['a second book of old music.']);
    const second = await workbench.call('projects/run', { project });
    expect(second.id).not.toBe(first.id);
    expect(second.notices).toEqual([
      'A new project "trial" was begun, because the one that is there differs from this file: ' +
        'source_corpus.rehearsal "books" has other text there.',
    ]);
    expect(second.choices[0]?.candidates.some(({ chosen }) => chosen)).toBe(false);
    expect((await untilDone(workbench, second.id)).runs).toHaveLength(3);

    await replace('wiki', ['a town that was not known before.']);
    const third = await workbench.call('projects/run', { project });
    expect(third.notices[0]).toContain('source_corpus.evaluation "wiki" has other text there');
    for (const { id } of [first, second]) {
      const { rows } = await workbench.call('projects/results', { project: id });
      expect(rows).toHaveLength(1);
    }
  });
});

describe('source text', () => {
  it.each([
    [
      'project/needs-source',
      { strategies: ['sdt', 'gem'], source_corpus: { evaluation: 'wiki' } },
      'The strategy GEM draws source text in every step, but source_corpus has no key rehearsal.',
    ],
    [
      'project/needs-source',
      {
        strategies: [{ rh: {}, ewc: {} }],
        source_corpus: { evaluation: 'wiki', rehearsal: 'wiki' },
      },
      'The strategy RH+EWC weighs by a Fisher diagonal, which is estimated on source text, but source_corpus has no key fisher.',
    ],
    [
      'project/same-corpus',
      { strategies: ['rh'], source_corpus: { evaluation: 'wiki', rehearsal: 'notes' } },
      'target_corpus and source_corpus.rehearsal are both "notes".',
    ],
    [
      'project/empty-split',
      { strategies: ['sdt', { ewc: {} }], source_corpus: 'held-out' },
      'source_corpus "held-out" has no documents in its train split, which the strategy EWC reads.',
    ],
  ])('that is missing is told by %s before anything is registered', async (code, more, message) => {
    if (more.source_corpus === 'held-out') await importHeldOut();
    const project = study(more.strategies, { source_corpus: more.source_corpus });
    await expect(workbench.call('projects/run', { project })).rejects.toMatchObject({
      code,
      message,
    });
    expect(await workbench.call('projects/list', {})).toEqual([]);
  });

  it('is held by the runs that read it, and by no others', async () => {
    await importHeldOut();
    const source_corpus = { evaluation: 'held-out', rehearsal: 'wiki' };
    const { runs } = await workbench.call('projects/run', {
      project: study(['sdt', 'rh'], { source_corpus }, { max_steps: 20_000 }),
    });
    await workbench.call('runs/cancel', { run: runs[1]?.id ?? '' });
    expect((await workbench.call('corpora/purge', { corpus: 'wiki' })).bytes).toBeGreaterThan(0);
    await expect(workbench.call('corpora/purge', { corpus: 'held-out' })).rejects.toMatchObject({
      code: 'corpus/in-use',
    });
  });

  async function importHeldOut(): Promise<void> {
    await workbench.call('corpora/import', {
      paths: [await writeText(scratch, 'source', 60)],
      name: 'held-out',
      documentBoundary: 'line',
      splitShares: { train: 0, validation: 0.5, test: 0.5 },
    });
  }
});
