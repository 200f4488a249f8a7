/** Training jobs that outlive their owner: their run waits, and two jobs never write one run folder. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunLocked, runLockPath } from '../../../core/training/runLock.ts';
import type { WorkbenchClient, WorkbenchEvent } from '../../../core/workbench/contract.ts';
import { connectWorkbench } from '../../../core/workbench/remoteClient.ts';
import { lockHolders, outlast } from '../../../core/workbench/staleJob.ts';
import { DEFAULT_PATIENCE } from '../../../core/workbench/trainingProcess.ts';
import { filledTemplate } from '../../fixtures/filledHome.ts';
import { startOwner, stopOwner } from '../../fixtures/ownerProcess.ts';
import {
  newScratch,
  open,
  tinyProject,
  waitForState,
  waitForStep,
} from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';

const HOLD = `
  import { tryOwnerLock } from ${JSON.stringify(new URL('../../../core/store/ownerLock.ts', import.meta.url).href)};
  process.stdout.write(tryOwnerLock(process.argv[1], 10_000) ? 'held' : 'refused');
  setInterval(() => undefined, 1000);
`;

const copyFilled = filledTemplate();
let scratch: Scratch;
let workbench: WorkbenchClient | undefined;
const children: ChildProcess[] = [];

beforeEach(async () => {
  scratch = await newScratch();
  await copyFilled(scratch);
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await workbench?.close();
  workbench = undefined;
  await scratch.remove();
});

/** A process that works in the run folder as far as its lock tells. */
async function workIn(runFolder: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    HOLD,
    runLockPath(runFolder),
  ]);
  children.push(child);
  const [answer] = (await once(child.stdout, 'data')) as [Buffer];
  expect(answer.toString()).toBe('held');
  return child;
}

const folderOf = (run: string): string => join(scratch.home, 'runs', run);

/** A run at step 20 or later whose owner is killed when `before` is done. */
async function killOwner(before: (run: string) => void = () => undefined): Promise<string> {
  const owner = await startOwner(scratch.home);
  const client = await connectWorkbench(scratch.home);
  try {
    const project = tinyProject({ max_steps: 120, eval_steps: 1000, save_steps: 1000 });
    const { runs } = await client.call('projects/run', { project });
    const run = runs[0]?.id ?? '';
    await waitForStep(client, run, 20);
    before(run);
    return run;
  } finally {
    await stopOwner(owner, 'SIGKILL');
    await client.close();
  }
}

async function jobGone(run: string): Promise<void> {
  while (isRunLocked(folderOf(run))) await sleep(50);
}

it('a run waits for the job of its earlier owner, which nothing else does, and can be paused', async () => {
  const run = await killOwner();
  await jobGone(run);
  const earlier = await workIn(folderOf(run));
  workbench = await open(scratch);
  const told: WorkbenchEvent[] = [];
  workbench.subscribe((event) => told.push(event));
  expect(await workbench.call('runs/resume', { run })).toMatchObject({ state: 'queued' });
  const waitsFor = expect.stringContaining('The training job of an earlier start') as string;
  expect(await workbench.call('runs/show', { run })).toMatchObject({ state: 'queued', waitsFor });
  expect(await workbench.call('runs/list', {})).toMatchObject([{ id: run, waitsFor }]);
  expect(told).toContainEqual({
    type: 'run/state',
    run: expect.objectContaining({ id: run, state: 'queued', waitsFor }) as object,
  });
  await expect(workbench.call('runs/import', { path: folderOf(run) })).rejects.toMatchObject({
    code: 'run/not-at-rest',
  });

  expect((await workbench.call('runs/pause', { run })).state).toBe('paused');
  expect(await workbench.call('runs/show', { run })).not.toHaveProperty('waitsFor');
  await workbench.call('runs/resume', { run });
  // Who closes is not kept either; the run stays in the queue.
  await workbench.close();
  workbench = await open(scratch, { continueRuns: true });
  expect(await workbench.call('runs/show', { run })).toMatchObject({ state: 'queued', waitsFor });

  earlier.kill('SIGKILL');
  await waitForState(workbench, run, 'completed');
  expect(await workbench.call('runs/show', { run })).toMatchObject({ attempts: 2, step: 120 });
});

describe.runIf(process.platform === 'linux')('a job that its owner left', () => {
  it('has the time to save, and its run goes on from what it saved', async () => {
    let holders: number[] = [];
    const run = await killOwner((started) => {
      holders = lockHolders(runLockPath(folderOf(started)));
      // It neither ends nor dies: as one that writes for minutes.
      for (const pid of holders) process.kill(pid, 'SIGSTOP');
    });
    expect(holders).toHaveLength(1);
    workbench = await open(scratch);
    await workbench.call('runs/resume', { run });
    expect((await workbench.call('runs/show', { run })).waitsFor).toBeDefined();
    for (const pid of holders) process.kill(pid, 'SIGCONT');
    await waitForState(workbench, run, 'completed');
    const log = await workbench.call('runs/log', { run });
    const [, again] = log.filter((event) => event.type === 'started');
    expect(again).toMatchObject({ attempt: 2, resumedFrom: expect.any(Number) as number });
    expect(again?.step).toBeGreaterThanOrEqual(20);
    const ended = log.filter((event) => event.type === 'ended');
    expect(ended.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, 'interrupted'],
      [2, 'completed'],
    ]);
  });

  it('is ended when it does not end', async () => {
    const run = await killOwner();
    await jobGone(run);
    const earlier = await workIn(folderOf(run));
    const gone = once(earlier, 'exit');
    const patience = { ...DEFAULT_PATIENCE, earlierJob: 300 };
    workbench = await open(scratch, { patience });
    await workbench.call('runs/resume', { run });
    expect(await gone).toEqual([null, 'SIGKILL']);
    await waitForState(workbench, run, 'completed');
  });
});

it('where it cannot be ended the run is refused in one sentence, and no second job begins', async () => {
  const runFolder = scratch.inputs;
  const earlier = await workIn(runFolder);
  const job = { runId: 'run-1', runFolder, pid: 4242 };
  const unknown = (): number[] => [];
  await expect(outlast(job, 200, () => false, unknown)).rejects.toMatchObject({
    code: 'run/still-at-work',
    message:
      'The training job of an earlier start still works on run run-1 (it was started as process 4242) and does not end.',
    hint: 'End that process, then continue with `palimpsest runs resume run-1`.',
  });
  expect(await outlast(job, 60_000, () => true, unknown)).toBe(false);
  earlier.kill('SIGKILL');
  expect(await outlast(job, 60_000, () => false, unknown)).toBe(true);
});
