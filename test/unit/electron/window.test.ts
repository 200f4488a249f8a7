import { beforeEach, expect, test } from 'vitest';
import type { Quitting } from '../../../electron/quitting.ts';
import { Windows } from '../../../electron/window.ts';
import { StandIn } from '../../fixtures/electron/standIn.ts';
import type { Window } from '../../fixtures/electron/windows.ts';

let electron: StandIn;
let windows: Windows;
let demands: number;
let quitting: { isOver: boolean; hasToSave: boolean };

beforeEach(() => {
  electron = new StandIn();
  demands = 0;
  const played = { isOver: false, hasToSave: false, demand: () => demands++ };
  quitting = played;
  windows = new Windows(electron.api, played as unknown as Quitting);
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What the page hears of the menu. */
function commandsOf(window: Window): string[] {
  const heard: string[] = [];
  window.webContents.page?.bridge.onCommand?.((id) => heard.push(id));
  return heard;
}

function opened(): Window {
  windows.open();
  const [window] = electron.windows;
  if (window === undefined) throw new Error('no window was opened');
  return window;
}

const contentsOf = (window: Window): Parameters<Windows['listens']>[0] =>
  window.webContents as unknown as Parameters<Windows['listens']>[0];

test('a command waits until its page asks for the line', async () => {
  // Where no window is open, as on macOS, the command opens one.
  windows.command('project/new');
  const [window] = electron.windows;
  if (window === undefined) throw new Error('no window was opened');
  const heard = commandsOf(window);
  windows.command('keys');
  await turn();
  expect(heard).toEqual([]);
  windows.listens(contentsOf(window));
  windows.command('density');
  await turn();
  expect(heard).toEqual(['project/new', 'keys', 'density']);
  // The line broke and is asked for again.
  windows.listens(contentsOf(window));
  await turn();
  expect(heard).toHaveLength(3);
});

test('a page that was loaded again has to ask anew', async () => {
  const window = opened();
  windows.listens(contentsOf(window));
  window.webContents.reload();
  const heard = commandsOf(window);
  windows.command('keys');
  await turn();
  expect(heard).toEqual([]);
  windows.listens(contentsOf(window));
  await turn();
  expect(heard).toEqual(['keys']);
});

test('the end of a session on Windows waits where something has to be saved', () => {
  const window = opened();
  const asked = (): boolean => {
    let prevented = false;
    window.emit('query-session-end', { preventDefault: () => (prevented = true) });
    return prevented;
  };
  expect(asked()).toBe(false);
  quitting.hasToSave = true;
  expect(asked()).toBe(true);
  window.emit('session-end');
  expect(demands).toBe(3);
});
