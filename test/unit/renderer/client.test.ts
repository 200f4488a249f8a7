import { describe, expect, test } from 'vitest';
import type { MessageFromWindow, MessageToWindow } from '../../../core/workbench/protocol.ts';
import * as protocol from '../../../core/workbench/protocol.ts';
import * as limits from '../../../renderer/client/limits.ts';
import { RemoteWorkbench } from '../../../renderer/client/remoteWorkbench.ts';
import type { Connection } from '../../../renderer/client/remoteWorkbench.ts';
import type { TransportEvents } from '../../../renderer/client/transport.ts';

/** A host that is played by the test, with a clock that it moves. */
class PlayedHost {
  readonly sent: MessageFromWindow[] = [];
  readonly waits: number[] = [];
  opened = 0;
  #events: TransportEvents | undefined;
  #timer: (() => void) | undefined;

  connect(): RemoteWorkbench {
    return new RemoteWorkbench(
      (events) => {
        this.opened++;
        this.#events = events;
        return { send: (message) => this.sent.push(message), close: () => undefined };
      },
      (milliseconds, callback) => {
        this.waits.push(milliseconds);
        this.#timer = callback;
        return () => {
          this.#timer = undefined;
        };
      },
      () => 1,
    );
  }

  accept(): void {
    this.#events?.onOpen();
  }

  say(message: MessageToWindow): void {
    this.#events?.onMessage(message);
  }

  breakOff(): void {
    this.#events?.onClose();
  }

  passTime(): void {
    const timer = this.#timer;
    this.#timer = undefined;
    timer?.();
  }
}

function open(): { host: PlayedHost; client: RemoteWorkbench } {
  const host = new PlayedHost();
  const client = host.connect();
  host.accept();
  return { host, client };
}

const IMPORT = { path: '/data/bert' };

test('the constants are those of the protocol', () => {
  const { WORKBENCH_PATH, LARGEST_REQUEST_BYTES, MOST_CALLS_AT_WORK } = protocol;
  const { afterTimeout: _, ...repeated } = limits;
  expect(repeated).toEqual({ WORKBENCH_PATH, LARGEST_REQUEST_BYTES, MOST_CALLS_AT_WORK });
});

describe('calls', () => {
  test('wait for the connection and get their own answers', async () => {
    const host = new PlayedHost();
    const client = host.connect();
    const models = client.call('models/list', {});
    const runs = client.call('runs/list', {});
    expect(host.sent).toEqual([]);
    host.accept();
    expect(host.sent).toEqual([
      { id: 0, call: 'models/list', request: {} },
      { id: 1, call: 'runs/list', request: {} },
    ]);
    host.say({ id: 1, reply: ['runs'] });
    host.say({ id: 0, reply: ['models'] });
    expect(await models).toEqual(['models']);
    expect(await runs).toEqual(['runs']);
  });

  test('are told of progress and fail with the code and the hint of the host', async () => {
    const { host, client } = open();
    const stages: string[] = [];
    const call = client.call('models/import', IMPORT, {
      onProgress: (event) => stages.push(event.type === 'progress' ? event.stage : ''),
    });
    const progress = {
      type: 'progress',
      call: 'c',
      stage: 'copying',
      done: 1,
      total: 2,
      unit: 'B',
    };
    host.say({ id: 0, progress: progress as never });
    host.say({ id: 0, error: { code: 'model/no-config', message: 'No config.', hint: 'Look.' } });
    await expect(call).rejects.toMatchObject({
      code: 'model/no-config',
      message: 'No config.',
      hint: 'Look.',
    });
    expect(stages).toEqual(['copying']);
  });

  test('at most as many are at work as the host takes', async () => {
    const { host, client } = open();
    const calls = Array.from({ length: 70 }, () => client.call('models/list', {}));
    expect(host.sent).toHaveLength(64);
    host.say({ id: 3, reply: [] });
    expect(host.sent).toHaveLength(65);
    for (let id = 0; id < 70; id++) if (id !== 3) host.say({ id, reply: [] });
    expect(await Promise.all(calls)).toHaveLength(70);
  });

  test('too large a request is refused before it breaks the connection', async () => {
    const { host, client } = open();
    const path = 'ü'.repeat(600_000);
    await expect(client.call('models/import', { path })).rejects.toMatchObject({
      code: 'request/too-large',
    });
    expect(host.sent).toEqual([]);
  });
});

