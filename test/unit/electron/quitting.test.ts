import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Processes } from '../../../electron/processes.ts';
import { Quitting, setupQuitting } from '../../../electron/quitting.ts';
import type { WorkbenchHost } from '../../../electron/workbenchHost.ts';
import type { Work } from '../../../electron/workbenchMessages.ts';
import { StandIn } from '../../fixtures/electron/standIn.ts';

const RUN: Work = { running: ['run a of pilot'], queued: 0, calls: [] };

let electron: StandIn;
let quitting: Quitting;
let signals: EventEmitter;
let work: Work;
let saved: PromiseWithResolvers<void>;
let closings: number;
let kills: number;
/** On standard error. */
let lines: string[];

beforeEach(() => {
  electron = new StandIn();
  signals = new EventEmitter();
  work = RUN;
  saved = Promise.withResolvers();
  closings = 0;
  kills = 0;
  const host = {
    get work() {
      return work;
    },
    close: () => {
      closings++;
      return saved.promise;
    },
  };
  const processes = { killAll: () => kills++ };
  quitting = new Quitting(
    electron.api,
    host as unknown as WorkbenchHost,
    processes as unknown as Processes,
  );
  setupQuitting(electron.api, quitting, signals as unknown as NodeJS.Process);
  lines = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
    lines.push(String(line));
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function endsSaved(): Promise<void> {
  await turn();
  expect([closings, kills]).toEqual([1, 0]);
  saved.resolve();
  expect(await electron.app.ended.promise).toBe(0);
}

async function endsForced(): Promise<void> {
  expect(await electron.app.ended.promise).toBe(130);
  expect(kills).toBe(1);
}

test.each([
  ['SIGTERM', 'SIGTERM'],
  ['SIGHUP', 'SIGHUP'],
  ['SIGHUP', 'SIGTERM'],
  ['SIGTERM', 'SIGINT'],
  ['SIGINT', 'SIGTERM'],
])('%s followed by %s waits for the checkpoint', async (first, second) => {
  signals.emit(first);
  signals.emit(second);
  await endsSaved();
});

test('a shutdown that is told of several times waits for the checkpoint', async () => {
  const event = { preventDefault: vi.fn() };
  electron.powerMonitor.emit('shutdown', event);
  electron.powerMonitor.emit('shutdown', event);
  quitting.demand();
  signals.emit('SIGTERM');
  expect(event.preventDefault).toHaveBeenCalledTimes(2);
  await endsSaved();
});

test('a second Ctrl-C does not wait, as a line has said after the first', async () => {
  signals.emit('SIGINT');
  expect(lines.join('')).toContain('Press Ctrl-C again to end without waiting.');
  signals.emit('SIGINT');
  await endsForced();
});

test('who has read the question and quits again does not wait', async () => {
  electron.answers.push(0);
  electron.app.quit();
  await expect.poll(() => closings).toBe(1);
  electron.app.quit();
  await endsForced();
});

test('who has read no question is told what quitting again means', async () => {
  quitting.demand();
  electron.app.quit();
  const { options } = await electron.nextQuestion();
  expect(options['detail']).toContain('quit again');
  expect(kills).toBe(0);
  electron.app.quit();
  await endsForced();
});

test.each([
  ['waits', 0, endsSaved],
  ['ends now', 1, endsForced],
])('who is told %s', async (_what, button, ends) => {
  quitting.demand();
  electron.answers.push(button);
  electron.app.quit();
  await electron.nextQuestion();
  await ends();
});

test('a call that would be lost is asked about, and quitting again is explained only then', async () => {
  work = { running: [], queued: 0, calls: ['the import of a corpus'] };
  electron.answers.push(1);
  electron.app.quit();
  await electron.nextQuestion();
  await turn();
  expect(closings).toBe(0);
  electron.answers.push(0);
  electron.app.quit();
  await expect.poll(() => closings).toBe(1);
  electron.app.quit();
  await expect.poll(() => electron.asked).toHaveLength(3);
  expect(electron.asked[2]?.options['detail']).toContain('quit again');
  await endsSaved();
});

test('a demand ends an open question', async () => {
  electron.app.quit();
  await electron.nextQuestion();
  quitting.demand();
  await endsSaved();
});
