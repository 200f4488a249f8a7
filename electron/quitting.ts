/**
 * How the program ends. A run at work is saved in a checkpoint first, and the person is told before;
 * who quits a second time does not wait for it.
 */
import type { ElectronApi } from './api.ts';
import type { Processes } from './processes.ts';
import type { WorkbenchHost } from './workbenchHost.ts';
import type { Work } from './workbenchMessages.ts';

const FORCED_EXIT_CODE = 130;

export class Quitting {
  readonly #electron: Pick<ElectronApi, 'app' | 'BrowserWindow' | 'dialog'>;
  readonly #workbench: WorkbenchHost;
  readonly #processes: Processes;
  #state: 'open' | 'asking' | 'closing' | 'closed' = 'open';

  constructor(
    electron: Pick<ElectronApi, 'app' | 'BrowserWindow' | 'dialog'>,
    workbench: WorkbenchHost,
    processes: Processes,
  ) {
    this.#electron = electron;
    this.#workbench = workbench;
    this.#processes = processes;
  }

  /** Whether windows may close for good. */
  get isOver(): boolean {
    return this.#state === 'closed';
  }

  /** A person wants to quit. Returns whether the program may end at once. */
  wish(): boolean {
    if (this.#state === 'closed') return true;
    if (this.#state === 'closing') this.#force();
    if (this.#state === 'open') void this.#ask();
    return false;
  }

  /** The system or a terminal wants the program to end: nobody is there to be asked. */
  demand(): void {
    if (this.#state === 'closing') this.#force();
    else if (this.#state !== 'closed') void this.#close();
  }

  async #ask(): Promise<void> {
    const { work } = this.#workbench;
    if (work.running.length > 0) {
      this.#state = 'asking';
      const accepted = await this.#accepts(work);
      // Someone may have demanded the end while the question was open.
      if (this.#state !== 'asking') return;
      this.#state = 'open';
      if (!accepted) return;
    }
    await this.#close();
  }

  async #accepts(work: Work): Promise<boolean> {
    const { BrowserWindow, dialog } = this.#electron;
    const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0];
    const question = { ...questionOf(work), type: 'question' as const, noLink: true };
    const { response } = await (window === undefined
      ? dialog.showMessageBox(question)
      : dialog.showMessageBox(window, question));
    return response === 0;
  }

  async #close(): Promise<void> {
    this.#state = 'closing';
    for (const window of this.#electron.BrowserWindow.getAllWindows()) {
      // Indeterminate: how long a checkpoint takes is not known.
      window.setProgressBar(2);
    }
    try {
      await this.#workbench.close();
    } finally {
      this.#state = 'closed';
      this.#electron.app.quit();
    }
  }

  #force(): void {
    this.#state = 'closed';
    this.#processes.killAll();
    this.#electron.app.exit(FORCED_EXIT_CODE);
  }
}

/** What will happen, in the words of the dialog. */
export function questionOf({ running, queued }: Work): {
  message: string;
  detail: string;
  buttons: string[];
  defaultId: number;
  cancelId: number;
} {
  const names = running.join(', ');
  const waiting =
    queued === 0
      ? []
      : [queued === 1 ? '1 run waits' : `${queued.toLocaleString('en-US')} runs wait`].map(
          (runs) => `${runs} in the queue for the next start.`,
        );
  return {
    message: running.length === 1 ? 'A run is at work.' : `${running.length} runs are at work.`,
    detail: [
      `Palimpsest saves ${names} in a checkpoint and then ends. It goes on at the next start.`,
      ...waiting,
      'To end without waiting for the checkpoint, quit again while it is being saved.',
    ].join('\n\n'),
    buttons: ['Save and quit', 'Keep running'],
    defaultId: 0,
    cancelId: 1,
  };
}

/** Quitting by menu, by closing the last window, by a signal, or because the machine shuts down. */
export function setupQuitting(
  { app, powerMonitor }: Pick<ElectronApi, 'app' | 'powerMonitor'>,
  quitting: Quitting,
  signals: Pick<NodeJS.Process, 'on'> = process,
): void {
  app.on('before-quit', (event) => {
    if (!quitting.wish()) event.preventDefault();
  });
  app.on('window-all-closed', () => {
    // On macOS a program stays when its windows are closed, and its runs go on.
    if (process.platform !== 'darwin') app.quit();
  });
  powerMonitor.on('shutdown', (event?: { preventDefault: () => void }) => {
    if (quitting.isOver) return;
    event?.preventDefault();
    quitting.demand();
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    signals.on(signal, () => {
      quitting.demand();
    });
  }
}
