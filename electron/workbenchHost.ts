/** The Workbench's process, as the main process sees it: started, started anew when it dies, closed. */
import { fileURLToPath } from 'node:url';
import type { MessagePortMain, UtilityProcess } from 'electron';
import { UserError } from '../core/base/errors.ts';
import type { ErrorReport } from '../core/base/errors.ts';
import { hostCloses } from '../core/workbench/windowSessions.ts';
import type { ElectronApi } from './api.ts';
import type { Processes } from './processes.ts';
import { messageFromWorkbenchSchema } from './workbenchMessages.ts';
import type { MessageToWorkbench, Work } from './workbenchMessages.ts';

const ENTRY = fileURLToPath(import.meta.url).replace(
  /workbenchHost(\.[a-z]+)$/,
  'workbenchProcess$1',
);

/** Jobs of a Workbench that died save what they have; then they are in the way of the next one. */
const JOB_MILLISECONDS = 60_000;

const NOTHING: Work = { running: [], queued: 0, calls: [] };

/** A window that wants a line to the Workbench. Both may throw: it may be gone by now. */
export interface WindowLine {
  readonly line: (port: MessagePortMain) => void;
  readonly refused: (reason: ErrorReport) => void;
}

type State =
  /** Started when a window next asks. */
  | 'stopped'
  | 'starting'
  | 'ready'
  /** Died, at work or at its start, and its jobs have not ended yet. */
  | 'clearing'
  | 'closing'
  | 'closed';

export class WorkbenchHost {
  readonly #electron: Pick<ElectronApi, 'MessageChannelMain'>;
  readonly #processes: Processes;
  readonly #home: string;
  readonly #workListeners: ((work: Work) => void)[] = [];
  readonly #deathListeners: ((reason: ErrorReport) => void)[] = [];
  #state: State = 'stopped';
  #process: UtilityProcess | undefined;
  #work = NOTHING;
  #waiting: WindowLine[] = [];
  #refusal: ErrorReport | undefined;
  #ended = Promise.withResolvers<void>();

  constructor(
    electron: Pick<ElectronApi, 'MessageChannelMain'>,
    processes: Processes,
    home: string,
  ) {
    this.#electron = electron;
    this.#processes = processes;
    this.#home = home;
  }

  /** What is at work now. */
  get work(): Work {
    return this.#work;
  }

  onWork(listener: (work: Work) => void): void {
    this.#workListeners.push(listener);
  }

  /** The process died while it was at work; every window lost its line. */
  onDeath(listener: (reason: ErrorReport) => void): void {
    this.#deathListeners.push(listener);
  }

  start(): void {
    this.#state = 'starting';
    this.#refusal = undefined;
    const { process: child } = this.#processes.fork(ENTRY, [this.#home], false, () => {
      this.#exited();
    });
    this.#process = child;
    child.on('message', (raw: unknown) => {
      const message = messageFromWorkbenchSchema.safeParse(raw).data;
      if (message?.type === 'ready') this.#ready();
      if (message?.type === 'refused') this.#refusal = message.error;
      if (message?.type === 'work') this.#setWork(message.work);
    });
  }

  /** Answers when the Workbench is there, or cannot be. */
  connect(window: WindowLine): void {
    if (this.#state === 'closing' || this.#state === 'closed') {
      refuse(window, hostCloses().toJSON());
      return;
    }
    if (this.#state === 'ready') this.#open(window);
    else this.#waiting.push(window);
    if (this.#state === 'stopped') this.start();
  }

  /** Saves the run at work and gives the home folder back. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    const isThere = this.#state === 'ready' || this.#state === 'starting';
    this.#state = 'closing';
    for (const window of this.#waiting.splice(0)) refuse(window, hostCloses().toJSON());
    if (isThere) {
      this.#send({ type: 'close' });
      await this.#ended.promise;
    }
    await this.#processes.allEnded(JOB_MILLISECONDS);
    this.#state = 'closed';
  }

  #ready(): void {
    if (this.#state !== 'starting') return;
    this.#state = 'ready';
    for (const window of this.#waiting.splice(0)) this.#open(window);
  }

  #open(window: WindowLine): void {
    const { port1, port2 } = new this.#electron.MessageChannelMain();
    try {
      window.line(port1);
    } catch {
      // Its page was left while the Workbench started; the other windows have their lines all the same.
      port1.close();
      port2.close();
      return;
    }
    this.#send({ type: 'window' }, [port2]);
  }

  #send(message: MessageToWorkbench, ports: MessagePortMain[] = []): void {
    this.#process?.postMessage(message, ports);
  }

  #exited(): void {
    const before = this.#state;
    this.#process = undefined;
    this.#setWork(NOTHING);
    this.#ended.resolve();
    this.#ended = Promise.withResolvers();
    if (before === 'closing' || before === 'closed') return;
    const reason = this.#refusal ?? died(before === 'ready').toJSON();
    for (const window of this.#waiting.splice(0)) refuse(window, reason);
    if (before === 'ready') for (const listener of this.#deathListeners) listener(reason);
    void this.#clear(before === 'ready');
  }

  /** One that died as it started would only fail again: a window asks for the next attempt. */
  async #clear(startsAgain: boolean): Promise<void> {
    this.#state = 'clearing';
    await this.#processes.allEnded(JOB_MILLISECONDS);
    if (this.#state !== 'clearing') return;
    if (startsAgain || this.#waiting.length > 0) this.start();
    else this.#state = 'stopped';
  }

  #setWork(work: Work): void {
    this.#work = work;
    for (const listener of this.#workListeners) listener(work);
  }
}

function refuse(window: WindowLine, reason: ErrorReport): void {
  try {
    window.refused(reason);
  } catch {
    // Its page was left: nobody is there to be told.
  }
}

function died(wasReady: boolean): UserError {
  return wasReady
    ? new UserError(
        'workbench/died',
        'The process that keeps the history ended unexpectedly and is being started again.',
        'Runs that were at work are saved and marked as interrupted; resume them on their screen.',
      )
    : new UserError(
        'workbench/not-started',
        'The process that keeps the history could not be started.',
        'It is tried again; if that does not help, start Palimpsest from a terminal to read why.',
      );
}