describe('stopping', () => {
  test('a call that was sent ends when the host says how', async () => {
    const { host, client } = open();
    const stop = new AbortController();
    const call = client.call('models/import', IMPORT, { signal: stop.signal });
    stop.abort();
    expect(host.sent.at(-1)).toEqual({ cancel: 0 });
    host.say({ id: 0, reply: 'done just before' });
    expect(await call).toBe('done just before');
  });

  test('a call that was not sent ends at once and is never sent', async () => {
    const host = new PlayedHost();
    const client = host.connect();
    const stop = new AbortController();
    const call = client.call('models/import', IMPORT, { signal: stop.signal });
    stop.abort();
    await expect(call).rejects.toMatchObject({ code: 'call/aborted' });
    host.accept();
    expect(host.sent).toEqual([]);
    const signal = AbortSignal.abort();
    await expect(client.call('runs/list', {}, { signal })).rejects.toMatchObject({
      code: 'call/aborted',
    });
  });

  test('a call of another window is stopped by its name', () => {
    const { host, client } = open();
    client.stop('call-1');
    expect(host.sent).toEqual([{ cancel: 'call-1' }]);
  });
});

describe('a break', () => {
  test('repeats what only reads and fails what may have been done', async () => {
    const { host, client } = open();
    const list = client.call('runs/list', {});
    const writing = client.call('runs/cancel', { run: 'r' });
    host.breakOff();
    await expect(writing).rejects.toMatchObject({
      code: 'connection/lost',
      hint: expect.stringContaining('may have been done') as string,
    });
    host.passTime();
    host.accept();
    expect(host.sent.at(-1)).toEqual({ id: 0, call: 'runs/list', request: {} });
    host.say({ id: 0, reply: [] });
    expect(await list).toEqual([]);
  });

  test('ends a measurement without a word of what it may have changed', async () => {
    const { host, client } = open();
    const measuring = client.call('projects/estimate', { project: {} as never });
    host.breakOff();
    await expect(measuring).rejects.toMatchObject({
      code: 'connection/lost',
      hint: 'Nothing was changed: ask again.',
    });
  });

  test('is waited for longer each time, up to a bound, and from the start after a success', () => {
    const host = new PlayedHost();
    const client = host.connect();
    const states: string[] = [];
    client.onConnection(({ state }: Connection) => states.push(state));
    for (let time = 0; time < 8; time++) {
      host.breakOff();
      host.passTime();
    }
    expect(host.waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    host.accept();
    host.breakOff();
    expect(host.waits.at(-1)).toBe(250);
    expect(states.slice(0, 4)).toEqual(['connecting', 'waiting', 'connecting', 'waiting']);
  });

  test('is not waited for when the person asks', () => {
    const { host, client } = open();
    host.breakOff();
    client.retry();
    client.retry();
    expect(host.opened).toBe(2);
    host.passTime();
    expect(host.opened).toBe(2);
  });
});

test('events come one by one, in order, to those who still listen', () => {
  const { host, client } = open();
  const heard: unknown[] = [];
  const stop = client.subscribe((event) => heard.push(event));
  host.say({ events: ['a' as never, 'b' as never] });
  host.say({ event: 'c' as never });
  stop();
  host.say({ event: 'd' as never });
  expect(heard).toEqual(['a', 'b', 'c']);
});

test('closing ends every call and opens no more connections', async () => {
  const { host, client } = open();
  const call = client.call('runs/list', {});
  await client.close();
  await expect(call).rejects.toMatchObject({ code: 'connection/closed' });
  await expect(client.call('runs/list', {})).rejects.toMatchObject({ code: 'connection/closed' });
  host.breakOff();
  host.passTime();
  expect(host.opened).toBe(1);
});
