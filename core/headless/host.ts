/** The plain Node host: standard streams, signals, and the Workbench in this process or its owner's. */
import { createInterface } from 'node:readline/promises';
import type { WriteStream } from 'node:tty';
import type { StartProcess } from '../base/hostProcess.ts';
import type { WorkbenchClient } from '../workbench/contract.ts';
import type { Environment, Output } from './environment.ts';
import { INTERRUPTED_EXIT_CODE } from './failure.ts';

export interface NodeEnvironment extends Environment {
  /** Waits until what was written has left the process. */
  flush(): Promise<void>;
}

/** Another way to start processes is for a host that is not plain Node. */
export function nodeEnvironment(startProcess?: StartProcess): NodeEnvironment {
  const listeners: (() => void)[] = [];
  let presses = 0;
  process.on('SIGINT', () => {
    presses++;
    if (listeners.length === 0 || presses > 1) process.exit(INTERRUPTED_EXIT_CODE);
    for (const listener of listeners) listener();
  });
  // A terminal that is closed, a machine that shuts down: the same work is saved as on Ctrl-C.
  for (const [signal, number] of [
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    process.on(signal, () => {
      if (listeners.length === 0) process.exit(128 + number);
      for (const listener of listeners) listener();
    });
  }
  return {
    stdout: outputTo(process.stdout),
    stderr: outputTo(process.stderr),
    openWorkbench: (home, options) => openWorkbench(home, { ...options, startProcess }),
    confirm,
    onInterrupt(listener) {
      listeners.push(listener);
      return () => listeners.splice(listeners.indexOf(listener), 1);
    },
    async flush() {
      for (const stream of [process.stdout, process.stderr]) {
        if (stream.writable) await new Promise((resolve) => stream.write('', resolve));
      }
    },
  };
}

async function openWorkbench(
  home: string | undefined,
  {
    asOwner = false,
    startProcess,
  }: { readonly asOwner?: boolean; readonly startProcess: StartProcess | undefined },
): Promise<WorkbenchClient> {
  // Loaded only when a command needs it; help has to appear at once.
  const { connectOrOpenWorkbench } = await import('../workbench/connect.ts');
  const { defaultHomePath } = await import('../workbench/home.ts');
  const { startNodeProcess } = await import('../workbench/hostProcess.ts');
  const options = { home: defaultHomePath(home), startProcess: startProcess ?? startNodeProcess };
  if (!asOwner) return connectOrOpenWorkbench(options);
  const { openWorkbench: openAsOwner } = await import('../workbench/openWorkbench.ts');
  return openAsOwner({ ...options, continueRuns: true });
}

/** A reader that goes away (`| head`, a closed terminal) ends the writing, not the work. */
function outputTo(stream: WriteStream): Output {
  let closed = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    closed = true;
  });
  return {
    isTerminal: stream.isTTY,
    get columns() {
      return stream.isTTY ? stream.columns : 80;
    },
    write(text) {
      if (!closed) stream.write(text);
    },
  };
}

async function confirm(question: string): Promise<boolean | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const reply = await lines.question(`${question} [y/N] `);
    return /^y(es)?$/i.test(reply.trim());
  } finally {
    lines.close();
  }
}
