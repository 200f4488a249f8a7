/** Results of projects and diffs of runs over a real database and real scores files. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkRequest } from '../../../core/workbench/calls.ts';
import { calls } from '../../../core/workbench/contract.ts';
import { readHandlers } from '../../../core/workbench/reads.ts';
import { connectWorkbench } from '../../../core/workbench/remoteClient.ts';
import type { LossInterval, ProjectResults, RunsDiff } from '../../../core/workbench/results.ts';
import { ewcChoice } from '../../fixtures/results.ts';
import { BASE, ScoredHome, moved } from '../../fixtures/scoredProject.ts';
import { spawnCli } from '../headless/spawnCli.ts';

const OWNER = fileURLToPath(new URL('../../fixtures/homeOwner.ts', import.meta.url));

let folder: string;
let scored: ScoredHome;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-results-'));
  scored = await ScoredHome.create(join(folder, 'home'));
});

afterEach(async () => {
  scored.store.close();
  await rm(folder, { recursive: true, force: true });
});

const CONTEXT = { signal: new AbortController().signal, report: () => undefined };

/** As a host gets it: the request checked, the reply as the contract has it. */
async function results(project = 'pilot', split?: 'validation'): Promise<ProjectResults> {
  const request = checkRequest('projects/results', { project, split });
  const handlers = readHandlers(scored.home, scored.store);
  return calls['projects/results'].reply.parse(
    await handlers['projects/results'](request, CONTEXT),
  );
}

async function diff(...runs: string[]): Promise<RunsDiff> {
  const handlers = readHandlers(scored.home, scored.store);
  const request = checkRequest('runs/diff', { runs });
  return calls['runs/diff'].reply.parse(await handlers['runs/diff'](request, CONTEXT));
}

function expectInterval(interval: LossInterval | null | undefined, low: number, high = low): void {
  expect(interval?.low).toBeCloseTo(low, 9);
  expect(interval?.high).toBeCloseTo(high, 9);
}

/** NDT, three seeds of SDT and two of EWC; what else is there does not count for the table. */
async function addStudy(): Promise<Record<'ndt' | 'sdt' | 'ewc', string[]>> {
  const ewc = [];
  for (const seed of [1, 2]) {
    const losses = { source: moved('source', 0.125), target: moved('target', -0.5) };
    ewc.push(await scored.addRun({ parts: { ewc: {} }, seed, seconds: 60, ...losses }));
  }
  const sdt = [];
  for (const [index, seed] of [3, 1, 2].entries()) {
    const by = 0.5 + 0.125 * index;
    const losses = { source: moved('source', by), target: moved('target', -2 * by) };
    sdt.push(await scored.addRun({ seed, ...losses }));
  }
  const ndt = [await scored.addRun({ strategy: 'ndt' })];
  const sweep = scored.setsWith().filter(({ split }) => split === 'validation');
  await scored.addRun({ parts: { ewc: { lambda: 7 } }, purpose: 'sweep', sets: sweep });
  await scored.addRun({ parts: { rh: {} }, state: 'running' });
  await scored.addRun({ parts: { rh: {} }, seed: 2, state: 'failed' });
  await scored.addRun({ parts: { rh: {} }, seed: 3, state: 'cancelled' });
  return { ndt, sdt, ewc };
}

