/** Windows of browsers on a real Workbench: calls, progress, events, and what is no message. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SOCKET_LIMITS } from '../../../core/webhost/workbenchSockets.ts';
import { WEB_HOST_LIMITS, startWebHost } from '../../../core/webhost/webHost.ts';
import type { WebHost, WebHostLimits } from '../../../core/webhost/webHost.ts';
import type { WorkbenchClient, WorkbenchEvent } from '../../../core/workbench/contract.ts';
import { LARGEST_REQUEST_BYTES } from '../../../core/workbench/protocol.ts';
import type { MessageToWindow } from '../../../core/workbench/protocol.ts';
import { TestWindow, builtScreens, openSocket, signIn } from '../../fixtures/webWindow.ts';
import { addModel, newScratch, open, writeText } from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';

let scratch: Scratch;
let rendererFolder: string;
let workbench: WorkbenchClient;
let host: WebHost;
let cookie: string;
const windows: TestWindow[] = [];
/** What the tests themselves publish, beside the Workbench's own events. */
const publishers = new Set<(event: WorkbenchEvent) => void>();

beforeAll(async () => {
  scratch = await newScratch();
  rendererFolder = await builtScreens(join(scratch.inputs, 'renderer'));
  const real = await open(scratch);
  workbench = {
    call: (name, request, options) => real.call(name, request, options),
    subscribe: (listener) => {
      publishers.add(listener);
      const unsubscribe = real.subscribe(listener);
      return () => {
        publishers.delete(listener);
        unsubscribe();
      };
    },
    close: () => real.close(),
  };
  await addModel(workbench, scratch);
});

afterAll(async () => {
  await workbench.close();
  await scratch.remove();
});

async function start(limits: Partial<WebHostLimits> = {}): Promise<void> {
  host = await startWebHost({
    workbench,
    homeFolder: scratch.home,
    rendererFolder,
    allowedRoots: [scratch.inputs],
    port: 0,
    limits,
  });
  cookie = await signIn(host.url);
}

async function openWindow(): Promise<TestWindow> {
  const window = await TestWindow.open(host.port, cookie);
  windows.push(window);
  return window;
}

function publish(event: WorkbenchEvent): void {
  for (const listener of publishers) listener(event);
}

function metrics(step: number): WorkbenchEvent {
  const base = { run: 'run-1', attempt: 1, sequence: step, time: '2026-11-23T12:00:00.000Z', step };
  return { type: 'run/event', event: { ...base, type: 'metrics', values: { 'train/loss': 1 } } };
}

function log(step: number): WorkbenchEvent {
  const base = { run: 'run-1', attempt: 1, sequence: step, time: '2026-11-23T12:00:00.000Z', step };
  return { type: 'run/event', event: { ...base, type: 'log', level: 'info', message: 'here' } };
}

beforeEach(() => start());

afterEach(async () => {
  for (const window of windows.splice(0)) await window.close();
  await host.close();
  expect(publishers.size).toBe(0);
});

/** Enough text that an import reports progress several times. */
async function longImport(name: string): Promise<object> {
  const path = join(scratch.inputs, `${name}.txt`);
  const words = 'the patient has a pain in the left knee and a fever'.split(' ');
  const line = (i: number): string =>
    Array.from({ length: 20 }, (_, j) => words[(i * 7 + j * j) % words.length]).join(' ');
  await writeFile(path, Array.from({ length: 25_000 }, (_, i) => `${i} ${line(i)}`).join('\n'));
  return { paths: [path], name, documentBoundary: 'line' };
}

