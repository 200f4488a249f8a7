/** Entry of the Workbench's own process: the only writer of the history. Its argument is the home folder. */
import { reportError } from '../core/base/errors.ts';
import { goOffline } from '../core/base/offline.ts';
import { parentPort } from '../core/base/parentPort.ts';
import type { ParentPort } from '../core/base/parentPort.ts';
import { startProcess } from '../core/base/startProcess.ts';
import { openWorkbench } from '../core/workbench/openWorkbench.ts';
import { messageToWorkbenchSchema } from './workbenchMessages.ts';
import type { MessageFromWorkbench } from './workbenchMessages.ts';
import { WorkbenchWindows } from './workbenchWindows.ts';

const [, , home] = process.argv;

async function serve(main: ParentPort, homeFolder: string): Promise<void> {
  const tell = (message: MessageFromWorkbench): void => {
    main.postMessage(message);
  };
  let windows: WorkbenchWindows | undefined;
  const asked = { toClose: false };
  const close = (): void => {
    void windows?.close().then(() => process.exit(0), fail);
  };
  // Before the home folder is opened, which takes its time: it may be given back at once.
  main.on('message', ({ data, ports }) => {
    const message = messageToWorkbenchSchema.safeParse(data).data;
    if (message?.type === 'window') for (const port of ports) windows?.open(port);
    if (message?.type === 'close') {
      asked.toClose = true;
      close();
    }
  });
  try {
    const workbench = await openWorkbench({ home: homeFolder, startProcess, continueRuns: true });
    const opened = new WorkbenchWindows(workbench, complain);
    await opened.reportWork((work) => {
      tell({ type: 'work', work });
    });
    windows = opened;
    if (asked.toClose) close();
    else tell({ type: 'ready' });
  } catch (error) {
    const report = reportError(error);
    if (report.stack !== undefined) complain(error);
    tell({ type: 'refused', error: report });
    // The message must leave before the process does.
    setImmediate(() => process.exit(1));
  }
}

function complain(error: unknown): void {
  const { message, stack } = reportError(error);
  process.stderr.write(`${message}\n${stack ?? ''}\n`);
}

function fail(error: unknown): void {
  complain(error);
  process.exit(1);
}

goOffline(true);
// Ctrl-C, a closed terminal and a shutdown reach the whole group of processes. The main process decides
// what becomes of this one, which Electron ends when the main process is gone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
const main = parentPort();
if (main === undefined || home === undefined) {
  process.stderr.write('This program is started by Palimpsest, not by hand.\n');
  process.exitCode = 2;
} else {
  void serve(main, home);
}
