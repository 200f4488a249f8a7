import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startNodeProcess } from '../../../core/base/hostProcess.ts';
import type { HostProcess, ProcessExit } from '../../../core/base/hostProcess.ts';
import { KEPT_JOBS, jobEntryPath } from '../../../core/workbench/jobContract.ts';
import { Processes } from '../../../electron/processes.ts';
import { MessageChannelMain } from '../../fixtures/electron/ports.ts';
import { StandIn } from '../../fixtures/electron/standIn.ts';
import type { UtilityProcess } from '../../fixtures/electron/utilityProcess.ts';

const ROOT = join(import.meta.dirname, '../../..');

let electron: StandIn;
let processes: Processes;

beforeEach(() => {
  electron = new StandIn();
  processes = new Processes(electron.api);
});
afterEach(() => {
  electron.killAll();
});

const exitOf = (process: HostProcess): Promise<ProcessExit> =>
  new Promise((resolve) => {
    process.onExit(resolve);
  });

test('a job answers over its port, and its end is told after its last message', async () => {
  const job = processes.startProcess(jobEntryPath(), ['x'], { quiet: true });
  const heard: string[] = [];
  job.onMessage((message) => heard.push((message as { type: string }).type));
  const exit = exitOf(job).then((end) => {
    heard.push('exit');
    return end;
  });
  job.send({ type: 'start', job: 'nothing', request: {} });
  expect(await exit).toEqual({ code: 1, signal: null });
  expect(heard).toEqual(['failed', 'exit']);
});

test('a job that is killed is known by its signal, and what it is told then is dropped', async () => {
  const job = processes.startProcess(jobEntryPath(), ['x'], { quiet: true });
  await expect.poll(() => job.pid).toBeTypeOf('number');
  job.kill();
  expect(await exitOf(job)).toEqual({ code: null, signal: 'SIGKILL' });
  job.send({ type: 'abort' });
  await processes.allEnded(0);
});

// Windows has no such signals between processes.
test.skipIf(process.platform === 'win32').each([
  ['a utility process', (args: string[]) => processes.startProcess(jobEntryPath(), args)],
  ['a child process of Node', (args: string[]) => startNodeProcess(jobEntryPath(), args)],
])('a job in %s leaves signals to the whole group to its parent', async (_where, start) => {
  const [kept] = KEPT_JOBS;
  const job = start([kept]);
  let replies = 0;
  job.onMessage(() => replies++);
  const ask = async (): Promise<void> => {
    const before = replies;
    job.send({ type: 'start', job: kept, request: {} });
    await expect.poll(() => replies, { timeout: 30_000 }).toBe(before + 1);
  };
  await ask();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.kill(job.pid ?? 0, signal);
    await ask();
  }
  job.kill();
  expect(await exitOf(job)).toEqual({ code: null, signal: 'SIGKILL' });
});

test('an error that V8 cannot go on from is left to the end that follows it', async () => {
  const job = processes.startProcess(jobEntryPath(), ['x'], { quiet: true });
  const [played] = electron.processes;
  expect(() => played?.emit('error', 'FatalError', 'v8', '{}')).not.toThrow();
  await expect.poll(() => job.pid).toBeTypeOf('number');
  played?.die();
  expect(await exitOf(job)).toEqual({ code: null, signal: 'SIGKILL' });
});

test('only modules of this program are started', () => {
  for (const entry of ['/bin/sh', `${ROOT}/../other.js`, 'core/workbench/jobEntry.ts']) {
    expect(() => processes.startProcess(entry, [])).toThrow('no module of this program');
  }
  expect(electron.processes).toHaveLength(0);
});

test('processes are started offline, without options of Node and without an input', () => {
  processes.startProcess(jobEntryPath(), ['x'], { quiet: true });
  const [started] = electron.processes;
  expect(started?.options).toMatchObject({
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore'],
    env: { ORT_DISABLE_TELEMETRY: '1', GLIBC_TUNABLES: expect.any(String) as string },
  });
});

test('a thread of a job has its engines tried by the main thread, through the main process', async () => {
  const entry = join(ROOT, 'test/fixtures/electron/probeInThread.ts');
  const job = processes.startProcess(entry, []);
  const message = await new Promise((resolve) => {
    job.onMessage(resolve);
    job.onExit((exit) => {
      resolve(exit);
    });
  });
  expect(message).toMatchObject({
    own: expect.stringContaining('cannot start itself again') as string,
    result: { available: true },
  });
  expect(electron.processes.map(({ entry: started }) => started)).toEqual([
    entry,
    join(ROOT, 'core/engine/engineProbeEntry.ts'),
  ]);
});

test('malformed requests of a process start nothing', async () => {
  const { process: asker } = processes.fork(jobEntryPath(), [], true, () => undefined);
  const played = asker as unknown as UtilityProcess;
  for (const request of [
    null,
    { type: 'process/start', process: 1 },
    { type: 'process/start', process: 1, entry: '/bin/sh', args: [], quiet: true },
    { type: 'process/kill', process: 7 },
  ]) {
    played.emit('message', request);
  }
  expect(electron.processes).toHaveLength(1);
});

test('an end of a channel that is handed over keeps what came before it', async () => {
  const { port1, port2 } = new MessageChannelMain();
  port1.postMessage('early');
  const heard = new Promise((resolve) => port2.on('message', ({ data }) => resolve(data)));
  port2.start();
  expect(await heard).toBe('early');
});
