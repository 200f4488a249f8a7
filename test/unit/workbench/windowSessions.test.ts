import { describe, expect, it } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import type { WorkbenchClient, WorkbenchEvent } from '../../../core/workbench/contract.ts';
import { MOST_CALLS_AT_WORK } from '../../../core/workbench/protocol.ts';
import type { MessageToWindow } from '../../../core/workbench/protocol.ts';
import { WindowSessions } from '../../../core/workbench/windowSessions.ts';

type Call = Parameters<WorkbenchClient['call']>;

/** A Workbench whose calls wait until the test ends them. */
class HeldWorkbench implements WorkbenchClient {
  readonly calls: {
    name: string;
    options: Call[2];
    resolve: (reply: unknown) => void;
    reject: (error: unknown) => void;
  }[] = [];
  readonly #listeners = new Set<(event: WorkbenchEvent) => void>();

  call: WorkbenchClient['call'] = (name, _request, options) =>
    new Promise<unknown>((resolve, reject) => {
      this.calls.push({ name, options, resolve, reject });
    }) as never;

  subscribe(listener: (event: WorkbenchEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  publish(event: WorkbenchEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** As the real one does: to the caller first, then to all. */
  progress(index: number, call: string): WorkbenchEvent {
    const event = { type: 'progress', call, stage: 'reading', done: 1, total: 2, unit: 'files' };
    const known = event as WorkbenchEvent;
    this.calls[index]?.options?.onProgress?.(known);
    this.publish(known);
    return known;
  }

  async close(): Promise<void> {}
}

function setUp() {
  const workbench = new HeldWorkbench();
  const faults: unknown[] = [];
  const sessions = new WindowSessions(workbench, { onFault: (error) => faults.push(error) });
  const openWindow = () => {
    const sent: MessageToWindow[] = [];
    return { sent, ...sessions.open((message) => sent.push(message)) };
  };
  return { workbench, faults, sessions, openWindow };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const list = (id: number) => ({ id, call: 'runs/list', request: {} });

describe('a window', () => {
  it('is answered by the id of its call, in whatever order the work is done', async () => {
    const { workbench, openWindow } = setUp();
    const window = openWindow();
    window.receive(list(1));
    window.receive(list(2));
    workbench.calls[1]?.resolve([]);
    await settle();
    workbench.calls[0]?.reject(new UserError('run/unknown', 'No.', 'Look.'));
    await settle();
    expect(window.sent).toEqual([
      { id: 2, reply: [] },
      { id: 1, error: { code: 'run/unknown', message: 'No.', hint: 'Look.' } },
    ]);
  });

  it('is told that there is no such call', async () => {
    const { openWindow } = setUp();
    const window = openWindow();
    for (const [id, call] of ['runs/lost', '__proto__', 'constructor'].entries()) {
      expect(window.receive({ id, call, request: {} })).toBe(true);
    }
    await settle();
    expect(window.sent.map((message) => 'error' in message && message.error.code)).toEqual([
      'request/unknown-call',
      'request/unknown-call',
      'request/unknown-call',
    ]);
  });

  it('is not given a reply that breaks the contract', async () => {
    const { workbench, faults, openWindow } = setUp();
    const window = openWindow();
    window.receive(list(1));
    workbench.calls[0]?.resolve([{ id: 7 }]);
    await settle();
    expect(window.sent).toMatchObject([{ id: 1, error: { code: 'internal/bug' } }]);
    expect(faults).toHaveLength(1);
  });

  it('stops its own calls by id, and is deaf to ids that are not at work', () => {
    const { workbench, openWindow } = setUp();
    const [one, other] = [openWindow(), openWindow()];
    one.receive(list(1));
    expect(other.receive({ cancel: 1 })).toBe(true);
    expect(workbench.calls[0]?.options?.signal?.aborted).toBe(false);
    one.receive({ cancel: 1 });
    expect(workbench.calls[0]?.options?.signal?.aborted).toBe(true);
  });

  it('has its calls told of from their first progress to their end, also when it is gone', async () => {
    const workbench = new HeldWorkbench();
    const told: (readonly string[])[] = [];
    const sessions = new WindowSessions(workbench, { onCalls: (names) => told.push(names) });
    const window = sessions.open(() => undefined);
    window.receive(list(1));
    window.receive({ id: 2, call: 'corpora/list', request: {} });
    workbench.progress(0, 'call-one');
    workbench.progress(0, 'call-one');
    workbench.progress(1, 'call-two');
    window.close();
    workbench.calls[0]?.reject(new UserError('run/unknown', 'No.', 'Look.'));
    await settle();
    workbench.calls[1]?.resolve([]);
    await settle();
    expect(told).toEqual([['runs/list'], ['runs/list', 'corpora/list'], ['corpora/list'], []]);
  });

  it('hears of its own progress by id, others hear of it by the name of the call', () => {
    const { workbench, openWindow } = setUp();
    const [one, other] = [openWindow(), openWindow()];
    one.receive(list(5));
    const progress = workbench.progress(0, 'call-abc');
    expect(one.sent).toEqual([{ id: 5, progress }]);
    expect(other.sent).toEqual([{ event: progress }]);
  });

  it('may stop the work of a window that is gone, and nothing once that is done', async () => {
    const { workbench, openWindow } = setUp();
    const gone = openWindow();
    gone.receive(list(1));
    gone.receive(list(2));
    workbench.progress(0, 'call-one');
    workbench.progress(1, 'call-two');
    gone.close();
    expect(workbench.calls[0]?.options?.signal?.aborted).toBe(false);
    const back = openWindow();
    back.receive({ cancel: 'call-one' });
    expect(workbench.calls[0]?.options?.signal?.aborted).toBe(true);
    const before = gone.sent.length;
    workbench.calls[1]?.resolve([]);
    await settle();
    back.receive({ cancel: 'call-two' });
    expect(workbench.calls[1]?.options?.signal?.aborted).toBe(false);
    expect(gone.sent).toHaveLength(before);
    expect(workbench.listeners).toBe(1);
  });

  it('is refused what is no message, and an id that is at work', () => {
    const { openWindow } = setUp();
    const window = openWindow();
    expect(window.receive({ hello: 1 })).toBe(false);
    expect(window.receive(undefined)).toBe(false);
    expect(window.receive(list(1))).toBe(true);
    expect(window.receive(list(1))).toBe(false);
  });

  it('has a bounded number of calls at work', async () => {
    const { workbench, openWindow } = setUp();
    const window = openWindow();
    for (let id = 0; id < MOST_CALLS_AT_WORK; id++) window.receive(list(id));
    window.receive(list(1000));
    expect(window.sent).toMatchObject([{ id: 1000, error: { code: 'request/too-many' } }]);
    expect(workbench.calls).toHaveLength(MOST_CALLS_AT_WORK);
    workbench.calls[0]?.resolve([]);
    await settle();
    window.receive(list(1001));
    expect(workbench.calls).toHaveLength(MOST_CALLS_AT_WORK + 1);
  });
});

describe('a host that closes', () => {
  it('takes no more calls and waits for those at work', async () => {
    const { workbench, sessions, openWindow } = setUp();
    const window = openWindow();
    window.receive(list(1));
    sessions.refuseCalls();
    window.receive(list(2));
    await settle();
    expect(window.sent).toMatchObject([{ id: 2, error: { code: 'host/closing' } }]);
    let settled = false;
    const waiting = sessions.settled().then(() => {
      settled = true;
    });
    await settle();
    expect(settled).toBe(false);
    workbench.calls[0]?.resolve([]);
    await waiting;
    expect(window.sent.at(-1)).toEqual({ id: 1, reply: [] });
  });
});