describe('the results of a project', () => {
  it('are its completed runs by strategy, over seeds, against the base model', async () => {
    await addStudy();
    const { rows, project, split, unfinished, sets, choices } = await results();
    expect(project).toEqual({ id: 'project-aaaaaaaaaa', name: 'pilot' });
    expect([split, unfinished, choices]).toEqual(['test', 2, []]);
    expect(sets.map(({ role, name, documents }) => [role, name, documents])).toEqual([
      ['source', 'source', 8],
      ['target', 'target', 8],
    ]);
    expect(rows.map(({ strategy, settings, seeds }) => [strategy, settings, seeds])).toEqual([
      ['ndt', '', [1]],
      ['sdt', '', [1, 2, 3]],
      ['ewc', 'λ 100', [1, 2]],
    ]);
    const [ndt, sdt, ewc] = rows;
    expect(ndt).toMatchObject({
      sourceNll: { mean: 3.75, deviation: null, count: 1 },
      forgetting: { mean: 0 },
      gain: { mean: 0 },
      forgettingInterval: null,
      gainInterval: null,
      secondsPerStep: null,
      relativeTime: null,
    });
    expect(sdt.forgetting).toEqual({ mean: 0.625, deviation: 0.125, count: 3 });
    expect(sdt.gain).toEqual({ mean: 1.25, deviation: 0.25, count: 3 });
    expect(sdt.sourceNll.mean).toBe(4.375);
    expect([sdt.secondsPerStep, ewc.secondsPerStep, ewc.relativeTime]).toEqual([0.5, 0.6, 1.2]);
    expect(sdt.secondsPerStepQuartiles?.lower).toBeCloseTo(0.4, 9);
    expect(sdt.secondsPerStepQuartiles?.upper).toBeCloseTo(0.6, 9);
    expect(rows.map(({ pareto }) => pareto)).toEqual([true, true, true]);
  });

  it('have intervals over documents and seeds that are exact where documents move alike', async () => {
    await addStudy();
    const [, sdt, ewc] = (await results()).rows;
    // Both seeds of EWC and all documents move by the same: nothing is left to chance.
    expectInterval(ewc.forgettingInterval, 0.125);
    expectInterval(ewc.gainInterval, 0.5);
    // Eight documents cannot say more, however alike they are.
    expect(ewc.forgettingInterval?.p).toBe(2 / 2 ** 8);
    // 0.5, 0.625 and 0.75: a standard error of 0.125 / √3, 4.30 times as Student's t has it.
    expect(sdt.forgettingInterval?.estimate).toBeCloseTo(0.625, 12);
    expect(sdt.forgettingInterval?.low).toBeCloseTo(0.625 - (4.303 * 0.125) / Math.sqrt(3), 2);
    expect(sdt.gainInterval?.high).toBeCloseTo(1.25 + (4.303 * 0.25) / Math.sqrt(3), 2);
  });

  it('call a row the lowest where its interval tells it apart from every other', async () => {
    const alike = moved('target', -0.5);
    const sdt = { source: moved('source', 0.5), target: alike };
    const rh = { source: moved('source', 0.125), target: alike };
    for (const seed of [1, 2]) await scored.addRun({ seed, ...sdt });
    // Seeds that the others have not are compared for themselves.
    for (const seed of [1, 3]) await scored.addRun({ parts: { rh: {} }, seed, ...rh });
    await scored.addRun({ parts: { l2: {} }, seed: 4, source: moved('source', 0.25) });
    await scored.addRun({ strategy: 'ndt' });
    const lowest = async () =>
      (await results()).rows.map((row) => [row.strategy, row.lowest.source, row.lowest.target]);
    expect(await lowest()).toEqual([
      ['ndt', false, false],
      ['sdt', false, false],
      ['rh', true, false],
      ['l2', false, false],
    ]);
    // Less forgetting on average, and no document or seed to rely on.
    const mixed = BASE.source.map((loss, i) => loss + (i % 2 === 0 ? 1 : -1));
    await scored.addRun({ parts: { gem: {} }, source: mixed });
    expect((await lowest()).filter(([, source]) => source === true)).toEqual([]);
  });

  it('call no row the lowest of one, or of equal ones', async () => {
    await scored.addRun({ source: moved('source', 0.5) });
    expect((await results()).rows[0].lowest).toEqual({ source: false, target: false });
    await scored.addRun({ parts: { gem: {} }, source: moved('source', 0.5) });
    for (const { lowest } of (await results()).rows) {
      expect(lowest).toEqual({ source: false, target: false });
    }
  });

  it('have intervals that include zero where documents disagree', async () => {
    const mixed = BASE.source.map((loss, i) => loss + (i % 2 === 0 ? 0.25 : -0.25));
    await scored.addRun({ source: mixed, target: moved('target', -0.25) });
    const [{ forgettingInterval, gainInterval }] = (await results()).rows;
    expect(forgettingInterval?.low).toBeLessThan(-0.1);
    expect(forgettingInterval?.high).toBeGreaterThan(0.1);
    expect(forgettingInterval?.p).toBeGreaterThan(0.5);
    expectInterval(gainInterval, 0.25);
  });

  it('are the same to the last digit every time, and whatever else is in the table', async () => {
    await addStudy();
    const noisy = BASE.source.map((loss, i) => loss + Math.sin(i + 1));
    await scored.addRun({ parts: { l2: {} }, source: noisy, target: moved('target', -0.1) });
    const first = await results();
    expect(await results()).toEqual(first);
    await scored.addRun({ parts: { gem: {} }, source: moved('source', 0.25) });
    const wider = await results();
    const others = wider.rows.filter(({ strategy }) => strategy !== 'gem');
    expect(others.map(({ forgettingInterval }) => forgettingInterval)).toEqual(
      first.rows.map(({ forgettingInterval }) => forgettingInterval),
    );
  });

  it('remember intervals in one process and tell the same', async () => {
    await addStudy();
    const handlers = readHandlers(scored.home, scored.store);
    const request = checkRequest('projects/results', { project: 'pilot' });
    const first = await handlers['projects/results'](request, CONTEXT);
    await scored.addRun({ parts: { gem: {} }, source: moved('source', 0.25) });
    const second = await handlers['projects/results'](request, CONTEXT);
    expect(second).toEqual(await results());
    expect(second.rows.slice(0, 3)).toEqual(first.rows);
  });

  it('tell other settings of one strategy apart, and join interpolations over seeds', async () => {
    for (const lambda of [10, 2]) await scored.addRun({ parts: { ewc: { lambda } } });
    for (const seed of [1, 2]) {
      await scored.addRun({ purpose: 'interpolation', alpha: 0.5, seed });
      await scored.addRun({ seed });
    }
    await scored.addRun({ purpose: 'interpolation', alpha: 0.25 });
    const { rows } = await results();
    expect(rows.map(({ strategy, settings, seeds }) => [strategy, settings, seeds])).toEqual([
      ['sdt', '', [1, 2]],
      ['ewc', 'λ 2', [1]],
      ['ewc', 'λ 10', [1]],
      ['sdt α 0.25', '', [1]],
      ['sdt α 0.5', '', [1, 2]],
    ]);
    expect(rows.slice(3).map(({ secondsPerStep }) => secondsPerStep)).toEqual([null, null]);
  });

  it('weigh several sets of one domain by their tokens', async () => {
    const other = await scored.set('source', 'test', { seed: 9 }, 'other');
    await scored.addRun({ sets: [...scored.setsWith(), other], source: moved('source', 0.5) });
    const [{ sourceNll, forgetting, forgettingInterval }] = (await results()).rows;
    expect(sourceNll.mean).toBe(4.25);
    expect(forgetting.mean).toBe(0.5);
    expectInterval(forgettingInterval, 0.5);
  });

  it('are of the split that is asked for', async () => {
    await addStudy();
    const { split, rows } = await results('pilot', 'validation');
    expect(split).toBe('validation');
    // A run that chooses λ fills no row, though it was scored on this split.
    expect(rows.map(({ settings }) => settings)).toEqual(['', '', 'λ 100']);
  });

  it('tell how λ was chosen', async () => {
    scored.store.choices.insert({
      ...{ projectId: 'project-aaaaaaaaaa', entry: 'e', createdAt: '2026-01-02T03:04:05.000Z' },
      choice: JSON.stringify(ewcChoice()),
    });
    expect((await results()).choices).toEqual([ewcChoice()]);
  });

  it('of a project without completed runs are empty', async () => {
    await scored.addRun({ state: 'queued' });
    const failed = await scored.addRun({ state: 'failed', seed: 2 });
    expect(await results()).toMatchObject({ rows: [], sets: [], unfinished: 2 });
    scored.store.runSummaries.archive(failed, '2026-01-02T03:04:05.000Z');
    expect(await results()).toMatchObject({ unfinished: 1 });
  });

  it('are of the latest project of a name, or of the one with the id', async () => {
    scored.addProject('project-cccccccccc', 'pilot');
    scored.addProject('project-bbbbbbbbbb', 'pilot');
    expect((await results('pilot')).project.id).toBe('project-bbbbbbbbbb');
    expect((await results('project-aaaaaaaaaa')).project.id).toBe('project-aaaaaaaaaa');
    expect((await results('project-cc')).project.id).toBe('project-cccccccccc');
    await expect(results('pilto')).rejects.toMatchObject({ code: 'project/not-found' });
  });

  it('refuse to stand losses on different sets in one table, and name the set', async () => {
    await scored.addRun();
    const masks = await scored.set('target', 'test', { seed: 5 });
    const other = await scored.addRun({ parts: { l2: {} }, sets: scored.setsWith(masks) });
    await expect(results()).rejects.toMatchObject({
      code: 'results/different-sets',
      message: expect.stringMatching(
        new RegExp(`^Run ${other} and run run-\\w+ were not scored on the same target test set`),
      ) as string,
    });
    // The validation sets are the same.
    expect((await results('pilot', 'validation')).rows).toHaveLength(2);
  });

  it('refuse a run with a set that the others have not', async () => {
    await scored.addRun();
    const extra = await scored.set('source', 'test', { seed: 5 }, 'extra');
    await scored.addRun({ parts: { l2: {} }, sets: [...scored.setsWith(), extra] });
    await expect(results()).rejects.toMatchObject({
      code: 'results/different-sets',
      message: expect.stringContaining('source test set "extra"') as string,
    });
  });

  it('refuse a completed run without scores, and scores that are not what the run wrote', async () => {
    const id = await scored.addRun({
      sets: scored.setsWith().filter(({ role, split }) => role === 'source' || split !== 'test'),
    });
    await expect(results()).rejects.toMatchObject({
      code: 'results/not-scored',
      message: `Run ${id} (sdt-seed-1) has no target loss on the test split.`,
    });
    scored.addProject('project-bbbbbbbbbb', 'second');
    const damaged = await scored.addRun({ project: 'project-bbbbbbbbbb' });
    const scores = join(scored.home.runs, damaged, 'scores');
    for (const file of await readdir(scores)) await writeFile(join(scores, file), 'PLMPSCR1');
    await expect(results('second')).rejects.toMatchObject({ code: 'evaluation/damaged-scores' });
    await rm(scores, { recursive: true });
    await expect(results('second')).rejects.toMatchObject({ code: 'system/enoent' });
  });
});

