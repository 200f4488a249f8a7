/** Tags, notes, the archive and curves, asked of a Workbench with a history. */
import { cp, readdir } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../../core/store/store.ts';
import { calls } from '../../../core/workbench/contract.ts';
import type {
  RunSummary,
  WorkbenchClient,
  WorkbenchEvent,
} from '../../../core/workbench/contract.ts';
import { homeAt, prepareHome } from '../../../core/workbench/home.ts';
import { LONGEST_NOTE, LONGEST_TAG } from '../../../core/workbench/schemas/annotations.ts';
import { seedHistory } from '../../fixtures/seedHistory.ts';
import { newScratch, open } from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';

let template: Scratch;
let scratch: Scratch;
let workbench: WorkbenchClient;
let runs: RunSummary[];
let events: WorkbenchEvent[];
const SIZES = { runs: 60, points: 30_000, projects: 3 };

beforeAll(async () => {
  template = await newScratch();
  const { database } = await prepareHome(template.home);
  const seeded = seedHistory(database, SIZES);
  expect(seeded.runs).toBe(SIZES.runs);
  expect(Math.abs(seeded.points - SIZES.points) / SIZES.points).toBeLessThan(0.05);
});

afterAll(() => template.remove());

beforeEach(async () => {
  scratch = await newScratch();
  await cp(template.home, scratch.home, { recursive: true });
  workbench = await open(scratch);
  runs = await workbench.call('runs/list', { archived: true });
  events = [];
  workbench.subscribe((event) => events.push(event));
});

afterEach(async () => {
  await workbench.close();
  await scratch.remove();
});

function at(index: number): RunSummary {
  const run = runs[index];
  if (run === undefined) throw new Error(`there is no run ${index}`);
  return run;
}

describe('a seeded history', () => {
  it('keeps the contract and has runs of every strategy, state, tag and note', async () => {
    expect(calls['runs/list'].reply.parse(runs)).toHaveLength(SIZES.runs);
    const strategies = new Set(runs.map(({ strategy }) => strategy));
    expect([...strategies].sort()).toEqual(['ewc', 'gem', 'l2', 'ndt', 'rh', 'rh+ewc', 'sdt']);
    expect(runs.some(({ tags }) => tags.length > 0)).toBe(true);
    expect(runs.some(({ note }) => note !== null)).toBe(true);
    expect(runs.some(({ targetNll, strategy }) => targetNll !== null && strategy !== 'ndt')).toBe(
      true,
    );
    const projects = await workbench.call('projects/list', {});
    expect(projects.map((project) => project.runs.length)).toEqual([20, 20, 20]);
    const detail = await workbench.call('runs/show', { run: at(1).id });
    expect(calls['runs/show'].reply.parse(detail)).toMatchObject({ id: at(1).id });
  });
});

describe('tags', () => {
  it('are put on many runs and taken off, once each, and every window hears of it', async () => {
    const two = [at(0).id, at(1).id];
    const tagged = await workbench.call('runs/tag', {
      runs: [...two, at(0).id],
      add: [' rerun me ', 'paper'],
    });
    expect(tagged.map(({ id }) => id)).toEqual(two);
    expect(tagged[0]?.tags).toEqual(expect.arrayContaining(['paper', 'rerun me']));
    expect(events).toEqual([{ type: 'runs/changed', runs: two }]);
    const again = await workbench.call('runs/tag', {
      runs: two,
      add: ['paper'],
      remove: ['rerun me'],
    });
    expect(again[0]?.tags.filter((tag) => ['paper', 'rerun me'].includes(tag))).toEqual(['paper']);
    const listed = await workbench.call('runs/list', { archived: true });
    expect(listed.find(({ id }) => id === at(1).id)?.tags).toContain('paper');
  });

  it.each([
    ['tag/text', ' '],
    ['tag/text', 'two\nlines'],
    ['tag/text', 'x'.repeat(LONGEST_TAG + 1)],
  ])('are refused with %s for %j, and nothing is changed', async (code, tag) => {
    const request = { runs: [at(0).id], add: ['good', tag] };
    await expect(workbench.call('runs/tag', request)).rejects.toMatchObject({ code });
    expect(await workbench.call('runs/list', { archived: true })).toEqual(runs);
  });

  it('change all of the runs or none', async () => {
    const request = { runs: [at(0).id, 'run-nothing'], add: ['good'] };
    await expect(workbench.call('runs/tag', request)).rejects.toMatchObject({
      code: 'run/not-found',
    });
    expect(await workbench.call('runs/list', { archived: true })).toEqual(runs);
    expect(events).toEqual([]);
  });
});

describe('a note', () => {
  it('is written, replaced and removed', async () => {
    const { id } = at(3);
    expect(await workbench.call('runs/note', { run: id, text: ' Look again. ' })).toMatchObject({
      ...{ id, note: 'Look again.' },
    });
    expect(await workbench.call('runs/show', { run: id })).toMatchObject({ note: 'Look again.' });
    expect(await workbench.call('runs/note', { run: id, text: 'Done.\nFine.' })).toMatchObject({
      note: 'Done.\nFine.',
    });
    expect(await workbench.call('runs/note', { run: id, text: '' })).toMatchObject({ note: null });
    const long = { run: id, text: 'x'.repeat(LONGEST_NOTE + 1) };
    await expect(workbench.call('runs/note', long)).rejects.toMatchObject({
      code: 'note/too-long',
    });
  });
});

