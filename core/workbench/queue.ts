/**
 * Runs the queued runs, one at a time. All that is known of a run is in the database and its folder;
 * the queue holds only the job at work.
 */
import { mkdir } from 'node:fs/promises';
import { UserError, reportError } from '../base/errors.ts';
import type { ErrorReport } from '../base/errors.ts';
import type { RunRecord } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { asStoreError } from '../store/storeErrors.ts';
import { readEvents } from '../training/eventLog.ts';
import type { RunEvent } from '../training/events.ts';
import type { RunOutcome } from '../training/jobProtocol.ts';
import type { RunSpecification } from '../training/configuration.ts';
import { isRunLocked } from '../training/runLock.ts';
import type { RunDetail, RunState, WorkbenchEvent } from './contract.ts';
import { resolveInHome } from './home.ts';
import type { Home } from './home.ts';
import type { StartProcess } from './hostProcess.ts';
import { isNext, reconcile, takeIn } from './ingestion.ts';
import { toRunSummary } from './records.ts';
import { isAtRest, requireAllowed } from './runStates.ts';
import { outlast } from './staleJob.ts';
import { loadSpecification } from './storedSpecification.ts';
import { DEFAULT_PATIENCE, startTraining } from './trainingProcess.ts';
import type { Patience, TrainingEnd, TrainingProcess } from './trainingProcess.ts';

export interface QueueOptions {
  readonly home: Home;
  readonly store: Store;
  readonly startProcess: StartProcess;
  readonly publish: (event: WorkbenchEvent) => void;
  /** Called before a run starts; what it throws becomes the run's failure. */
  readonly prepare: (run: RunRecord, specification: RunSpecification) => Promise<void>;
  /** Called when a run that was at work has come to rest and its state is written down. */
  readonly settled?: (run: RunRecord) => void;
  readonly patience?: Patience;
}

/** Why the job at work was told to stop. */
type Wish = 'pause' | 'cancel' | 'close';

interface Work {
  readonly runId: string;
  /** Why it has not begun: the job of an earlier owner still works in the run's folder. */
  waitsFor: string | undefined;
  process: TrainingProcess | undefined;
  wish: Wish | undefined;
  readonly finished: Promise<void>;
}

export class RunQueue {
  readonly #options: QueueOptions;
  /** Runs admitted in this session; others that wait in the database are left alone. */
  readonly #admitted = new Set<string>();
  #work: Work | undefined;
  #closed = false;
  /** Why nothing is started any more: the database could not be written. */
  #fault: ErrorReport | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Lets runs that are queued in the database start, in the queue's order. */
  admit(runIds: Iterable<string>): void {
    for (const id of runIds) this.#admitted.add(id);
    this.#advance();
  }

