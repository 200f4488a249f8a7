/** The life of runs in a real Workbench: real SQLite, real training jobs, real signals. */
import { existsSync } from 'node:fs';
import { cp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashFile } from '../../../core/base/files.ts';
import type { WorkbenchClient, WorkbenchEvent } from '../../../core/workbench/contract.ts';
import { filledTemplate } from '../../fixtures/filledHome.ts';
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

const copyFilled = filledTemplate();
let scratch: Scratch;
let workbench: WorkbenchClient;
let processes: ReturnType<typeof watchedProcesses>;
const patience = { heartbeat: 4000, pause: 60_000, cancel: 60_000, earlierJob: 60_000 };

async function openHere(more: object = {}): Promise<void> {
  workbench = await open(scratch, { startProcess: processes.startProcess, patience, ...more });
}

async function runOne(training: object = {}, name = 'trial'): Promise<string> {
  const project = tinyProject(training, { name });
  const { runs } = await workbench.call('projects/run', { project });
  const id = runs[0]?.id;
  if (id === undefined) throw new Error('no run');
  return id;
}

const LONG = { max_steps: 2000, save_steps: 20, eval_steps: 2000 };

beforeEach(async () => {
  scratch = await newScratch();
  await copyFilled(scratch);
  processes = watchedProcesses();
  await openHere();
});

afterEach(async () => {
  await workbench.close();
  await scratch.remove();
});

describe('a project', () => {
  it('runs NDT once and every other strategy with each seed, and records what happened', async () => {
    const events: WorkbenchEvent[] = [];
    workbench.subscribe((event) => events.push(event));
    const project = tinyProject({}, { strategies: ['ndt', 'sdt'], seeds: [1, 2] });
    const summary = await workbench.call('projects/run', { project });
    expect(summary.runs.map(({ strategy, seed }) => [strategy, seed])).toEqual([
      ['ndt', 1],
      ['sdt', 1],
      ['sdt', 2],
    ]);
    for (const { id } of summary.runs) await waitForState(workbench, id, 'completed');

    const [base, tuned] = await Promise.all(
      summary.runs.slice(0, 2).map(({ id }) => workbench.call('runs/show', { run: id })),
    );
    expect(base.evaluations).toHaveLength(8);
    expect(tuned.step).toBe(30);
    expect(tuned.attempts).toBe(1);
    expect(tuned.checkpoints.map(({ step }) => step)).toEqual([30]);
    const after = tuned.evaluations.find(
      ({ role, split, phase }) => role === 'target' && split === 'test' && phase === 'after',
    );
    const before = tuned.evaluations.find(
      ({ role, split, phase }) => role === 'target' && split === 'test' && phase === 'before',
    );
    expect(after?.nll).toBeLessThan(before?.nll ?? 0);
    const series = await workbench.call('runs/metrics', { run: tuned.id });
    const loss = series.find(({ name }) => name === 'train/target_loss');
    expect(loss?.points.map(({ step }) => step)).toEqual([5, 10, 15, 20, 25, 30]);
    const said = await workbench.call('runs/log', { run: tuned.id });
    expect(said[0]).toMatchObject({ type: 'started', attempt: 1, totalSteps: 30 });
    expect(said.at(-1)).toMatchObject({ type: 'ended', outcome: 'completed' });
    expect(said.some(({ type }) => type === 'metrics')).toBe(false);
    expect(events.some(({ type }) => type === 'run/event')).toBe(true);
    expect(events.some(({ type }) => type === 'progress')).toBe(true);
  });

  it('given again adds nothing, and with another seed adds only that', async () => {
    const first = await workbench.call('projects/run', { project: tinyProject() });
    const again = await workbench.call('projects/run', { project: tinyProject() });
    expect(again.id).toBe(first.id);
    expect(again.runs.map(({ id }) => id)).toEqual(first.runs.map(({ id }) => id));
    const more = await workbench.call('projects/run', {
      project: tinyProject({}, { seeds: [1, 5] }),
    });
    expect(more.id).toBe(first.id);
    expect(more.runs.map(({ seed }) => seed)).toEqual([1, 5]);
    expect(await workbench.call('projects/list', {})).toHaveLength(1);
    for (const { id } of more.runs) await waitForState(workbench, id, 'completed');
    const other = await workbench.call('projects/run', { project: tinyProject({ max_steps: 7 }) });
    expect(other.id).not.toBe(first.id);
  });

  it('takes further seeds by themselves, and leaves what was cancelled alone', async () => {
    const first = await workbench.call('projects/run', { project: tinyProject() });
    const [cancelled] = first.runs;
    if (cancelled !== undefined) await workbench.call('runs/cancel', { run: cancelled.id });
    const request = { project: first.id, seeds: [5, 3, 5] };
    const added = await workbench.call('projects/add-seeds', request);
    expect(added).toMatchObject({ id: first.id, seeds: [1, 5, 3] });
    expect(added.runs.map(({ seed, purpose }) => [seed, purpose])).toEqual([
      [5, 'result'],
      [3, 'result'],
    ]);
    const { runs } = await workbench.call('projects/show', { project: first.id });
    expect(runs.map(({ id }) => id).sort()).toEqual(
      [...first.runs, ...added.runs].map(({ id }) => id).sort(),
    );
    // The file that a person has on disk goes on with the same project.
    const again = await workbench.call('projects/run', {
      project: tinyProject({}, { seeds: [1, 5, 3] }),
    });
    expect(again.id).toBe(first.id);
    await expect(workbench.call('projects/add-seeds', request)).rejects.toMatchObject({
      code: 'project/seeds-known',
      message: expect.stringContaining('the seeds 5, 3') as string,
    });
  });

  it.each([
    ['project/sequence-length', tinyProject({ max_seq_length: 65 })],
    ['project/same-corpus', tinyProject({}, { source_corpus: 'notes' })],
    ['model/not-found', tinyProject({}, { base_model: 'nothing' })],
    ['corpus/not-found', tinyProject({}, { target_corpus: 'nothing' })],
    ['corpus/not-found', tinyProject({}, { source_corpus: { evaluation: 'wiki', fisher: 'no' } })],
  ])('that cannot run is refused with %s and registers nothing', async (code, project) => {
    await expect(workbench.call('projects/run', { project })).rejects.toMatchObject({ code });
    expect(await workbench.call('projects/list', {})).toEqual([]);
    expect(await workbench.call('runs/list', {})).toEqual([]);
  });
});

