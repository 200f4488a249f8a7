import type { Environment, Output } from '../../../core/headless/environment.ts';
import { calls } from '../../../core/workbench/contract.ts';
import type {
  CallName,
  RunDetail,
  WorkbenchClient,
  WorkbenchEvent,
} from '../../../core/workbench/contract.ts';

export interface MemoryOutput extends Output {
  text: string;
}

export function memoryOutput(isTerminal = false): MemoryOutput {
  return {
    text: '',
    isTerminal,
    columns: 80,
    write(text) {
      this.text += text;
    },
  };
}

export type Answers = Partial<Record<CallName, unknown>>;

/** A Workbench that gives prepared answers; requests and answers are checked against the contract. */
export class PreparedWorkbench implements WorkbenchClient {
  readonly requests: { name: CallName; request: unknown }[] = [];
  closed = false;
  /** Of the last call. */
  signal: AbortSignal | undefined;
  readonly #answers: Answers;
  #listeners: ((event: WorkbenchEvent) => void)[] = [];

  constructor(answers: Answers) {
    this.#answers = answers;
  }

  call: WorkbenchClient['call'] = async (name, request, options) => {
    this.requests.push({ name, request: calls[name].request.parse(request) });
    this.signal = options?.signal;
    const prepared = this.#answers[name];
    const answer: unknown =
      typeof prepared === 'function'
        ? (prepared as (request: unknown) => unknown)(request)
        : prepared;
    if (answer instanceof Error) throw answer;
    return calls[name].reply.parse(await answer) as never;
  };

  subscribe(listener: (event: WorkbenchEvent) => void): () => void {
    this.#listeners.push(listener);
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  publish(event: WorkbenchEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

export interface MemoryEnvironment extends Environment {
  readonly stdout: MemoryOutput;
  readonly stderr: MemoryOutput;
  readonly homes: (string | undefined)[];
  /** Presses Ctrl-C, at once or as soon as somebody listens. */
  interrupt(): void;
}

export function memoryEnvironment(workbench: WorkbenchClient): MemoryEnvironment {
  const homes: (string | undefined)[] = [];
  let listeners: (() => void)[] = [];
  let pressed = false;
  return {
    stdout: memoryOutput(),
    stderr: memoryOutput(),
    homes,
    async openWorkbench(home) {
      homes.push(home);
      return workbench;
    },
    async confirm() {
      return undefined;
    },
    onInterrupt(listener) {
      listeners.push(listener);
      if (pressed) setImmediate(listener);
      pressed = false;
      return () => {
        listeners = listeners.filter((other) => other !== listener);
      };
    },
    interrupt() {
      pressed = listeners.length === 0;
      for (const listener of listeners) listener();
    },
  };
}

type Evaluation = RunDetail['evaluations'][number];

export function evaluation(changes: Partial<Evaluation>): Evaluation {
  return {
    name: 'source',
    role: 'source',
    split: 'test',
    phase: 'before',
    step: 0,
    nll: 3,
    tokens: 100,
    setHash: 'a91f',
    ...changes,
  };
}

export function runDetail(changes: Partial<RunDetail> = {}): RunDetail {
  return {
    id: 'run-1',
    project: 'project-1',
    projectName: 'pilot',
    name: 'sdt-seed-1',
    purpose: 'result',
    strategy: 'sdt',
    parts: {},
    alpha: null,
    seed: 1,
    state: 'completed',
    step: 1500,
    totalSteps: 1500,
    engine: 'cpu',
    device: 'ONNX Runtime, CPU, 2 threads',
    createdAt: '2026-11-23T18:00:00.000Z',
    startedAt: '2026-11-23T18:00:01.000Z',
    endedAt: '2026-11-23T18:10:00.000Z',
    configurationHash: 'c0ffee',
    tags: [],
    note: null,
    archivedAt: null,
    sourceNll: null,
    targetNll: null,
    error: null,
    folder: '/home/runs/run-1',
    attempts: 1,
    threads: 2,
    versions: {},
    configuration: {},
    evaluations: [
      evaluation({ role: 'source', phase: 'before', nll: 3 }),
      evaluation({ role: 'target', phase: 'before', nll: 4 }),
      evaluation({ role: 'source', phase: 'after', nll: 3.5 }),
      evaluation({ role: 'target', phase: 'after', nll: 2.25 }),
    ],
    checkpoints: [],
    latest: {},
    conventions: null,
    rehearsal: null,
    fisher: null,
    guard: null,
    ...changes,
  };
}