  /** Running, or waiting for its turn in this session. */
  isAtWork({ id, state }: Pick<RunRecord, 'id' | 'state'>): boolean {
    return state === 'running' || (state === 'queued' && this.#admitted.has(id));
  }

  /** A run is at work or about to be. */
  get isBusy(): boolean {
    return this.#work !== undefined;
  }

  /** Resolves when the run is paused: at once when it waits, after a checkpoint when it runs. */
  async pause(run: RunRecord): Promise<void> {
    requireAllowed('pause', run);
    if (this.#isTaken(run)) await this.#stop(run, 'pause');
    else this.#change(run.id, 'paused', { queuePosition: null });
  }

  async cancel(run: RunRecord): Promise<void> {
    requireAllowed('cancel', run);
    if (this.#isTaken(run)) await this.#stop(run, 'cancel');
    else this.#change(run.id, 'cancelled', { queuePosition: null, endedAt: now() });
  }

  /** Puts the run at the end of the queue; it goes on from its last checkpoint. */
  resume(run: RunRecord): void {
    // It waits since an earlier session, or since a moment ago: either way it may start now.
    if (run.state === 'queued') {
      this.admit([run.id]);
      return;
    }
    requireAllowed('resume', run);
    const { store } = this.#options;
    this.#change(run.id, 'queued', {
      queuePosition: store.runs.nextQueuePosition(),
      error: null,
      endedAt: null,
      continueOnStart: false,
    });
    this.admit([run.id]);
  }

  /** Saves the run at work in a checkpoint, marks it to go on at the next start, and starts nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    const work = this.#work;
    if (work === undefined) return;
    work.wish ??= 'close';
    work.process?.pause();
    await work.finished;
  }

  /**
   * A run as it stands: what it waits for besides its turn, and once the database fails, what it says
   * of runs at work is no longer so.
   */
  asItStands<Run extends Pick<RunDetail, 'id' | 'state' | 'error' | 'waitsFor'>>(run: Run): Run {
    if (this.#work?.waitsFor !== undefined && this.#work.runId === run.id) {
      return { ...run, waitsFor: this.#work.waitsFor };
    }
    if (this.#fault === undefined || isAtRest(run.state)) return run;
    return { ...run, state: 'interrupted', error: this.#fault };
  }

  #advance(): void {
    if (this.#closed || this.#work !== undefined) return;
    const next = this.#options.store.runs.queued().find(({ id }) => this.#admitted.has(id));
    if (next === undefined) return;
    const { promise: finished, resolve } = Promise.withResolvers<void>();
    const work: Work = {
      runId: next.id,
      waitsFor: undefined,
      process: undefined,
      wish: undefined,
      finished,
    };
    this.#work = work;
    void this.#execute(next, work)
      .catch((error: unknown) => {
        this.#giveUp(next, error);
      })
      .finally(() => {
        this.#work = undefined;
        resolve();
        this.#advance();
      });
  }

  /** The database itself fails: nothing more is started, and the next start finds the run stale. */
  #giveUp(run: RunRecord, error: unknown): void {
    this.#closed = true;
    this.#fault = this.#report(error);
    this.#options.publish({ type: 'run/state', run: this.asItStands(toRunSummary(run)) });
  }

  async #execute(run: RunRecord, work: Work): Promise<void> {
    const { store, home } = this.#options;
    try {
      const runFolder = resolveInHome(home, run.folder);
      if (isRunLocked(runFolder) && !(await this.#outlast(run, runFolder, work))) return;
      this.#change(run.id, 'running', { queuePosition: null, error: null, endedAt: null });
      const specification = loadSpecification(home, run.configuration);
      await mkdir(specification.runFolder, { recursive: true, mode: 0o700 });
      await this.#options.prepare(run, specification);
      reconcile(store, run.id, specification.runFolder);
      if (work.wish !== undefined) {
        this.#settle(run.id, OUTCOME_OF[work.wish], undefined, work.wish);
        return;
      }
      const end = await this.#train(run, specification, work);
      const [outcome, error] = this.#verdict(run.id, specification.runFolder, end);
      this.#settle(run.id, outcome, error, work.wish);
    } catch (error) {
      this.#settle(run.id, 'failed', this.#report(error), work.wish);
    }
  }

  /**
   * Waits, the run still queued, for the job of an earlier owner; false when the run is not to begin
   * after all. Its process id stays known for as long as it may be at work.
   */
  async #outlast(run: RunRecord, runFolder: string, work: Work): Promise<boolean> {
    work.waitsFor =
      'The training job of an earlier start still saves its checkpoint; the run goes on when it has ended.';
    this.#announce(run.id);
    const { earlierJob } = this.#options.patience ?? DEFAULT_PATIENCE;
    const job = { runId: run.id, runFolder, pid: run.jobPid };
    try {
      const isGone = await outlast(job, earlierJob, () => work.wish !== undefined);
      work.waitsFor = undefined;
      if (isGone && work.wish === undefined) return true;
    } catch (error) {
      work.waitsFor = undefined;
      const why = { error: this.#report(error), endedAt: now(), queuePosition: null };
      this.#change(run.id, 'interrupted', why);
      return false;
    }
    // Closing leaves it queued.
    if (work.wish === 'pause') this.#change(run.id, 'paused', { queuePosition: null });
    if (work.wish === 'cancel') {
      this.#change(run.id, 'cancelled', { queuePosition: null, endedAt: now() });
    }
    return false;
  }

  #report(error: unknown): ErrorReport {
    return reportError(asStoreError(error, this.#options.home.database));
  }

  async #train(run: RunRecord, specification: RunSpecification, work: Work): Promise<TrainingEnd> {
    const { store, startProcess, publish, patience } = this.#options;
    const take = (event: RunEvent): void => {
      if (event.run !== run.id) return;
      const current = store.runs.find(run.id);
      if (current === undefined) return;
      const last = { attempt: current.lastAttempt, sequence: current.lastSequence };
      const applied = isNext(event, last)
        ? takeIn(store, run.id, [event])
        : reconcile(store, run.id, specification.runFolder);
      for (const each of applied) publish({ type: 'run/event', event: each });
      if (applied.some(({ type }) => type === 'started')) this.#announce(run.id);
    };
    const training = startTraining(
      startProcess,
      specification,
      (event) => {
        try {
          take(event);
        } catch {
          // The event is in the run's file: when the job ends it is taken in, or fails loudly.
        }
      },
      patience ?? DEFAULT_PATIENCE,
    );
    work.process = training;
    store.runs.update(run.id, { jobPid: training.pid ?? null });
    const end = await training.ended;
    for (const event of reconcile(store, run.id, specification.runFolder)) {
      publish({ type: 'run/event', event });
    }
    return end;
  }

  /** A job is believed when it says how it ended, by message or in its file; else it was interrupted. */
  #verdict(
    runId: string,
    runFolder: string,
    end: TrainingEnd,
  ): [RunOutcome, ErrorReport | undefined] {
    if (end.outcome !== undefined) return [end.outcome, end.error];
    const written = lastWord(runFolder, this.#options.store.runs.find(runId)?.settledAttempt ?? 0);
    if (written !== undefined) return [written.outcome, written.error];
    return ['interrupted', interruption(describeExit(end))];
  }

  #settle(
    runId: string,
    outcome: RunOutcome,
    error: ErrorReport | undefined,
    wish: Wish | undefined,
  ): void {
    const stopped = outcome === 'paused' || outcome === 'interrupted';
    const closing = wish === 'close' && stopped;
    const state: RunState =
      wish === 'cancel' && stopped ? 'cancelled' : closing ? 'interrupted' : outcome;
    this.#change(runId, state, {
      jobPid: null,
      endedAt: now(),
      settledAttempt: this.#options.store.runs.find(runId)?.lastAttempt ?? 0,
      error: state === 'cancelled' ? null : (error ?? null),
      continueOnStart: closing,
    });
    const run = this.#options.store.runs.find(runId);
    if (run !== undefined) this.#options.settled?.(run);
  }

  /** It is at work, or first in the queue and about to be. */
  #isTaken({ id, state }: Pick<RunRecord, 'id' | 'state'>): boolean {
    return state === 'running' || this.#work?.runId === id;
  }

