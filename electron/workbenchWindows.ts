/** The windows of the Workbench's process: JSON texts over one message port each. */
import type { MessagePortEnd } from '../core/base/parentPort.ts';
import type { CallName, RunSummary, WorkbenchClient } from '../core/workbench/contract.ts';
import { LARGEST_REQUEST_BYTES } from '../core/workbench/protocol.ts';
import { WindowSessions } from '../core/workbench/windowSessions.ts';
import type { Work } from './workbenchMessages.ts';

/** Calls that a person would not want to begin again without having been asked. */
const LONG_CALLS = new Map<string, string>([
  ['models/import', 'the import of a model'],
  ['corpora/import', 'the import of a corpus'],
  ['corpora/report', 'the report on a corpus'],
  ['demo/prepare', 'the preparation of the demo'],
  ['demo/start', 'the preparation of the demo'],
  ['projects/estimate', 'the estimate of a project'],
  ['runs/export', 'the export of a run'],
  ['runs/import', 'the import of a run'],
] satisfies [CallName, string][]);

export class WorkbenchWindows {
  readonly #workbench: WorkbenchClient;
  readonly #sessions: WindowSessions;
  readonly #ports = new Set<MessagePortEnd>();
  #calls: readonly string[] = [];
  #onCalls: () => void = () => undefined;

  /** `onFault` hears of errors that are not of a person's making. */
  constructor(workbench: WorkbenchClient, onFault: (error: unknown) => void) {
    this.#workbench = workbench;
    this.#sessions = new WindowSessions(workbench, {
      onFault,
      onCalls: (names) => {
        const words = names.map((name) => LONG_CALLS.get(name));
        this.#calls = words.filter((word) => word !== undefined);
        this.#onCalls();
      },
    });
  }

  /** A window whose message is none of the protocol is disconnected. */
  open(port: MessagePortEnd): void {
    this.#ports.add(port);
    const session = this.#sessions.open((message) => {
      port.postMessage(JSON.stringify(message));
    });
    port.on('message', ({ data }) => {
      const message = parse(data);
      if (message === undefined || !session.receive(message)) port.close();
    });
    port.on('close', () => {
      session.close();
      this.#ports.delete(port);
    });
    port.start();
  }

  /** Tells what is at work, now and at every change. */
  async reportWork(report: (work: Work) => void): Promise<void> {
    const runs = new Map<string, RunSummary>();
    const tell = (): void => {
      const all = [...runs.values()];
      const running = all.filter(({ state }) => state === 'running');
      report({
        running: running.map(describe),
        queued: all.length - running.length,
        calls: [...this.#calls],
      });
    };
    this.#onCalls = () => void listed.then(tell);
    this.#workbench.subscribe((event) => {
      if (event.type !== 'run/state') return;
      runs.set(event.run.id, event.run);
      if (!isAtWork(event.run)) listed.then(() => runs.delete(event.run.id)).then(tell, tell);
      else void listed.then(tell);
    });
    const listed = (async () => {
      for (const state of ['running', 'queued'] as const) {
        const list = await this.#workbench.call('runs/list', { state, archived: true });
        // What an event said meanwhile is newer.
        for (const run of list) if (!runs.has(run.id)) runs.set(run.id, run);
      }
    })();
    await listed;
    tell();
  }

  /** Saves the run at work and gives the home folder back; windows hear of it until the end. */
  async close(): Promise<void> {
    this.#sessions.refuseCalls();
    await this.#workbench.close();
    await this.#sessions.settled();
    for (const port of this.#ports) port.close();
    // What was handed to the ports must leave before the process does.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Words for a dialog. */
function describe({ name, projectName }: RunSummary): string {
  return `run ${name} of ${projectName}`;
}

function isAtWork({ state }: RunSummary): boolean {
  return state === 'running' || state === 'queued';
}

/** Undefined for what is no JSON text, or too large a one. */
function parse(data: unknown): unknown {
  if (typeof data !== 'string' || data.length > LARGEST_REQUEST_BYTES) return undefined;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
