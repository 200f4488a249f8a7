/** Entry of the program in Electron. The order in which a window's features start is in desktop.ts. */
import {
  BrowserWindow,
  Menu,
  MessageChannelMain,
  app,
  dialog,
  ipcMain,
  powerMonitor,
  powerSaveBlocker,
  protocol,
  session,
  utilityProcess,
} from 'electron';
import { goOffline } from '../core/base/offline.ts';
import { startDesktop } from './desktop.ts';
import { headlessArguments, startHeadless } from './headless.ts';
import { printFailure, showFailure } from './startFailure.ts';

goOffline(true);
const commandLine = headlessArguments(process.argv);
if (commandLine !== undefined) {
  startHeadless({ app, utilityProcess, MessageChannelMain }, commandLine).catch(
    (error: unknown) => {
      printFailure({ app }, error);
    },
  );
} else {
  // Not awaited: Electron is ready only when this module has been evaluated.
  startDesktop(
    {
      app,
      BrowserWindow,
      dialog,
      ipcMain,
      Menu,
      MessageChannelMain,
      powerMonitor,
      powerSaveBlocker,
      protocol,
      session,
      utilityProcess,
    },
    { argv: process.argv },
  ).catch((error: unknown) => {
    showFailure({ app, dialog }, error);
  });
}