  async #stop(run: RunRecord, wish: 'pause' | 'cancel'): Promise<void> {
    const work = this.#work;
    if (work?.runId !== run.id) {
      throw new Error(`run ${run.id} is marked running but is not at work`);
    }
    // To cancel overrides to pause, never the reverse.
    if (work.wish !== 'cancel') work.wish = wish;
    if (wish === 'pause') work.process?.pause();
    else work.process?.cancel();
    await work.finished;
  }

  #change(runId: string, state: RunState, change: Parameters<Store['runs']['update']>[1]): void {
    this.#options.store.runs.update(runId, { ...change, state });
    this.#announce(runId);
  }

  #announce(runId: string): void {
    const run = this.#options.store.runs.find(runId);
    if (run === undefined) return;
    this.#options.publish({ type: 'run/state', run: this.asItStands(toRunSummary(run)) });
  }
}

const OUTCOME_OF: Readonly<Record<Wish, RunOutcome>> = {
  pause: 'paused',
  cancel: 'cancelled',
  close: 'paused',
};

/**
 * What an owner that died left behind: runs that are marked running but have no owner. Their files
 * are taken in, and they become what the file says of its end, or interrupted.
 */
export function recoverStaleRuns(home: Home, store: Store): void {
  for (const run of store.runs.list({ state: 'running' })) {
    const runFolder = resolveInHome(home, run.folder);
    reconcile(store, run.id, runFolder);
    const settledAttempt = store.runs.find(run.id)?.lastAttempt ?? 0;
    const rest = restState(runFolder, run.settledAttempt);
    store.runs.update(run.id, { ...rest, queuePosition: null, settledAttempt });
  }
}

/** The state of a run that no job works on, as its file tells it. */
export function restState(
  runFolder: string,
  settledAttempt = 0,
): { state: RunState; error: ErrorReport | null; endedAt: string } {
  const written = lastWord(runFolder, settledAttempt);
  const state = written?.outcome ?? 'interrupted';
  const error =
    state === 'interrupted'
      ? interruption('Palimpsest ended while the run was at work')
      : (written?.error ?? null);
  return { state, error, endedAt: written?.time ?? now() };
}

type Ended = Extract<RunEvent, { type: 'ended' }>;

/** The last event of a run's file when it says how an attempt after `settledAttempt` ended. */
function lastWord(runFolder: string, settledAttempt: number): Ended | undefined {
  const last = readEvents(runFolder).at(-1);
  return last?.type === 'ended' && last.attempt > settledAttempt ? last : undefined;
}

function interruption(what: string): ErrorReport {
  return new UserError(
    'run/interrupted',
    `${what}; the run is interrupted.`,
    'Resume it to go on from its last checkpoint.',
  ).toJSON();
}

function describeExit({ exit, unresponsive }: TrainingEnd): string {
  if (unresponsive) return 'The training job did not answer and was ended';
  if (exit.signal !== null) return `The training job was ended by the signal ${exit.signal}`;
  if (exit.code === null) return 'The training job could not be started';
  return `The training job ended unexpectedly with code ${exit.code}`;
}

function now(): string {
  return new Date().toISOString();
}