describe('a diff of runs', () => {
  it('groups seeds, and compares the common ones by documents and seeds', async () => {
    const { sdt, ewc } = await addStudy();
    const { groups, configuration, metrics, notComparable } = await diff('pilot/sdt', 'pilot/ewc');
    expect(groups).toEqual([
      { label: 'sdt', runs: [1, 2, 3].map((seed) => ({ id: sdt[seed % 3], seed })) },
      { label: 'ewc λ 100', runs: ewc.map((id, index) => ({ id, seed: index + 1 })) },
    ]);
    expect(Object.fromEntries(configuration.map(({ key, values }) => [key, values]))).toEqual({
      strategy: ['sdt', 'ewc'],
      'parts.ewc.lambda': [null, 100],
      'parts.ewc.layer_norm': [null, true],
      seeds: [
        [1, 2, 3],
        [1, 2],
      ],
    });
    expect(notComparable).toEqual([]);
    expect(metrics.map(({ role, split }) => `${role} ${split}`)).toEqual([
      ...['source test', 'source validation', 'target test', 'target validation'],
    ]);
    const [source] = metrics;
    expect(source.documents).toBe(8);
    expect(source.losses).toEqual([
      { mean: 4.375, deviation: 0.125, count: 3 },
      { mean: 3.875, deviation: 0, count: 2 },
    ]);
    // SDT forgot 0.625 with seed 1 and 0.75 with seed 2, EWC 0.125 with both.
    const [difference] = source.differences;
    expect(difference).toMatchObject({ group: 1, seeds: [1, 2] });
    expect(difference.estimate).toBeCloseTo(-0.5625, 12);
    // Two seeds say little: 12.7 standard errors of 0.0625.
    expect(difference.low).toBeCloseTo(-0.5625 - 12.706 * 0.0625, 2);
    expect(difference.high).toBeCloseTo(-0.5625 + 12.706 * 0.0625, 2);
    expect(difference.p).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(9), 2);
  });

  it('pairs the base model, which has one seed, with every seed', async () => {
    const { ndt } = await addStudy();
    const { metrics } = await diff(ndt[0], 'pilot/sdt');
    expect(metrics[0].differences[0]).toMatchObject({ group: 1, seeds: [1, 2, 3] });
    expect(metrics[0].differences[0].estimate).toBeCloseTo(0.625, 12);
    const turned = await diff('pilot/sdt', 'pilot/ndt');
    expect(turned.metrics[0].differences[0]).toMatchObject({ seeds: [1, 2, 3] });
    expect(turned.metrics[0].differences[0].estimate).toBeCloseTo(-0.625, 12);
  });

  it('of runs that differ in the seed alone compares them one by one', async () => {
    const { sdt } = await addStudy();
    const { groups, configuration, metrics } = await diff(sdt[1], sdt[2]);
    expect(groups.map(({ runs }) => runs.length)).toEqual([1, 1]);
    expect(new Set(groups.map(({ label }) => label))).toEqual(
      new Set([`sdt (${sdt[1]})`, `sdt (${sdt[2]})`]),
    );
    expect(configuration).toEqual([{ key: 'seeds', values: [[1], [2]] }]);
    expect(metrics[0].differences[0]).toMatchObject({ group: 1, seeds: [] });
    expectInterval(metrics[0].differences[0], 0.125);
  });

  it('draws the seeds of groups that share none independently', async () => {
    const a = [];
    const b = [];
    for (const [seed, by] of [
      [1, 0.25],
      [2, 0.75],
    ] as const) {
      a.push(await scored.addRun({ seed, source: moved('source', by) }));
      b.push(
        await scored.addRun({ parts: { l2: {} }, seed: seed + 2, source: moved('source', by) }),
      );
    }
    const [difference] = (await diff(...a, ...b)).metrics[0].differences;
    expect(difference.seeds).toEqual([]);
    expect(difference.estimate).toBeCloseTo(0, 12);
    // Each mean has a standard error of 0.25 and one degree of freedom.
    expect(Math.abs(Number(difference.high) / (2 * 0.25 * 12.706) - 1)).toBeLessThan(0.2);
    expect(Math.abs(Number(difference.low) / (2 * 0.25 * 12.706) + 1)).toBeLessThan(0.2);
  });

  it('compares equal studies of two projects as groups of their own', async () => {
    scored.addProject('project-bbbbbbbbbb', 'second');
    for (const seed of [1, 2]) {
      await scored.addRun({ seed });
      await scored.addRun({ seed, project: 'project-bbbbbbbbbb', source: moved('source', 0.5) });
    }
    const { groups, configuration, metrics } = await diff('pilot/sdt', 'second/SDT');
    expect(groups.map(({ label }) => label)).toEqual(['sdt (pilot)', 'sdt (second)']);
    expect(groups.map(({ runs }) => runs.map(({ seed }) => seed))).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(configuration).toEqual([]);
    expect(metrics[0].differences[0].seeds).toEqual([1, 2]);
    expectInterval(metrics[0].differences[0], 0.5);
  });

  it('names settings by their paths, and several values of λ as groups', async () => {
    for (const lambda of [10, 100]) await scored.addRun({ parts: { ewc: { lambda } } });
    const faster = { max_steps: 100, learning_rate: 1e-3 };
    const other = await scored.addRun({ settings: faster, specification: { threads: 2 } });
    const { groups, configuration } = await diff('pilot/ewc', other);
    expect(groups.map(({ label }) => label)).toEqual(['ewc λ 10', 'ewc λ 100', 'sdt']);
    expect(configuration).toContainEqual({
      key: 'training.learning_rate',
      values: [5e-5, 5e-5, 1e-3],
    });
    expect(configuration).toContainEqual({ key: 'threads', values: [null, null, 2] });
    expect(configuration).toContainEqual({ key: 'parts.ewc.lambda', values: [10, 100, null] });
    const keys = configuration.map(({ key }) => key);
    for (const place of ['runFolder', 'runId', 'modelFolder', 'path']) {
      expect(keys.some((key) => key.includes(place))).toBe(false);
    }
  });

  it.each([
    [{ contentHash: 'another' }, /, drawn from another corpus\.$/],
    [{ tokenizerHash: 'another' }, /, made with another tokenizer\.$/],
    [
      { seed: 4, maskProbability: 0.3 },
      /, with other masks: evaluation\.seed 0 and 4, evaluation\.mask_probability 0\.15 and 0\.3\.$/,
    ],
    [{ maxSequenceLength: 64 }, /, with other masks: training\.max_seq_length 128 and 64\.$/],
  ])('says which set differs, and why: %j', async (header, reason) => {
    const first = await scored.addRun();
    const set = await scored.set('source', 'test', header);
    const second = await scored.addRun({ parts: { l2: {} }, sets: scored.setsWith(set) });
    const { metrics, notComparable, configuration } = await diff(first, second);
    expect(metrics).toHaveLength(3);
    expect(notComparable).toEqual([
      {
        ...{ role: 'source', split: 'test', name: 'source' },
        reason: expect.stringMatching(reason) as string,
      },
    ]);
    expect(notComparable[0].reason).toMatch(
      /^The source test set differs: SDT was scored on [0-9a-f]{12}, L2 λ 0\.01 on [0-9a-f]{12}, /,
    );
    expect(configuration.map(({ key }) => key)).toContain('evaluation.source.test');
  });

  it('of runs that share no set still says what differs', async () => {
    const first = await scored.addRun();
    const sets = [];
    for (const set of scored.setsWith()) {
      sets.push(await scored.set(set.role, set.split, { contentHash: 'another' }));
    }
    const second = await scored.addRun({ sets });
    const { metrics, notComparable, configuration } = await diff(first, second);
    expect(metrics).toEqual([]);
    expect(notComparable).toHaveLength(4);
    expect(configuration.length).toBeGreaterThan(0);
    // With the corpus its sets are purged.
    await rm(scored.home.evaluations, { recursive: true });
    expect((await diff(first, second)).notComparable[0]?.reason).toMatch(
      /the file of a set is not there any more to tell in what they differ\.$/,
    );
  });

  it('compares a run that chose λ on the validation split alone', async () => {
    const sets = scored.setsWith().filter(({ split }) => split === 'validation');
    const sweep = await scored.addRun({ parts: { ewc: {} }, purpose: 'sweep', sets });
    await scored.addRun();
    const { metrics, notComparable } = await diff('pilot/sdt', sweep);
    expect(metrics.map(({ split }) => split)).toEqual(['validation', 'validation']);
    expect(notComparable.map(({ reason }) => reason)).toEqual([
      `EWC λ 100 was not scored on the source test set (run ${sweep}).`,
      `EWC λ 100 was not scored on the target test set (run ${sweep}).`,
    ]);
  });

  it('refuses what cannot be compared', async () => {
    const one = await scored.addRun();
    const running = await scored.addRun({ parts: { rh: {} }, state: 'paused' });
    await expect(diff(one, running)).rejects.toMatchObject({
      code: 'run/not-completed',
      message: `Run ${running} is paused at step 0: it has no losses at its end.`,
    });
    await expect(diff(one, 'pilot/sdt')).rejects.toMatchObject({ code: 'runs/same-run-twice' });
    await expect(diff(one, one)).rejects.toMatchObject({ code: 'runs/same-run-twice' });
    await expect(diff('pilot/sdt')).rejects.toMatchObject({ code: 'runs/nothing-to-compare' });
    await expect(diff(one, 'pilot/rh')).rejects.toMatchObject({
      code: 'run/not-found',
      hint: 'It has completed runs of sdt.',
    });
    await expect(diff(one, 'nowhere/rh')).rejects.toMatchObject({ code: 'project/not-found' });
    await expect(diff(one, 'run-zzzz')).rejects.toMatchObject({ code: 'run/not-found' });
  });
});

