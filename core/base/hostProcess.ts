/** A process that a host starts, whatever starts it: Node's fork or Electron's utility processes. */
import { fork } from 'node:child_process';
import { OFFLINE_ENVIRONMENT } from './offline.ts';

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A started process with a channel for plain JSON messages. */
export interface HostProcess {
  /** Undefined until it is known, and for good where only Electron's main process knows it. */
  readonly pid: number | undefined;
  /** A message to a process that is gone is dropped. */
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, after every message; also when the process could not be started. */
  onExit(listener: (exit: ProcessExit) => void): void;
  /** Ends the process at once; it cannot object. */
  kill(): void;
}

export interface StartOptions {
  /** What the process writes to its standard error is of no interest. */
  readonly quiet?: boolean;
}

export type StartProcess = (
  entry: string,
  args: readonly string[],
  options?: StartOptions,
) => HostProcess;

/**
 * Asks glibc for large pages where the system offers them on request: a training step walks through
 * hundreds of megabytes, and takes 5 to 10 % less processor time. Elsewhere it means nothing.
 */
const LARGE_PAGES = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };

/** The environment of every process that is started for the Workbench. */
export function processEnvironment(): Record<string, string> {
  const environment: Record<string, string> = { ...LARGE_PAGES };
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined) environment[name] = value;
  }
  return { ...environment, ...OFFLINE_ENVIRONMENT };
}

/** Starts a module of this program in a Node process of its own. */
export const startNodeProcess: StartProcess = (entry, args, { quiet = false } = {}) => {
  const child = fork(entry, args, {
    // Standard output belongs to the command line's own document; a job speaks over its channel.
    stdio: ['ignore', 'ignore', quiet ? 'ignore' : 'inherit', 'ipc'],
    serialization: 'json',
    env: processEnvironment(),
  });
  const exitListeners: ((exit: ProcessExit) => void)[] = [];
  let exited: ProcessExit | undefined;
  const exit = (code: number | null, signal: string | null): void => {
    if (exited !== undefined) return;
    exited = { code, signal };
    for (const listener of exitListeners) listener(exited);
  };
  // `close` comes after the channel was drained, `exit` may come before the last message.
  child.on('close', exit);
  child.on('error', () => {
    if (child.pid === undefined) exit(null, null);
  });
  return {
    pid: child.pid,
    send(message) {
      if (!child.connected) return;
      child.send(message as object, () => {
        // The process may end between the check and the write; its exit is reported by itself.
      });
    },
    onMessage(listener) {
      child.on('message', listener);
    },
    onExit(listener) {
      if (exited !== undefined) listener(exited);
      else exitListeners.push(listener);
    },
    kill() {
      child.kill('SIGKILL');
    },
  };
};
