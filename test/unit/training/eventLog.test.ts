import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  EVENTS_FILE,
  EventLog,
  readEvents,
  readEventsOf,
  readLogEvents,
} from '../../../core/training/eventLog.ts';
import type { NewRunEvent } from '../../../core/training/eventLog.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-events-'));
});
afterEach(() => rm(folder, { recursive: true }));

const started = (resumedFrom: number | null): NewRunEvent => ({
  type: 'started',
  step: resumedFrom ?? 0,
  resumedFrom,
  totalSteps: 100,
  engine: 'cpu',
  device: 'test',
  threads: 1,
  versions: {},
});
const metrics = (step: number): NewRunEvent => ({ type: 'metrics', step, values: { step } });

function attempt(...events: NewRunEvent[]): void {
  const log = new EventLog(folder, 'run-1');
  for (const event of events) log.append(event);
  log.close();
}

const places = (): string[] =>
  readEvents(folder).map(
    ({ attempt: n, sequence, type, step }) => `${n}.${sequence} ${type} ${step}`,
  );

describe('the event log', () => {
  it('gives what was said besides metrics, of all attempts, the newest when there is much', () => {
    const said: NewRunEvent = { type: 'log', step: 20, level: 'info', message: '"type":"metrics"' };
    attempt(started(null), metrics(10), said);
    attempt(started(10), metrics(20));
    const kinds = (most: number): string[] =>
      readLogEvents(folder, most).map(({ attempt: n, type }) => `${n} ${type}`);
    expect(kinds(10)).toEqual(['1 started', '1 log', '2 started']);
    expect(kinds(2)).toEqual(['1 log', '2 started']);
    expect(readLogEvents(join(folder, 'absent'), 10)).toEqual([]);
  });

  it('numbers attempts and events', () => {
    attempt(started(null), metrics(10));
    attempt(started(10), metrics(20));
    expect(places()).toEqual([
      '1.0 started 0',
      '1.1 metrics 10',
      '2.0 started 10',
      '2.1 metrics 20',
    ]);
    expect(readEvents(folder)[0]).toMatchObject({
      run: 'run-1',
      time: expect.any(String) as string,
    });
  });

  it('voids what earlier attempts did after the step that a later one resumed from', () => {
    attempt(started(null), metrics(10), metrics(20), metrics(30));
    attempt(started(20), metrics(30), metrics(40));
    attempt(started(10), metrics(20));
    expect(places()).toEqual([
      '1.0 started 0',
      '1.1 metrics 10',
      '3.0 started 10',
      '3.1 metrics 20',
    ]);
  });

  it('keeps step 0 when a later attempt starts afresh', () => {
    attempt(started(null), metrics(0), metrics(10));
    attempt(started(null));
    expect(places()).toEqual(['1.0 started 0', '1.1 metrics 0', '2.0 started 0']);
  });

  it('ignores a torn last line at every length and cuts it off before it writes on', async () => {
    attempt(started(null), metrics(10));
    const path = join(folder, EVENTS_FILE);
    const whole = await readFile(path, 'utf8');
    const last = whole.trimEnd().lastIndexOf('\n') + 1;
    for (let length = last; length < whole.length; length += 7) {
      await writeFile(path, whole.slice(0, length));
      expect(places()).toEqual(['1.0 started 0']);
      attempt(started(null));
      expect(places()).toEqual(['1.0 started 0', '2.0 started 0']);
    }
  });

  it('passes over a line that is no event', async () => {
    attempt(started(null));
    await appendFile(join(folder, EVENTS_FILE), '\0\0\0\n{"type":"from the future"}\n');
    attempt(metrics(5));
    expect(places()).toEqual(['1.0 started 0', '2.0 metrics 5']);
  });

  it('gives the events of some types, those that were superseded left out', () => {
    const log = (step: number, message: string): NewRunEvent => {
      return { type: 'log', step, level: 'info', message };
    };
    attempt(started(null), log(0, 'one "type":"metrics"'), metrics(5), log(20, 'void'));
    attempt(started(10), log(10, 'two'), metrics(15));
    const messages = readEventsOf(folder, ['log']).map(({ attempt: n, message }) => [n, message]);
    expect(messages).toEqual([
      [1, 'one "type":"metrics"'],
      [2, 'two'],
    ]);
    expect(readEventsOf(folder, ['metrics', 'log']).map(({ type }) => type)).toEqual([
      ...['log', 'metrics', 'log', 'metrics'],
    ]);
    expect(readEventsOf(folder, ['ended'])).toEqual([]);
  });

  it('is empty where there is no file', () => {
    expect(readEvents(join(folder, 'absent'))).toEqual([]);
    expect(readEventsOf(join(folder, 'absent'), ['log'])).toEqual([]);
  });
});