describe('beside an owner', () => {
  it('another process reads results and diffs for itself, and the command line prints them', async () => {
    const { sdt, ewc } = await addStudy();
    const expected = await results();
    scored.store.close();
    const owner = spawn(process.execPath, [OWNER, scored.home.path]);
    owner.stderr.pipe(process.stderr);
    await once(owner.stdout, 'data');
    try {
      const client = await connectWorkbench(scored.home.path);
      try {
        const asked = await client.call('projects/results', { project: 'pilot' });
        expect(asked).toEqual(expected);
        const { groups } = await client.call('runs/diff', { runs: [sdt[1], ewc[0]] });
        expect(groups.map(({ label }) => label)).toEqual(['sdt', 'ewc λ 100']);
        expect(await readdir(scored.home.spool)).toEqual([]);
      } finally {
        await client.close();
      }
      const at = ['--home', scored.home.path];
      const table = await spawnCli(['results', 'pilot', '--plot', join(folder, 'p.svg'), ...at]);
      expect(table.exitCode, table.stderr).toBe(0);
      expect(table.stdout).toMatch(/^◆ +SDT +– +3 +4\.375 ± 0\.125 /m);
      const shown = await spawnCli(['runs', 'diff', 'pilot/sdt', 'pilot/ewc', ...at]);
      expect(shown.exitCode, shown.stderr).toBe(0);
      expect(shown.stdout).toMatch(/^parts\.ewc\.lambda +– +100$/m);
    } finally {
      const exited = once(owner, 'exit');
      owner.stdin.write('close\n');
      await exited;
    }
    scored = await ScoredHome.create(join(folder, 'other'));
  });
});