describe('a run', () => {
  it('pauses at a checkpoint and goes on from it', async () => {
    const run = await runOne({ max_steps: 200, save_steps: 1000, eval_steps: 1000 });
    await waitForStep(workbench, run, 10);
    const paused = await workbench.call('runs/pause', { run });
    expect(paused.state).toBe('paused');
    expect(paused.step).toBeGreaterThanOrEqual(10);
    await workbench.call('runs/resume', { run });
    await waitForState(workbench, run, 'completed');
    const shown = await workbench.call('runs/show', { run });
    expect(shown.attempts).toBe(2);
    const [loss] = await workbench.call('runs/metrics', { run, names: ['train/target_loss'] });
    expect(loss?.points).toHaveLength(40);
  });

  it('whose job is killed is interrupted, never completed, and can be resumed', async () => {
    const run = await runOne({ max_steps: 300, save_steps: 20, eval_steps: 1000 });
    await waitForStep(workbench, run, 40);
    process.kill(processes.trainingPids.at(-1) ?? 0, 'SIGKILL');
    const interrupted = await waitForState(workbench, run, 'interrupted', 'completed');
    expect(interrupted.state).toBe('interrupted');
    // Read on every host: the desktop has no command line.
    expect(interrupted.error).toMatchObject({
      code: 'run/interrupted',
      hint: 'Resume it to go on from its last checkpoint.',
    });
    await workbench.call('runs/resume', { run });
    const completed = await waitForState(workbench, run, 'completed');
    expect(completed.error).toBeNull();
    expect((await workbench.call('runs/show', { run })).attempts).toBe(2);
    const [loss] = await workbench.call('runs/metrics', { run, names: ['train/target_loss'] });
    expect(loss?.points.map(({ step }) => step)).toEqual(
      Array.from({ length: 60 }, (_, index) => 5 * (index + 1)),
    );
  });

  it('whose job falls silent is ended and interrupted', async () => {
    const run = await runOne(LONG);
    await waitForStep(workbench, run, 5);
    process.kill(processes.trainingPids.at(-1) ?? 0, 'SIGSTOP');
    const silent = await waitForState(workbench, run, 'interrupted');
    expect(silent.error?.message).toContain('did not answer');
  });

  it('is cancelled while it runs and while it waits, and the next one starts', async () => {
    const first = await runOne(LONG);
    const waiting = await runOne(LONG, 'another');
    await waitForStep(workbench, first, 5);
    expect((await workbench.call('runs/cancel', { run: waiting })).state).toBe('cancelled');
    expect((await workbench.call('runs/cancel', { run: first })).state).toBe('cancelled');
    await expect(workbench.call('runs/resume', { run: first })).rejects.toMatchObject({
      code: 'run/not-possible',
    });
    const last = await runOne({ max_steps: 5 });
    await waitForState(workbench, last, 'completed');
    expect(processes.trainingPids).toHaveLength(2);
  });

  it('is saved when the Workbench closes and goes on where it opens for a person', async () => {
    const run = await runOne({ max_steps: 300, save_steps: 1000, eval_steps: 1000 });
    await waitForStep(workbench, run, 10);
    await workbench.close();

    await openHere();
    const resting = await workbench.call('runs/show', { run });
    expect(resting.state).toBe('interrupted');
    expect(resting.step).toBeGreaterThanOrEqual(10);
    await workbench.close();

    await openHere({ continueRuns: true });
    await waitForState(workbench, run, 'completed');
    expect((await workbench.call('runs/show', { run })).attempts).toBe(2);
  });

  it('that was left waiting does not start by itself, and starts when it is resumed', async () => {
    const first = await runOne(LONG);
    const second = await runOne({ max_steps: 5 }, 'another');
    await workbench.close();
    await openHere();
    expect((await workbench.call('runs/show', { run: second })).state).toBe('queued');
    await workbench.call('runs/resume', { run: second });
    await waitForState(workbench, second, 'completed');
    expect((await workbench.call('runs/show', { run: first })).state).toBe('interrupted');
  });

  it('fails with a reason when its corpus is damaged, and nothing else suffers', async () => {
    const target = (await workbench.call('corpora/list', {}))[0];
    const first = await runOne(LONG);
    const second = await runOne({ ...LONG, max_steps: 9 }, 'another');
    await waitForStep(workbench, first, 1);
    await writeFile(join(target?.folder ?? '', 'documents.txt'), 'other');
    await workbench.call('runs/cancel', { run: first });
    await expect(waitForState(workbench, second, 'completed')).rejects.toThrow('corpus/');
    const failed = await workbench.call('runs/show', { run: second });
    expect(failed.state).toBe('failed');
  });
});