describe('a call', () => {
  it('is answered with what the Workbench says', async () => {
    const window = await openWindow();
    const [model] = (await window.call('models/list', {})) as { name: string }[];
    expect(model?.name).toBe('tiny');
  });

  it('tells its progress and its reply, and the other windows of the progress', async () => {
    const [window, other] = [await openWindow(), await openWindow()];
    const id = window.begin('corpora/import', await longImport('told'));
    const answer = await window.answer(id);
    expect(answer).toMatchObject({ id, reply: { name: 'told' } });
    const progress = window.messages.filter((message) => 'progress' in message);
    expect(progress.length).toBeGreaterThan(0);
    expect(progress.every((message) => message.id === id)).toBe(true);
    expect(window.messages.at(-1)).toEqual(answer);
    expect(window.events.filter(({ type }) => type === 'progress')).toEqual([]);
    expect(other.events.filter(({ type }) => type === 'progress')).toEqual(
      progress.map((message) => message.progress),
    );
  });

  it('can be stopped, and nothing of it is kept', async () => {
    const window = await openWindow();
    const id = window.begin('corpora/import', await longImport('stopped'));
    await window.until(() => window.messages.find((message) => 'progress' in message));
    window.send({ cancel: id });
    expect(await window.answer(id)).toMatchObject({ error: { code: 'call/aborted' } });
    const corpora = (await window.call('corpora/list', {})) as { name: string }[];
    expect(corpora.map(({ name }) => name)).not.toContain('stopped');
  });

  it('goes on when its window is reloaded, which can stop it then', async () => {
    const before = await openWindow();
    before.begin('corpora/import', await longImport('reloaded'));
    before.begin('corpora/import', await longImport('given-up'));
    const works = await before.until(() => {
      const found = new Map<number, WorkbenchEvent>();
      for (const message of before.messages) {
        if ('progress' in message) found.set(message.id, message.progress);
      }
      return found.size === 2 ? found : undefined;
    });
    await before.close();
    const after = await openWindow();
    const givenUp = works.get(2);
    after.send({ cancel: givenUp?.type === 'progress' ? givenUp.call : '' });
    for (;;) {
      const corpora = (await after.call('corpora/list', {})) as { name: string }[];
      if (corpora.some(({ name }) => name === 'reloaded')) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const corpora = (await after.call('corpora/list', {})) as { name: string }[];
    expect(corpora.map(({ name }) => name)).not.toContain('given-up');
  });

  it.each([
    ['runs/lost', {}, 'request/unknown-call'],
    ['__proto__', {}, 'request/unknown-call'],
    ['runs/show', {}, 'request/invalid'],
    ['runs/show', null, 'request/invalid'],
    ['runs/show', [], 'request/invalid'],
    ['runs/show', { run: 7 }, 'request/invalid'],
    ['runs/show', { run: 'run-none' }, 'run/not-found'],
    ['corpora/import', { paths: [], name: 'none' }, 'request/invalid'],
    ['corpora/import', { paths: ['/nowhere.txt'], name: 'none' }, 'system/enoent'],
  ])('%s with %j fails with %s', async (call, request, code) => {
    const window = await openWindow();
    window.send({ id: 1, call, request });
    const answer = await window.answer(1);
    expect(answer).toMatchObject({ id: 1, error: { code } });
    expect('error' in answer && answer.error.stack).toBeFalsy();
  });
});

describe('events', () => {
  it('reach every window, metrics together, all in their order', async () => {
    const both = [await openWindow(), await openWindow()];
    // An answer shows that the windows are served.
    for (const window of both) await window.call('runs/list', {});
    const events = [...Array.from({ length: 50 }, (_, i) => metrics(i)), log(50), metrics(51)];
    for (const event of events) publish(event);
    for (const window of both) {
      await window.until(() => (window.events.length === events.length ? true : undefined));
      expect(window.events).toEqual(events);
      const carriers = window.messages.filter(
        (message) => 'events' in message || 'event' in message,
      );
      expect(carriers).toHaveLength(2);
    }
  });

  it('are those of the Workbench itself', async () => {
    const window = await openWindow();
    const paths = [await writeText(scratch, 'source')];
    await workbench.call('corpora/import', { paths, name: 'seen', documentBoundary: 'line' });
    const progress = await window.until(() =>
      window.events.find((event) => event.type === 'progress'),
    );
    expect(progress.call).toMatch(/^call-/);
  });

  it('reach a window that has come back', async () => {
    const before = await openWindow();
    await before.call('runs/list', {});
    publish(log(1));
    await before.until(() => before.events[0]);
    before.socket.terminate();
    const after = await openWindow();
    await after.call('runs/list', {});
    publish(log(2));
    await after.until(() => after.events[0]);
    expect(after.events).toEqual([log(2)]);
  });
});

describe('what is no message', () => {
  const tooLarge = JSON.stringify({
    id: 1,
    call: 'runs/list',
    request: { project: 'x'.repeat(LARGEST_REQUEST_BYTES) },
  });

  it.each<[string, (window: TestWindow) => void, number]>([
    ['text that is not JSON', ({ socket }) => socket.send('{'), 1007],
    ['no text at all', ({ socket }) => socket.send(''), 1007],
    ['binary data', ({ socket }) => socket.send(Buffer.from('{"id":1}')), 1003],
    ['JSON of another kind', (window) => window.send({ hello: 'there' }), 1008],
    ['a list', (window) => window.send([{ id: 1, call: 'runs/list', request: {} }]), 1008],
    ['an id that is no number', (window) => window.send({ id: 'a', call: 'runs/list' }), 1008],
    ['more than a message may hold', ({ socket }) => socket.send(tooLarge), 1009],
    [
      'more than a message may hold, in pieces',
      ({ socket }) => {
        const piece = 'x'.repeat(LARGEST_REQUEST_BYTES / 4);
        for (let i = 0; i < 6; i++) socket.send(piece, { fin: false });
      },
      1009,
    ],
  ])('closes the connection, and no other: %s', async (_what, send, code) => {
    const [window, other] = [await openWindow(), await openWindow()];
    send(window);
    expect(await window.closed()).toBe(code);
    expect(await other.call('runs/list', {})).toEqual([]);
  });

  it('closes it too when the bytes are not of the protocol', async () => {
    const other = await openWindow();
    const socket = await openSocket(host.port);
    socket.write(
      `GET /workbench HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\n` +
        `Origin: http://127.0.0.1:${host.port}\r\nCookie: ${cookie}\r\nConnection: Upgrade\r\n` +
        'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 101 /);
    socket.resume().write(Buffer.alloc(1000, 0xff));
    await once(socket, 'close');
    expect(await other.call('runs/list', {})).toEqual([]);
  });
});

describe('a window that does not read', () => {
  it('is disconnected instead of being waited for, and the others hear on', async () => {
    await host.close();
    await start({ sockets: { ...SOCKET_LIMITS, waitingEvents: 1 << 20 } });
    const [slow, other] = [await openWindow(), await openWindow()];
    for (const window of [slow, other]) await window.call('runs/list', {});
    slow.socket.pause();
    const message = 'x'.repeat(100_000);
    let told = 0;
    // Until its connection's own buffers are full and a megabyte waits behind them.
    while (publishers.size === 2) {
      const event = log(told++);
      if (event.type === 'run/event' && event.event.type === 'log') event.event.message = message;
      publish(event);
      await new Promise((resolve) => setImmediate(resolve));
      if (told > 2000) throw new Error('200 MB are waiting');
    }
    await other.until(() => (other.events.length === told ? true : undefined));
    slow.socket.resume();
    // With the code where the connection drained in time, without a word where it did not.
    expect([4008, 1006]).toContain(await slow.closed());
    const back = await openWindow();
    expect(await back.call('runs/list', {})).toEqual([]);
  });

  it('is disconnected when it does not answer pings', async () => {
    await host.close();
    await start({ sockets: { ...SOCKET_LIMITS, ping: 20 } });
    const [slow, other] = [await openWindow(), await openWindow()];
    slow.socket.pause();
    while (publishers.size === 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await other.call('runs/list', {})).toEqual([]);
    slow.socket.resume();
    expect(await slow.closed()).toBe(1006);
  });
});

describe('a connection that does not get on', () => {
  it.each(['', 'GET / HTTP/1.1\r\nHost: 127.', 'POST /uploads?name=a HTTP/1.1\r\n'])(
    'with its headers is closed: %j',
    async (words) => {
      await host.close();
      await start({ headers: 100 });
      const socket = await openSocket(host.port);
      socket.write(words);
      await once(socket.resume(), 'close');
    },
  );

  it('with its content is closed', async () => {
    await host.close();
    await start({ ...WEB_HOST_LIMITS, idle: 100 });
    const socket = await openSocket(host.port);
    socket.write(
      `POST /uploads?name=a.txt HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\n` +
        `Cookie: ${cookie}\r\nContent-Length: 1000\r\n\r\nsome`,
    );
    await once(socket.resume(), 'close');
  });
});

describe('closing', () => {
  it('answers the calls at work, takes no more, and says good-bye', async () => {
    const window = await openWindow();
    const working = window.begin('corpora/import', await longImport('last'));
    await window.until(() => window.messages.find((message) => 'progress' in message));
    host.refuse();
    const late = window.begin('runs/list', {});
    expect(await window.answer(late)).toMatchObject({ error: { code: 'host/closing' } });
    const closed = host.close();
    const answer = await window.answer(working);
    expect(answer).toMatchObject({ reply: { name: 'last' } } satisfies Partial<MessageToWindow>);
    await closed;
    expect(await window.closed()).toBe(1001);
    await expect(openSocket(host.port)).rejects.toThrow();
  });
});
