/**
 * The way a host starts a process for the Workbench, and the one for hosts that run on plain Node.
 * Electron's host gives its utilityProcess the same shape.
 */
import { fork } from 'node:child_process';
import { OFFLINE_ENVIRONMENT } from '../base/offline.ts';

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A started process with a channel for plain JSON messages. */
export interface HostProcess {
  readonly pid: number | undefined;
  /** A message to a process that is gone is dropped. */
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, after every message; also when the process could not be started. */
  onExit(listener: (exit: ProcessExit) => void): void;
  /** Ends the process at once; it cannot object. */
  kill(): void;
}

export type StartProcess = (entry: string, args: readonly string[]) => HostProcess;

/**
 * Asks glibc for large pages where the system offers them on request: a training step walks through
 * hundreds of megabytes, and takes 5 to 10 % less processor time. Elsewhere it means nothing.
 */
const LARGE_PAGES = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };

/** Starts a module of this program in a Node process of its own. */
export const startNodeProcess: StartProcess = (entry, args) => {
  const child = fork(entry, args, {
    // Standard output belongs to the command line's own document; a job speaks over its channel.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'json',
    env: { ...LARGE_PAGES, ...process.env, ...OFFLINE_ENVIRONMENT },
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