describe('the archive', () => {
  it('hides runs from lists and gives them back by the same call', async () => {
    const shown = (await workbench.call('runs/list', {})).map(({ id }) => id);
    const ids = shown.slice(0, 3);
    const archived = await workbench.call('runs/archive', { runs: ids, archived: true });
    const since = archived.map(({ archivedAt }) => archivedAt);
    expect(since.every((time) => time !== null)).toBe(true);
    expect((await workbench.call('runs/list', {})).map(({ id }) => id)).toEqual(shown.slice(3));
    // Still there for those who ask, and in their project.
    expect(await workbench.call('runs/list', { archived: true })).toHaveLength(SIZES.runs);
    const { runs: ofProject } = await workbench.call('projects/show', { project: at(0).project });
    expect(ofProject).toHaveLength(20);

    const again = await workbench.call('runs/archive', { runs: ids, archived: true });
    expect(again.map(({ archivedAt }) => archivedAt)).toEqual(since);
    await workbench.call('runs/archive', { runs: ids, archived: false });
    expect((await workbench.call('runs/list', {})).map(({ id }) => id)).toEqual(shown);
  });

  it('takes a whole history at once, and answers in the order asked', async () => {
    const ids = runs.map(({ id }) => id).reverse();
    const archived = await workbench.call('runs/archive', { runs: ids, archived: true });
    expect(archived.map(({ id }) => id)).toEqual(ids);
    expect(await workbench.call('runs/list', {})).toEqual([]);
    expect(archived).toEqual((await workbench.call('runs/list', { archived: true })).reverse());
    expect(events).toEqual([{ type: 'runs/changed', runs: ids }]);
  });

  it('takes no run that is to be at work', async () => {
    const paused = runs.find(
      ({ state, archivedAt }) => state === 'completed' && archivedAt === null,
    );
    if (paused === undefined) throw new Error('no such run');
    await workbench.close();
    const store = openStore(homeAt(scratch.home).database);
    store.runs.update(paused.id, { state: 'queued', queuePosition: 1 });
    store.close();
    workbench = await open(scratch);
    const request = { runs: [at(0).id, paused.id], archived: true };
    await expect(workbench.call('runs/archive', request)).rejects.toMatchObject({
      code: 'run/not-at-rest',
    });
    const before = at(0).archivedAt;
    expect(await workbench.call('runs/show', { run: at(0).id })).toMatchObject({
      archivedAt: before,
    });
  });
});

describe('curves', () => {
  it('come for several runs, narrowed to the chart, with the time of each point', async () => {
    const long = runs.filter(({ totalSteps }) => (totalSteps ?? 0) > 2000).map(({ id }) => id);
    expect(long.length).toBeGreaterThan(1);
    const reply = await workbench.call('runs/curves', {
      ...{ runs: long, names: ['train/target_loss'], pixels: 64 },
    });
    expect(calls['runs/curves'].reply.parse(reply)).toEqual(reply);
    expect(reply.map(({ run }) => run)).toEqual(long);
    for (const { curves } of reply) {
      expect(curves).toHaveLength(1);
      const { steps, values, seconds, decimated } = curves[0] ?? { steps: [], values: [] };
      expect(decimated).toBe(true);
      expect(steps.length).toBeLessThanOrEqual(130);
      expect([values.length, seconds?.length]).toEqual([steps.length, steps.length]);
      // The seeded clock runs evenly.
      for (const [index, step] of steps.entries()) {
        expect(seconds?.[index]).toBeCloseTo(step * 0.21, 6);
      }
    }
  });

  it('come whole for one run, and know no time where no steps are taken', async () => {
    const trained = runs.find(({ strategy, step }) => strategy === 'ewc' && step > 0);
    const ndt = runs.find(({ strategy }) => strategy === 'ndt');
    if (trained === undefined || ndt === undefined) throw new Error('no such runs');
    const [whole] = await workbench.call('runs/curves', { runs: [trained.id] });
    const series = await workbench.call('runs/metrics', { run: trained.id });
    expect(whole?.curves.map(({ name, steps, values }) => ({ name, steps, values }))).toEqual(
      series.map(({ name, points }) => ({
        name,
        steps: points.map(({ step }) => step),
        values: points.map(({ value }) => value),
      })),
    );
    const clock = whole?.curves.find(({ name }) => name === 'train/seconds');
    expect(clock?.seconds).toEqual(clock?.values);
    expect(await workbench.call('runs/curves', { runs: [ndt.id] })).toEqual([
      { run: ndt.id, series: [], curves: [] },
    ]);
    // Nothing but the database was read or written.
    expect(await readdir(homeAt(scratch.home).runs)).toEqual([]);
  });
});
