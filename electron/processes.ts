/**
 * Utility processes: the Workbench and its jobs. Only the main process can start them, so a utility
 * process asks for one (core/base/processMessages.ts) and gets a port to it; the main process hands
 * the port over, tells of the end, and has no part in what the two say.
 */
import { fileURLToPath } from 'node:url';
import { isAbsolute, relative } from 'node:path';
import type { UtilityProcess } from 'electron';
import { processEnvironment } from '../core/base/hostProcess.ts';
import type { ProcessExit, StartProcess } from '../core/base/hostProcess.ts';
import { PortProcess } from '../core/base/portProcess.ts';
import { CHANNEL_MESSAGE, processRequestSchema } from '../core/base/processMessages.ts';
import type { ProcessReport, ProcessRequest } from '../core/base/processMessages.ts';
import type { ElectronApi } from './api.ts';

/** Every module that is started lies in here. */
const PROGRAM_FOLDER = fileURLToPath(new URL('..', import.meta.url));

type StartRequest = Extract<ProcessRequest, { type: 'process/start' }>;

interface Started {
  readonly process: UtilityProcess;
  readonly kill: () => void;
}

export class Processes {
  readonly #electron: Pick<ElectronApi, 'app' | 'utilityProcess' | 'MessageChannelMain'>;
  /** Processes that were started on request, by who asked. */
  readonly #byAsker = new Map<UtilityProcess, Map<number, Started>>();
  readonly #alive = new Map<UtilityProcess, () => void>();
  readonly #waiting: (() => void)[] = [];
  /** What the system said of processes that did not end by themselves, by the name they have here. */
  readonly #violentEnds = new Map<string, string>();
  #count = 0;

  constructor(electron: Pick<ElectronApi, 'app' | 'utilityProcess' | 'MessageChannelMain'>) {
    this.#electron = electron;
    electron.app.on('child-process-gone', (_event, { name, reason }) => {
      if (name !== undefined) this.#violentEnds.set(name, reason);
    });
  }

  /** For the main process itself, where it runs the command line. */
  readonly startProcess: StartProcess = (entry, args, { quiet = false } = {}) => {
    const { port1, port2 } = new this.#electron.MessageChannelMain();
    const { process: child, kill } = this.fork(entry, args, quiet, (exit) => {
      started.exited(exit);
    });
    const started = new PortProcess(kill, () => child.pid);
    child.postMessage(CHANNEL_MESSAGE, [port2]);
    started.attach(port1);
    return started;
  };

  /** Starts a process that may ask for further ones. */
  fork(
    entry: string,
    args: readonly string[],
    quiet: boolean,
    onExit: (exit: ProcessExit) => void,
  ): Started {
    requireOwnModule(entry);
    const name = `palimpsest ${++this.#count}`;
    const child = this.#electron.utilityProcess.fork(entry, [...args], {
      serviceName: name,
      env: processEnvironment(),
      execArgv: [],
      // Standard output belongs to the command line's own document.
      stdio: ['ignore', 'ignore', quiet ? 'ignore' : 'inherit'],
    });
    const kill = killer(child);
    this.#alive.set(child, kill);
    this.#byAsker.set(child, new Map());
    child.on('message', (message: unknown) => {
      const request = processRequestSchema.safeParse(message).data;
      if (request?.type === 'process/start') this.#start(child, request);
      if (request?.type === 'process/kill') {
        this.#byAsker.get(child)?.get(request.process)?.kill();
      }
    });
    // An error that V8 cannot go on from: the end follows. Its report may hold text, and stays unread.
    child.on('error', () => undefined);
    child.on('exit', (code) => {
      this.#alive.delete(child);
      this.#byAsker.delete(child);
      // Why it ended may be said after that it did.
      setImmediate(() => {
        const exit = exitOf(code, this.#violentEnds.get(name));
        this.#violentEnds.delete(name);
        onExit(exit);
        if (this.#alive.size === 0) for (const resolve of this.#waiting.splice(0)) resolve();
      });
    });
    return { process: child, kill };
  }

  /** Resolves when no process is left; those that are there after so many milliseconds are ended. */
  async allEnded(patience: number): Promise<void> {
    if (this.#alive.size === 0) return;
    const deadline = setTimeout(() => {
      this.killAll();
    }, patience);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    clearTimeout(deadline);
  }

  killAll(): void {
    for (const kill of this.#alive.values()) kill();
  }

  #start(asker: UtilityProcess, { process: number, entry, args, quiet }: StartRequest): void {
    const report = (message: ProcessReport, ports?: Electron.MessagePortMain[]): void => {
      if (this.#alive.has(asker)) asker.postMessage(message, ports);
    };
    const exited = ({ code, signal }: ProcessExit): void => {
      this.#byAsker.get(asker)?.delete(number);
      report({ type: 'process/exited', process: number, code, signal });
    };
    let started: Started;
    try {
      started = this.fork(entry, args, quiet, exited);
    } catch {
      exited({ code: null, signal: null });
      return;
    }
    this.#byAsker.get(asker)?.set(number, started);
    const { port1, port2 } = new this.#electron.MessageChannelMain();
    started.process.postMessage(CHANNEL_MESSAGE, [port2]);
    report({ type: 'process/started', process: number }, [port1]);
  }
}

/** Electron's own `kill` is a request, which a training job answers with a checkpoint. */
function killer(child: UtilityProcess): () => void {
  const kill = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(child.pid, 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  };
  return () => {
    if (child.pid === undefined) child.once('spawn', kill);
    else kill();
  };
}

function exitOf(code: number, violentEnd: string | undefined): ProcessExit {
  if (violentEnd === 'killed' || violentEnd === 'oom') return { code: null, signal: 'SIGKILL' };
  // Electron may hand on what waitpid() said, which has the code in its second byte.
  return { code: process.platform !== 'win32' && code > 255 ? code >> 8 : code, signal: null };
}

function requireOwnModule(entry: string): void {
  const inside = relative(PROGRAM_FOLDER, entry);
  if (!isAbsolute(entry) || inside.startsWith('..') || isAbsolute(inside)) {
    throw new Error(`${entry} is no module of this program`);
  }
}
