/** Messages of windows to the main process: there are two. Whoever else sends one is not answered. */
import { z } from 'zod';
import { UserError } from '../core/base/errors.ts';
import type { ElectronApi } from './api.ts';
import { CHANNELS } from './channels.ts';
import { choosePaths, chooseRequestSchema } from './dialogs.ts';
import { ownFrame } from './senders.ts';
import type { Windows } from './window.ts';
import type { WorkbenchHost } from './workbenchHost.ts';

const attemptSchema = z.int().nonnegative();

export function setupIpc(
  electron: Pick<ElectronApi, 'ipcMain' | 'BrowserWindow' | 'dialog'>,
  workbench: WorkbenchHost,
  windows: Pick<Windows, 'listens'>,
): void {
  const { ipcMain, BrowserWindow } = electron;
  ipcMain.on(CHANNELS.connect, (event, given: unknown) => {
    const frame = ownFrame(event);
    const attempt = attemptSchema.safeParse(given).data;
    if (frame === undefined || attempt === undefined) return;
    windows.listens(event.sender);
    workbench.connect({
      line: (port) => {
        frame.postMessage(CHANNELS.line, attempt, [port]);
      },
      refused: (reason) => {
        frame.send(CHANNELS.closed, attempt, reason);
      },
    });
  });
  ipcMain.handle(CHANNELS.choosePaths, async (event, given: unknown) => {
    const frame = ownFrame(event);
    const window = BrowserWindow.fromWebContents(event.sender);
    if (frame === undefined || window === null) throw notAnswered();
    return choosePaths(electron, window, chooseRequestSchema.parse(given));
  });
}

function notAnswered(): UserError {
  return new UserError(
    'window/unknown',
    'This page is none of Palimpsest.',
    'Use the windows of the program.',
  );
}
