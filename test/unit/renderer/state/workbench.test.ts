import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { WorkbenchEvent } from '../../../../core/workbench/contract.ts';
import type { Host } from '../../../../renderer/client/connectToHost.ts';
import { connectionLostError } from '../../../../renderer/client/errors.ts';
import type { CallOptions, Connection } from '../../../../renderer/client/remoteWorkbench.ts';
import { activities } from '../../../../renderer/state/activities.svelte.ts';
import { Workbench } from '../../../../renderer/state/workbench.svelte.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A window before a host that is played by the test. */
class PlayedWindow {
  readonly workbench = new Workbench();
  readonly asked: string[] = [];
  hear: (event: WorkbenchEvent) => void = () => undefined;
  change: (connection: Connection) => void = () => undefined;
  /** What calls that are no lists answer. */
  answer: (options: CallOptions) => Promise<unknown> = () => Promise.resolve({});

  constructor() {
    const remote = {
      subscribe: (listener: (event: WorkbenchEvent) => void) => (this.hear = listener),
      onConnection: (listener: (connection: Connection) => void) => (this.change = listener),
      call: (name: string, _: unknown, options: CallOptions) => {
        this.asked.push(name);
        return name.endsWith('/list') ? Promise.resolve([]) : this.answer(options);
      },
    };
    this.workbench.connect({ workbench: remote } as unknown as Host);
    this.change({ state: 'open' });
  }
}

test('new runs of other windows are read, and the projects that they belong to', async () => {
  const window = new PlayedWindow();
  await window.workbench.projects.load();
  await vi.runAllTimersAsync();
  window.asked.length = 0;
  // Those of a choice of λ come one after the other.
  for (const run of ['a', 'b']) window.hear({ type: 'runs/changed', runs: [run] });
  await vi.runAllTimersAsync();
  expect(window.asked.sort()).toEqual(['projects/list', 'runs/list']);
});

test('a project that stopped, or goes on, is read anew by windows that show projects', async () => {
  const window = new PlayedWindow();
  await vi.runAllTimersAsync();
  window.asked.length = 0;
  window.hear({ type: 'project/changed', project: 'project-1' });
  await vi.runAllTimersAsync();
  expect(window.asked).toEqual([]);
  await window.workbench.projects.load();
  window.hear({ type: 'project/changed', project: 'project-1' });
  await vi.runAllTimersAsync();
  expect(window.asked).toEqual(['projects/list', 'projects/list']);
});

test('an import whose answer was lost to a break is shown again when it is heard of', async () => {
  const window = new PlayedWindow();
  const progress = (done: number): WorkbenchEvent => {
    return { type: 'progress', call: 'c1', stage: 'reading', done, total: 9, unit: 'files' };
  };
  const lost = Promise.withResolvers<unknown>();
  window.answer = ({ onProgress }) => {
    onProgress?.(progress(1));
    return lost.promise;
  };
  const call = window.workbench.call('models/import', { path: '/models/bert' });
  expect(activities.list.map(({ isForeign }) => isForeign)).toEqual([false]);
  lost.reject(connectionLostError());
  await expect(call).rejects.toThrow('The connection was lost');
  expect(activities.list).toEqual([]);
  window.hear(progress(2));
  expect(activities.list).toEqual([{ call: 'c1', progress: progress(2), isForeign: true }]);
  await vi.runAllTimersAsync();
  expect(activities.list).toEqual([]);
});

test('a reading that is asked again after a break leaves no activity behind', async () => {
  const window = new PlayedWindow();
  const done = Promise.withResolvers<unknown>();
  const asked: CallOptions[] = [];
  window.answer = (options) => {
    asked.push(options);
    return done.promise;
  };
  const call = window.workbench.call('system/storage', {});
  for (const name of ['first', 'again']) {
    asked[0]?.onProgress?.({
      type: 'progress',
      call: name,
      stage: 'measuring',
      done: 0,
      total: null,
      unit: '',
    });
  }
  expect(activities.list.map((activity) => activity.call)).toEqual(['again']);
  done.resolve({});
  await call;
  expect(activities.list).toEqual([]);
});
