/**
 * How the program ends. A run at work is saved in a checkpoint first, and the person is told before;
 * who has been told and quits a second time does not wait for it. The system, which may say several
 * times that the program has to end, always does.
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
  /** Whether a person knows that quitting again loses what is being saved. */
  #isTold = false;
  #interrupts = 0;

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

  /** Whether something is lost when the program ends now. */
  get hasToSave(): boolean {
    if (this.#state === 'closing') return true;
    return this.#state !== 'closed' && this.#workbench.work.running.length > 0;
  }

  /** A person wants to quit. Returns whether the program may end at once. */
  wish(): boolean {
    if (this.#state === 'closed') return true;
    if (this.#state === 'closing') {
      if (this.#isTold) this.#force();
      else void this.#tell();
    }
    if (this.#state === 'open') void this.#ask();
    return false;
  }

  /** The system wants the program to end: nobody is there to be asked, or to be impatient. */
  demand(): void {
    if (this.#state === 'open' || this.#state === 'asking') void this.#close();
  }

  /** Ctrl-C in a terminal, where a line says what a second one does. */
  interrupt(): void {
    this.#interrupts++;
    if (this.#interrupts > 1 && this.#state === 'closing') {
      this.#force();
      return;
    }
    if (this.#state === 'closed') return;
    process.stderr.write(
      'Palimpsest saves what is at work and then ends. Press Ctrl-C again to end without waiting.\n',
    );
    this.demand();
  }

  async #ask(): Promise<void> {
    const { work } = this.#workbench;
    if (work.running.length > 0 || work.calls.length > 0) {
      this.#state = 'asking';
      const accepted = await this.#accepts(work);
      // Someone may have demanded the end while the question was open.
      if (this.#state !== 'asking') return;
      this.#state = 'open';
      if (!accepted) return;
      this.#isTold = work.running.length > 0;
    }
    await this.#close();
  }

  async #accepts(work: Work): Promise<boolean> {
    return (await this.#show(questionOf(work))) === 0;
  }

  /** It was closed without a question, and now a person wants to quit. */
  async #tell(): Promise<void> {
    this.#isTold = true;
    const response = await this.#show(NOTICE);
    if (response === 1 && this.#state === 'closing') this.#force();
  }

  /** Resolves with the place of the button. */
  async #show(question: Question): Promise<number> {
    const { BrowserWindow, dialog } = this.#electron;
    const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0];
    const options = { ...question, type: 'question' as const, noLink: true };
    const { response } = await (window === undefined
      ? dialog.showMessageBox(options)
      : dialog.showMessageBox(window, options));
    return response;
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

interface Question {
  readonly message: string;
  readonly detail: string;
  readonly buttons: string[];
  readonly defaultId: number;
  readonly cancelId: number;
}

const NOTICE: Question = {
  message: 'Palimpsest is being closed.',
  detail:
    'What is at work is being saved. To end without waiting for it, quit again or choose End now.',
  buttons: ['Wait', 'End now'],
  defaultId: 0,
  cancelId: 0,
};

/** What will happen, in the words of the dialog. */
export function questionOf({ running, queued, calls }: Work): Question {
  const names = running.join(', ');
  const waiting =
    queued === 0
      ? []
      : [queued === 1 ? '1 run waits' : `${queued.toLocaleString('en-US')} runs wait`].map(
          (runs) => `${runs} in the queue for the next start.`,
        );
  const stopped =
    calls.length === 0 ? [] : [`This is stopped and has to be started again: ${calls.join(', ')}.`];
  if (running.length === 0) {
    return {
      message: 'Palimpsest is at work.',
      detail: [...stopped, ...waiting].join('\n\n'),
      buttons: ['Stop and quit', 'Keep running'],
      defaultId: 1,
      cancelId: 1,
    };
  }
  return {
    message: running.length === 1 ? 'A run is at work.' : `${running.length} runs are at work.`,
    detail: [
      `Palimpsest saves ${names} in a checkpoint and then ends. It goes on at the next start.`,
      ...stopped,
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
  signals.on('SIGINT', () => {
    quitting.interrupt();
  });
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    signals.on(signal, () => {
      quitting.demand();
    });
  }
}
