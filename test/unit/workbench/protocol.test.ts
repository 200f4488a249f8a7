import { describe, expect, it } from 'vitest';
import type { WorkbenchEvent } from '../../../core/workbench/contract.ts';
import {
  BATCH_MILLISECONDS,
  EventBatches,
  LARGEST_BATCH,
  messageFromWindowSchema,
  messageToWindowSchema,
} from '../../../core/workbench/protocol.ts';
import type { EventMessage } from '../../../core/workbench/protocol.ts';

function metrics(step: number): WorkbenchEvent {
  const base = { run: 'run-1', attempt: 1, sequence: step, time: '2026-11-23T12:00:00.000Z', step };
  return { type: 'run/event', event: { ...base, type: 'metrics', values: { 'train/loss': 1 } } };
}

const progress: WorkbenchEvent = {
  type: 'progress',
  call: 'call-1',
  stage: 'reading',
  done: 1,
  total: null,
  unit: 'documents',
};

/** A clock that is turned by hand. */
function clock() {
  const timers: { milliseconds: number; callback: () => void; stopped: boolean }[] = [];
  return {
    timers,
    after: (milliseconds: number, callback: () => void) => {
      const timer = { milliseconds, callback, stopped: false };
      timers.push(timer);
      return () => {
        timer.stopped = true;
      };
    },
    turn: () => {
      for (const { callback, stopped } of timers.splice(0)) if (!stopped) callback();
    },
  };
}

function batches() {
  const sent: EventMessage[] = [];
  const time = clock();
  return { sent, time, batches: new EventBatches((message) => sent.push(message), time.after) };
}

describe('EventBatches', () => {
  it('lets metrics travel together, about ten messages a second, in their order', () => {
    const { sent, time, batches: events } = batches();
    for (let step = 1; step <= 30; step++) events.push(metrics(step));
    expect(sent).toEqual([]);
    expect(time.timers.map(({ milliseconds }) => milliseconds)).toEqual([BATCH_MILLISECONDS]);
    time.turn();
    expect(sent).toEqual([{ events: Array.from({ length: 30 }, (_, i) => metrics(i + 1)) }]);
    events.push(metrics(31));
    time.turn();
    expect(sent.slice(1)).toEqual([{ event: metrics(31) }]);
  });

  it('sends everything else at once, after the metrics that came before it', () => {
    const { sent, time, batches: events } = batches();
    events.push(progress);
    expect(sent).toEqual([{ event: progress }]);
    events.push(metrics(1));
    events.push(metrics(2));
    events.push(progress);
    expect(sent.slice(1)).toEqual([{ events: [metrics(1), metrics(2), progress] }]);
    time.turn();
    expect(sent).toHaveLength(2);
  });

  it('tells a long history in parts', () => {
    const { sent, batches: events } = batches();
    for (let step = 0; step < 2 * LARGEST_BATCH; step++) events.push(metrics(step));
    expect(sent.map((message) => 'events' in message && message.events.length)).toEqual([
      LARGEST_BATCH,
      LARGEST_BATCH,
    ]);
  });

  it('drops what waits when it is closed', () => {
    const { sent, time, batches: events } = batches();
    events.push(metrics(1));
    events.close();
    time.turn();
    events.flush();
    expect(sent).toEqual([]);
  });

  it('works with the clock of the machine', async () => {
    const sent: EventMessage[] = [];
    const events = new EventBatches((message) => sent.push(message));
    events.push(metrics(1));
    while (sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(sent).toEqual([{ event: metrics(1) }]);
  });
});

describe('messages', () => {
  it.each([
    { id: 0, call: 'runs/list', request: {} },
    { cancel: 7 },
    { cancel: 'call-8k2m9qxw4d' },
  ])('from a window may be %j', (message) => {
    expect(messageFromWindowSchema.parse(message)).toEqual(message);
  });

  it.each([
    null,
    [],
    'text',
    {},
    { id: -1, call: 'runs/list', request: {} },
    { id: 1.5, call: 'runs/list', request: {} },
    { id: '1', call: 'runs/list', request: {} },
    { id: 1, call: 7, request: {} },
    { id: 1, call: 'x'.repeat(101), request: {} },
    { id: 1, call: 'runs/list', request: {}, more: true },
    { id: 1, call: 'runs/list', request: {}, cancel: 1 },
    { cancel: null },
  ])('from a window may not be %j', (message) => {
    expect(messageFromWindowSchema.safeParse(message).success).toBe(false);
  });

  it.each([
    { id: 1, reply: [] },
    { id: 1, error: { code: 'a/b', message: 'A.', hint: 'B.' } },
    { id: 1, progress },
    { event: progress },
    { events: [metrics(1), progress] },
  ])('to a window may be %j', (message) => {
    expect(messageToWindowSchema.parse(message)).toEqual(message);
  });
});
