/** A HostProcess that is spoken to over a message port, and of whose end somebody else tells. */
import type { HostProcess, ProcessExit } from './hostProcess.ts';
import type { MessagePortEnd } from './parentPort.ts';

/** The port closes when the process has ended; a port that does not is not waited for any longer. */
const CLOSE_MILLISECONDS = 2000;

export class PortProcess implements HostProcess {
  readonly #kill: () => void;
  readonly #pid: () => number | undefined;
  readonly #messageListeners: ((message: unknown) => void)[] = [];
  readonly #exitListeners: ((exit: ProcessExit) => void)[] = [];
  #port: MessagePortEnd | undefined;
  #portClosed = false;
  #unsent: unknown[] = [];
  /** What the system said; told on when the last message has come. */
  #end: ProcessExit | undefined;
  #told = false;

  constructor(kill: () => void, pid: () => number | undefined = () => undefined) {
    this.#kill = kill;
    this.#pid = pid;
  }

  get pid(): number | undefined {
    return this.#pid();
  }

  /** Once, when the process was started. */
  attach(port: MessagePortEnd): void {
    this.#port = port;
    port.on('message', ({ data }) => {
      for (const listener of this.#messageListeners) listener(data);
    });
    port.on('close', () => {
      this.#portClosed = true;
      this.#settle();
    });
    port.start();
    for (const message of this.#unsent) port.postMessage(message);
    this.#unsent = [];
  }

  /** Once, when the process has ended or could not be started. */
  exited(exit: ProcessExit): void {
    this.#end = exit;
    if (this.#port === undefined || this.#portClosed) {
      this.#settle();
      return;
    }
    const impatience = setTimeout(() => {
      this.#portClosed = true;
      this.#settle();
    }, CLOSE_MILLISECONDS);
    impatience.unref();
  }

  send(message: unknown): void {
    if (this.#end !== undefined || this.#portClosed) return;
    if (this.#port === undefined) this.#unsent.push(message);
    else this.#port.postMessage(message);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#messageListeners.push(listener);
  }

  onExit(listener: (exit: ProcessExit) => void): void {
    if (this.#told && this.#end !== undefined) listener(this.#end);
    else this.#exitListeners.push(listener);
  }

  kill(): void {
    this.#kill();
  }

  #settle(): void {
    const end = this.#end;
    if (end === undefined || this.#told) return;
    this.#told = true;
    this.#port?.close();
    for (const listener of this.#exitListeners) listener(end);
  }
}