describe('export', () => {
  it('writes a folder that can be imported again, and refuses one that is not empty', async () => {
    const run = await runOne();
    await waitForState(workbench, run, 'completed');
    const folder = join(scratch.inputs, 'exported');
    const exported = await workbench.call('runs/export', { run, folder });
    expect(exported.bytes).toBeGreaterThan(0);
    expect(exported.notices.join(' ')).toContain('memorised');
    expect(await readFile(join(folder, 'README.md'), 'utf8')).toContain('trial sdt-seed-1');
    const model = await workbench.call('models/import', { path: folder, name: 'tuned' });
    const [tiny] = await workbench.call('models/list', {});
    expect(model.hash).not.toBe(tiny?.hash);
    expect(model.tokenizerHash).toBe(tiny?.tokenizerHash);
    await expect(workbench.call('runs/export', { run, folder })).rejects.toMatchObject({
      name: 'UserError',
    });
  });

  it('takes the best weights of a run that did not end, and tells of them beside the last', async () => {
    const run = await runOne({ ...LONG, eval_steps: 5, save_steps: 2000 });
    await waitForStep(workbench, run, 12);
    await workbench.call('runs/pause', { run });
    const { step, folder } = await workbench.call('runs/show', { run });
    const kept = (await readdir(join(folder, 'best'))).map((name) => Number(name.slice(5)));
    const best = Math.max(...kept);
    expect(best % 5).toBe(0);
    const write = (name: string, weights?: 'best') =>
      workbench.call('runs/export', {
        run,
        folder: join(scratch.inputs, name),
        ...(weights && { weights }),
      });
    const last = (await write('last')).notices;
    expect(last).toContain(`The run is paused; these are the weights of step ${step} of 2000.`);
    if (best !== step) {
      expect(last).toContain(`Its best weights on validation are those of step ${best}.`);
    }
    expect((await write('best', 'best')).notices).toContain(
      `These are the weights of step ${best}, the best on validation; the run is paused at step ${step}.`,
    );
    const read = (name: string): Promise<string> =>
      hashFile(join(scratch.inputs, name, 'model.safetensors'));
    if (best !== step) expect(await read('best')).not.toBe(await read('last'));
    await rm(join(folder, 'best'), { recursive: true });
    await expect(write('none', 'best')).rejects.toMatchObject({ code: 'run/no-best' });
  });

  it('of NDT is the base model', async () => {
    const project = tinyProject({}, { strategies: ['ndt'] });
    const { runs } = await workbench.call('projects/run', { project });
    const run = runs[0]?.id ?? '';
    await waitForState(workbench, run, 'completed');
    const folder = join(scratch.inputs, 'base');
    await workbench.call('runs/export', { run, folder });
    const [tiny] = await workbench.call('models/list', {});
    const weights = (path: string) => readFile(join(path, 'model.safetensors'));
    expect((await weights(folder)).equals(await weights(tiny?.folder ?? ''))).toBe(true);
  });
});

