/** Events into the database: by message, by file, in any mixture, with attempts that supersede others. */
import fc from 'fast-check';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStore } from '../../../core/store/store.ts';
import type { Store } from '../../../core/store/store.ts';
import { withoutSuperseded } from '../../../core/training/eventLog.ts';
import type { RunEvent } from '../../../core/training/events.ts';
import { isNext, reconcile, takeIn } from '../../../core/workbench/ingestion.ts';
import { populate, runRecord } from '../../fixtures/populatedStore.ts';

let folder: string;
let store: Store;
let runs = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-events-'));
  store = openStore(join(folder, 'workbench.sqlite'));
  populate(store);
});

afterEach(async () => {
  store.close();
  await rm(folder, { recursive: true });
});

function newRun(): string {
  const id = `run-${String(runs++).padStart(10, 'a')}`;
  store.runs.insert(runRecord({ id, queuePosition: null }), []);
  return id;
}

/** One attempt: `started`, then every five steps a metric, every ten a checkpoint, up to `until`. */
function attempt(run: string, number: number, from: number | null, until: number): RunEvent[] {
  let sequence = 0;
  const place = (step: number) => ({
    run,
    attempt: number,
    sequence: sequence++,
    time: '2026-01-01T00:00:00.000Z',
    step,
  });
  const events: RunEvent[] = [
    {
      ...place(from ?? 0),
      type: 'started',
      resumedFrom: from,
      totalSteps: 100,
      engine: 'cpu',
      device: 'cpu',
      threads: 1,
      versions: {},
    },
  ];
  for (let step = (from ?? 0) + 5; step <= until; step += 5) {
    const values = { 'train/target_loss': number * 1000 + step };
    events.push({ ...place(step), type: 'metrics', values });
    if (step % 10 === 0) {
      const path = `checkpoints/step-${step}`;
      events.push({ ...place(step), type: 'checkpoint', path, sha256: `${number}`, bytes: 1 });
    }
  }
  return events;
}

/** A history of attempts, each resumed at a checkpoint that an earlier one had reached. */
const histories = fc
  .array(fc.record({ resumeAt: fc.nat(9), length: fc.integer({ min: 0, max: 60 }) }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((plan) => (run: string): RunEvent[] => {
    const events: RunEvent[] = [];
    let reached = 0;
    for (const [index, { resumeAt, length }] of plan.entries()) {
      const from = index === 0 ? null : Math.min(resumeAt * 10, Math.floor(reached / 10) * 10);
      reached = (from ?? 0) + length;
      events.push(...attempt(run, index + 1, from, reached));
    }
    return events;
  });

function stateOf(run: string): unknown {
  return {
    points: store.metrics.series(run)[0]?.points ?? [],
    checkpoints: store.checkpoints.list(run).map(({ step, sha256 }) => ({ step, sha256 })),
    step: store.runs.find(run)?.step,
  };
}

function expected(events: readonly RunEvent[]): unknown {
  const valid = withoutSuperseded(events);
  return {
    points: valid.flatMap((event) =>
      event.type === 'metrics'
        ? [{ step: event.step, value: event.values['train/target_loss'] }]
        : [],
    ),
    checkpoints: valid.flatMap((event) =>
      event.type === 'checkpoint' ? [{ step: event.step, sha256: event.sha256 }] : [],
    ),
    step: valid.at(-1)?.step,
  };
}

it('gives what the event log itself calls valid, however often and in whichever pieces it is read', () => {
  fc.assert(
    fc.property(histories, fc.array(fc.nat(60)), (history, cuts) => {
      const run = newRun();
      const events = history(run);
      // An attempt that died before its first checkpoint may resume below what a later one reached.
      for (const cut of cuts) takeIn(store, run, events.slice(0, cut % (events.length + 1)));
      takeIn(store, run, events);
      expect(stateOf(run)).toEqual(expected(events));
      expect(takeIn(store, run, events)).toEqual([]);
      expect(stateOf(run)).toEqual(expected(events));
    }),
    { numRuns: 60 },
  );
});

it('fills the gap that lost messages leave from the file', async () => {
  const run = newRun();
  const events = attempt(run, 1, null, 50);
  await writeFile(
    join(folder, 'events.jsonl'),
    `${events.map((event) => JSON.stringify(event)).join('\n')}\n{"torn`,
  );
  const [started, , , late] = events;
  if (started === undefined || late === undefined) throw new Error('too few events');
  takeIn(store, run, [started]);
  expect(isNext(late, { attempt: 1, sequence: 0 })).toBe(false);
  expect(reconcile(store, run, folder)).toHaveLength(events.length - 1);
  expect(stateOf(run)).toEqual(expected(events));
  expect(reconcile(store, run, folder)).toEqual([]);
});
