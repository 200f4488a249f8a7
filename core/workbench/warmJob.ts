/**
 * One job whose process stays for a while, because what it loads takes long: it answers one request
 * after the other and ends when nobody has asked for some time, when it is not welcome any more, or
 * with the Workbench.
 */
import { errorFromReport } from '../base/errors.ts';
import { abortedError, throwIfAborted } from './calls.ts';
import type { CallContext } from './calls.ts';
import type { HostProcess, StartProcess } from './hostProcess.ts';
import { jobEntryPath, jobs, messageFromWorkerSchema } from './jobContract.ts';
import type { JobReply, JobRequest, KeptJobName, MessageToWorker } from './jobContract.ts';
import { ABORT_PATIENCE, jobDied } from './jobs.ts';

/** Milliseconds without a request after which the process ends. */
const IDLE_MILLISECONDS = 120_000;

export interface WarmJobOptions<Name extends KeptJobName> {
  readonly name: Name;
  readonly startProcess: StartProcess;
  /** Asked after each answer: whether the process may stay and keep its memory. */
  readonly mayStay: () => boolean;
  /** For tests that cannot wait. */
  readonly idleMilliseconds?: number;
}

interface Turn {
  readonly report: CallContext['report'];
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Held {
  readonly process: HostProcess;
  turn: Turn | undefined;
}

export class WarmJob<Name extends KeptJobName> {
  readonly #options: WarmJobOptions<Name>;
  #held: Held | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  constructor(options: WarmJobOptions<Name>) {
    this.#options = options;
  }

  /** As RunJob. Requests wait for each other; one that is aborted rejects at once. */
  async call(request: JobRequest<Name>, context: CallContext): Promise<JobReply<Name>> {
    const { signal } = context;
    throwIfAborted(signal);
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = (): void => {
      reject(abortedError());
    };
    signal.addEventListener('abort', abort, { once: true });
    const turn = this.#last.then(() => this.#take(request, context));
    this.#last = turn.catch(() => undefined);
    try {
      return await Promise.race([turn, aborted]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Ends the process now, or after the request at work. */
  release(): void {
    if (this.#held?.turn === undefined) this.close();
  }

  /** Ends the process at once; a request at work fails. */
  close(): void {
    clearTimeout(this.#idle);
    this.#held?.process.kill();
    this.#held = undefined;
  }

  async #take(request: JobRequest<Name>, context: CallContext): Promise<JobReply<Name>> {
    const { signal, report } = context;
    const { name, mayStay, idleMilliseconds = IDLE_MILLISECONDS } = this.#options;
    throwIfAborted(signal);
    clearTimeout(this.#idle);
    const held = (this.#held ??= this.#start());
    const send = (message: MessageToWorker): void => {
      held.process.send(message);
    };
    let killTimer: NodeJS.Timeout | undefined;
    const abort = (): void => {
      send({ type: 'abort' });
      killTimer = setTimeout(() => {
        held.process.kill();
      }, ABORT_PATIENCE);
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      const reply = await new Promise<unknown>((resolve, reject) => {
        held.turn = { report, resolve, reject };
        send({ type: 'start', job: name, request });
      });
      return jobs[name].reply.parse(reply) as JobReply<Name>;
    } finally {
      signal.removeEventListener('abort', abort);
      clearTimeout(killTimer);
      held.turn = undefined;
      if (!mayStay()) this.close();
      // A process that waits for nobody does not keep the program alive.
      else this.#idle = setTimeout(() => this.close(), idleMilliseconds).unref();
    }
  }

  #start(): Held {
    const { name, startProcess } = this.#options;
    const held: Held = { process: startProcess(jobEntryPath(), [name]), turn: undefined };
    held.process.onMessage((raw) => {
      const message = messageFromWorkerSchema.safeParse(raw).data;
      if (message?.type === 'progress') held.turn?.report(message.progress);
      if (message?.type === 'done') held.turn?.resolve(message.reply);
      if (message?.type === 'failed') held.turn?.reject(errorFromReport(message.error));
    });
    held.process.onExit((exit) => {
      if (this.#held === held) this.#held = undefined;
      held.turn?.reject(jobDied(name, exit));
    });
    return held;
  }
}