describe('a run folder from another home', () => {
  it('is taken in, the second time without change, and goes on here', async () => {
    const run = await runOne({ max_steps: 200, save_steps: 1000, eval_steps: 1000 });
    await waitForStep(workbench, run, 10);
    await workbench.call('runs/pause', { run });
    const before = await workbench.call('runs/show', { run });
    const carried = join(scratch.inputs, 'carried');
    await cp(before.folder, carried, { recursive: true });
    await workbench.close();

    const second: Scratch = { ...scratch, home: join(scratch.inputs, 'home-2') };
    workbench = await open(second, { startProcess: processes.startProcess, patience });
    await fill(workbench, second);
    const project = tinyProject({ max_steps: 1 });
    const { runs } = await workbench.call('projects/run', { project });
    await waitForState(workbench, runs[0]?.id ?? '', 'completed');

    const imported = await workbench.call('runs/import', { path: carried });
    expect(imported.state).toBe('paused');
    const shown = await workbench.call('runs/show', { run });
    expect(shown).toMatchObject({
      step: before.step,
      evaluations: before.evaluations,
      latest: before.latest,
      configurationHash: before.configurationHash,
    });
    expect(await workbench.call('runs/import', { path: carried })).toEqual(imported);
    expect(await workbench.call('projects/list', {})).toHaveLength(2);

    await workbench.call('runs/resume', { run });
    await waitForState(workbench, run, 'completed');
    // What the folder knows is older now: importing it again must not take the run back.
    expect((await workbench.call('runs/import', { path: carried })).state).toBe('completed');
  });

  it('takes the place of one that knows less only when all of it is copied', async () => {
    const run = await runOne();
    await waitForState(workbench, run, 'completed');
    const { folder } = await workbench.call('runs/show', { run });
    const events = await readFile(join(folder, 'events.jsonl'), 'utf8');
    const ahead = join(scratch.inputs, 'ahead');
    await cp(folder, ahead, { recursive: true });
    const last = JSON.parse(events.trimEnd().split('\n').at(-1) ?? '') as object;
    const later = `${events}${JSON.stringify({ ...last, attempt: 2, sequence: 0 })}\n`;
    await writeFile(join(ahead, 'events.jsonl'), later);
    const link = join(ahead, 'scores', 'more');
    await symlink('/etc/passwd', link);
    const here = (): Promise<string> => readFile(join(folder, 'events.jsonl'), 'utf8');

    await expect(workbench.call('runs/import', { path: ahead })).rejects.toMatchObject({
      code: 'run/unreadable',
    });
    expect(await here()).toBe(events);
    await rm(link);
    expect((await workbench.call('runs/import', { path: ahead })).state).toBe('completed');
    expect(await here()).toBe(later);
    expect(await readdir(join(scratch.home, 'runs'))).toEqual([run]);
  });

  it('is refused when it is none, mixes runs, leads elsewhere or has a hostile id', async () => {
    const run = await runOne();
    await waitForState(workbench, run, 'completed');
    const { folder } = await workbench.call('runs/show', { run });
    const copy = async (name: string): Promise<string> => {
      const path = join(scratch.inputs, name);
      await cp(folder, path, { recursive: true });
      return path;
    };
    const edit = async (path: string, change: (text: string) => string): Promise<void> => {
      await writeFile(path, change(await readFile(path, 'utf8')));
    };
    const mixed = await copy('mixed');
    await edit(join(mixed, 'events.jsonl'), (text) => text.replace(run, 'run-aaaaaaaaaa'));
    const hostile = await copy('hostile');
    for (const file of ['run.json', 'events.jsonl', 'project.json']) {
      await edit(join(hostile, file), (text) => text.replaceAll(run, '../../escape'));
    }
    const linked = await copy('linked');
    await edit(join(linked, 'run.json'), (text) => text.replaceAll(run, 'run-bbbbbbbbbb'));
    await edit(join(linked, 'project.json'), (text) => text.replaceAll(run, 'run-bbbbbbbbbb'));
    await edit(join(linked, 'events.jsonl'), (text) => text.replaceAll(run, 'run-bbbbbbbbbb'));
    await symlink('/etc/passwd', join(linked, 'scores', 'more'));

    for (const [path, code] of [
      [scratch.inputs, 'run/not-a-run'],
      [mixed, 'run/unreadable'],
      [hostile, 'run/unreadable'],
      [linked, 'run/unreadable'],
    ] as const) {
      await expect(workbench.call('runs/import', { path })).rejects.toMatchObject({ code });
    }
    expect(await workbench.call('runs/list', {})).toHaveLength(1);
    expect(existsSync(join(scratch.home, 'runs', 'run-bbbbbbbbbb'))).toBe(false);
  });
});
