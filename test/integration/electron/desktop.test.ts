import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WorkbenchClient } from '../../../core/workbench/contract.ts';
import { VERSION } from '../../../core/base/version.ts';
import { DesktopProgram } from '../../fixtures/electron/desktopProgram.ts';
import { fill, tinyProject, waitForState, waitForStep } from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';
import { newScratch } from '../../fixtures/workbenchHome.ts';

let program: DesktopProgram;
let scratch: Scratch;

beforeEach(async () => {
  program = await DesktopProgram.make();
  scratch = await newScratch();
});
afterEach(async () => {
  await program.remove();
  await scratch.remove();
});

const trainers = (): string[] =>
  program.electron.processes
    .filter(({ entry, pid }) => /training[/\\]job\.[jt]s$/.test(entry) && pid !== undefined)
    .map(({ entry }) => entry);

/** A run that is at work for longer than the test needs. */
async function startRun(workbench: WorkbenchClient): Promise<string> {
  await fill(workbench, scratch);
  const project = await workbench.call('projects/run', {
    project: tinyProject({ max_steps: 100_000, save_steps: 100_000 }),
  });
  const run = project.runs.find(({ strategy }) => strategy === 'sdt')?.id ?? '';
  await waitForStep(workbench, run, 5);
  return run;
}

test('a call goes from a page through the preload to the Workbench in its process, and back', async () => {
  await program.start();
  const { workbench } = program.client();
  const diagnostics = await workbench.call('system/diagnostics', {});
  expect(diagnostics.version).toBe(VERSION);
  expect(diagnostics.home).toBe(program.home);
  // Every engine was tried in a process of its own, which only the main process can start.
  expect(diagnostics.engines.find(({ name }) => name === 'cpu')?.available).toBe(true);
  await expect(workbench.call('runs/show', { run: 'none' })).rejects.toMatchObject({
    code: expect.stringContaining('run') as string,
  });
});

test('a run trains in a utility process, and its events reach the window', async () => {
  await program.start();
  const client = program.client();
  await fill(client.workbench, scratch);
  const project = await client.workbench.call('projects/run', { project: tinyProject() });
  const run = project.runs.find(({ strategy }) => strategy === 'sdt')?.id ?? '';
  await client.until(() => (program.electron.blockers.size === 1 ? true : undefined));
  await waitForState(client.workbench, run, 'completed');
  const events = client.events.filter((event) => event.type === 'run/event');
  expect(events.some(({ event }) => event.type === 'metrics')).toBe(true);
  expect(events.some(({ event }) => event.type === 'ended')).toBe(true);
  await expect.poll(() => program.electron.blockers.size, { timeout: 30_000 }).toBe(0);
});

test('a run whose process is killed is shown as interrupted, and the Workbench goes on', async () => {
  await program.start();
  const { workbench } = program.client();
  const run = await startRun(workbench);
  program.electron.processes.find(({ entry }) => /training[/\\]job\./.test(entry))?.die();
  const summary = await waitForState(workbench, run, 'interrupted');
  expect(summary.error?.message).toContain('SIGKILL');
});

describe('quitting with a run at work', () => {
  test('says what will happen, saves the run, and ends', async () => {
    await program.start();
    const { workbench } = program.client();
    const run = await startRun(workbench);
    program.electron.answers.push(0);
    program.electron.app.quit();
    const { options } = await program.electron.nextQuestion();
    expect(options['detail']).toContain('saves run sdt-seed-1 of trial in a checkpoint');
    expect(await program.electron.app.ended.promise).toBe(0);
    expect(trainers()).toEqual([]);
    await workbench.close();

    // The next start goes on with it by itself.
    const next = await DesktopProgram.make();
    try {
      Object.assign(next, { home: program.home });
      await next.start();
      const client = next.client();
      await waitForState(client.workbench, run, 'running');
      const log = await client.workbench.call('runs/log', { run });
      expect(log.filter(({ type }) => type === 'checkpoint')).not.toHaveLength(0);
    } finally {
      await next.remove();
    }
  });

  test('is not done when the person keeps it running', async () => {
    await program.start();
    const { workbench } = program.client();
    const run = await startRun(workbench);
    program.electron.answers.push(1);
    // Closing the last window means the same, except on macOS.
    program.window.close();
    await program.electron.nextQuestion();
    expect(program.electron.windows).toHaveLength(1);
    expect((await workbench.call('runs/show', { run })).state).toBe('running');
  });

  test('does not wait for the checkpoint when it is asked for twice', async () => {
    await program.start();
    const { workbench } = program.client();
    await startRun(workbench);
    program.signals.emit('SIGINT');
    program.signals.emit('SIGINT');
    expect(await program.electron.app.ended.promise).toBe(130);
    await expect.poll(trainers, { timeout: 30_000 }).toEqual([]);
  });
});

// Windows has no such signals between processes.
test.skipIf(process.platform === 'win32')(
  'what a closed terminal sends to the whole group does not end the Workbench by itself',
  async () => {
    await program.start();
    const { workbench } = program.client();
    await workbench.call('runs/list', {});
    const own = program.electron.processes.filter(({ entry }) =>
      entry.includes('workbenchProcess'),
    );
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.kill(own[0]?.pid ?? 0, signal);
      expect(await workbench.call('runs/list', {})).toEqual([]);
    }
    expect(own[0]?.pid).toBeTypeOf('number');
    program.signals.emit('SIGHUP');
    expect(await program.electron.app.ended.promise).toBe(0);
    expect(own[0]?.pid).toBeUndefined();
  },
);

test('a program that is ended while it starts ends', async () => {
  await program.start();
  program.signals.emit('SIGTERM');
  expect(await program.electron.app.ended.promise).toBe(0);
});

test('a Workbench that dies is started again, its run is saved, and the window says so', async () => {
  await program.start();
  const client = program.client();
  const run = await startRun(client.workbench);
  program.electron.processes.find(({ entry }) => entry.includes('workbenchProcess'))?.die();
  const broken = await client.until(({ connections }) =>
    connections.find((connection) => 'reason' in connection),
  );
  expect(broken).toMatchObject({ reason: { code: 'workbench/died' } });
  const summary = await waitForState(client.workbench, run, 'interrupted');
  expect(summary.step).toBeGreaterThan(0);
  expect(client.workbench.connection).toEqual({ state: 'open' });
  expect(trainers()).toEqual([]);
});

test('a home folder that another process owns is refused with a reason, and taken when it is free', async () => {
  const other = await DesktopProgram.make();
  try {
    Object.assign(other, { home: program.home });
    await other.start();
    await other.client().workbench.call('runs/list', {});
    await program.start();
    const client = program.client();
    const refused = await client.until(({ connections }) =>
      connections.find((connection) => 'reason' in connection),
    );
    expect(refused).toMatchObject({ reason: { code: 'home/owned' } });
    other.electron.app.quit();
    await other.electron.app.ended.promise;
    expect(await client.workbench.call('runs/list', {})).toEqual([]);
  } finally {
    await other.remove();
  }
});

test('a window that is reloaded has a new line, and its old one is closed', async () => {
  await program.start();
  const before = program.client();
  await before.workbench.call('runs/list', {});
  program.window.webContents.reload();
  const after = program.client();
  expect(await after.workbench.call('runs/list', {})).toEqual([]);
});
