import { EventEmitter } from 'node:events';
import { beforeEach, expect, test } from 'vitest';
import type { ErrorReport } from '../../../core/base/errors.ts';
import type { Processes } from '../../../electron/processes.ts';
import { WorkbenchHost } from '../../../electron/workbenchHost.ts';
import type { WindowLine } from '../../../electron/workbenchHost.ts';
import { StandIn } from '../../fixtures/electron/standIn.ts';

/** The Workbench's process, as far as the host sees it. */
class Played extends EventEmitter {
  readonly heard: string[] = [];
  readonly exit: () => void;

  constructor(exit: () => void) {
    super();
    this.exit = exit;
  }

  postMessage({ type }: { type: string }): void {
    this.heard.push(type);
  }
}

let starts: Played[];
let jobsEnded: PromiseWithResolvers<void>;
let host: WorkbenchHost;

beforeEach(() => {
  starts = [];
  jobsEnded = Promise.withResolvers();
  const processes = {
    fork: (_entry: string, _args: string[], _quiet: boolean, exit: () => void) => {
      const process = new Played(exit);
      starts.push(process);
      return { process, kill: () => undefined };
    },
    allEnded: () => jobsEnded.promise,
  };
  host = new WorkbenchHost(new StandIn().api, processes as unknown as Processes, '/home');
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Asker extends WindowLine {
  readonly codes: string[];
  lines: number;
}

function asker(): Asker {
  const window: Asker = {
    codes: [],
    lines: 0,
    line: () => window.lines++,
    refused: ({ code }: ErrorReport) => window.codes.push(code),
  };
  return window;
}

function gone(): never {
  throw new Error('Render frame was disposed before WebFrameMain could be accessed');
}
const left: WindowLine = { line: gone, refused: gone };

test('a window that is gone does not keep the others from their line', () => {
  const window = asker();
  for (const each of [left, window]) host.connect(each);
  starts[0]?.emit('message', { type: 'ready' });
  expect(window.lines).toBe(1);
  expect(starts[0]?.heard).toEqual(['window']);
});

test('a window that is gone does not keep the others from the reason', () => {
  const window = asker();
  for (const each of [left, window]) host.connect(each);
  starts[0]?.exit();
  expect(window.codes).toEqual(['workbench/not-started']);
});

test('one that died as it started is not started again before its jobs have ended', async () => {
  host.connect(asker());
  starts[0]?.exit();
  const window = asker();
  host.connect(window);
  await turn();
  expect(starts).toHaveLength(1);
  jobsEnded.resolve();
  await turn();
  expect(starts).toHaveLength(2);
  starts[1]?.emit('message', { type: 'ready' });
  expect(window.lines).toBe(1);
});

test('one that died as it started is not started again by itself', async () => {
  host.start();
  starts[0]?.exit();
  jobsEnded.resolve();
  await turn();
  expect(starts).toHaveLength(1);
  host.connect(asker());
  expect(starts).toHaveLength(2);
});

test.each(['is there', 'died at its start', 'died at work'])(
  'closing one that %s waits for its jobs',
  async (what) => {
    host.start();
    if (what !== 'died at its start') starts[0]?.emit('message', { type: 'ready' });
    if (what !== 'is there') starts[0]?.exit();
    let isClosed = false;
    const closed = host.close().then(() => (isClosed = true));
    if (what === 'is there') starts[0]?.exit();
    await turn();
    expect(isClosed).toBe(false);
    jobsEnded.resolve();
    await closed;
    expect(starts).toHaveLength(1);
  },
);

test('windows that wait for one that is closed are told', async () => {
  const window = asker();
  host.connect(window);
  void host.close();
  host.connect(window);
  starts[0]?.emit('message', { type: 'ready' });
  expect(window.codes).toEqual(['host/closing', 'host/closing']);
  expect(window.lines).toBe(0);
  expect(starts[0]?.heard).toEqual(['close']);
});
