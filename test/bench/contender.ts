/** A contender: a process of its own that takes steps when told to, one line a request and reply. */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { StrategyName } from './strategyRequests.ts';

export type ContenderRequest =
  | { readonly do: 'steps'; readonly count: number; readonly strategy?: StrategyName }
  | { readonly do: 'optimizer'; readonly count: number }
  | { readonly do: 'sgemm'; readonly size: number; readonly count: number }
  | { readonly do: 'finish' };

export interface ContenderReply {
  /** Of each step or call. */
  readonly seconds: readonly number[];
  /** Of each step, inside the graph; only ours. */
  readonly graphSeconds?: readonly number[];
  /** Of the last step, to see that the work is done: about log(vocabulary) at first. */
  readonly loss?: number;
  /** The most memory the process has held so far, in reply to `steps`. */
  readonly peakBytes?: number;
  /** What it holds now; only of strategies. */
  readonly residentBytes?: number;
  /** In reply to `finish`. */
  readonly description?: string;
}

export class Contender {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string, undefined>;

  constructor(command: string, parameters: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.#process = spawn(command, parameters, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...environment },
    });
    const lines = createInterface({ input: this.#process.stdout });
    this.#lines = lines[Symbol.asyncIterator]();
  }

  async ask(request: ContenderRequest): Promise<ContenderReply> {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('A contender ended before it replied.');
    return JSON.parse(line.value) as ContenderReply;
  }

  stop(): void {
    this.#process.kill();
  }
}
