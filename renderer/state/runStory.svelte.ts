/** One run as its screen tells it: details, log and changes, read whole and kept fresh. */
import type { RunEvent } from '../../core/training/events.ts';
import type { RunChange, RunDetail, WorkbenchEvent } from '../../core/workbench/contract.ts';
import { isAborted, reportOf } from '../client/errors.ts';
import type { ErrorReport } from '../client/errors.ts';
import { mergeEvents } from '../lib/runLog.ts';
import { workbench } from './workbench.svelte.ts';

/** Between two readings of the details: events may come many a second. */
const LEAST_PAUSE_MILLISECONDS = 1000;

export class RunStory {
  readonly run: string;
  #detail = $state.raw<RunDetail | undefined>(undefined);
  #error = $state.raw<ErrorReport | undefined>(undefined);
  #events = $state.raw<readonly RunEvent[] | undefined>(undefined);
  #logError = $state.raw<ErrorReport | undefined>(undefined);
  #changes = $state.raw<readonly RunChange[] | undefined>(undefined);
  #changesError = $state.raw<ErrorReport | undefined>(undefined);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #readAt = 0;

  constructor(run: string) {
    this.run = run;
  }

  get detail(): RunDetail | undefined {
    return this.#detail;
  }

  /** Why there are no details. */
  get error(): ErrorReport | undefined {
    return this.#error;
  }

  /** All but the metrics; undefined until they were read. */
  get events(): readonly RunEvent[] | undefined {
    return this.#events;
  }

  get logError(): ErrorReport | undefined {
    return this.#logError;
  }

  /** Of a run that has ended; undefined until they were read. */
  get changes(): readonly RunChange[] | undefined {
    return this.#changes;
  }

  get changesError(): ErrorReport | undefined {
    return this.#changesError;
  }

  /** Reads everything and follows the run until the returned function is called: for an $effect. */
  follow(): () => void {
    let early: RunEvent[] | undefined = [];
    const readLog = async (): Promise<void> => {
      early = [];
      try {
        const read = await workbench.call('runs/log', { run: this.run });
        this.#events = mergeEvents(read, early);
        this.#logError = undefined;
      } catch (error) {
        if (!isAborted(error)) this.#logError = reportOf(error);
      } finally {
        early = undefined;
      }
    };
    const stop = workbench.subscribe((message: WorkbenchEvent) => {
      if (message.type === 'run/state' && message.run.id === this.run) {
        this.refreshSoon();
      } else if (message.type === 'runs/changed' && message.runs.includes(this.run)) {
        this.refreshSoon();
      } else if (message.type === 'run/event' && message.event.run === this.run) {
        const { event } = message;
        if (event.type === 'metrics') return;
        if (early === undefined) this.#events = mergeEvents(this.#events ?? [], [event]);
        else early.push(event);
        this.refreshSoon();
      }
    });
    void this.refresh();
    void readLog();
    const stopReopened = workbench.onReopened(() => {
      void this.refresh();
      void readLog();
    });
    return () => {
      stop();
      stopReopened();
      clearTimeout(this.#timer);
    };
  }

  /** Reads the details anew, and what depends on them. Never rejects. */
  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#readAt = Date.now();
    try {
      const detail = await workbench.call('runs/show', { run: this.run });
      const isNewlyEnded = detail.endedAt !== this.#detail?.endedAt || this.#changes === undefined;
      this.#detail = detail;
      this.#error = undefined;
      if (isNewlyEnded) await this.#readChanges();
    } catch (error) {
      if (!isAborted(error)) this.#error = reportOf(error);
    }
  }

  refreshSoon(): void {
    if (this.#timer !== undefined) return;
    const pause = Math.max(0, this.#readAt + LEAST_PAUSE_MILLISECONDS - Date.now());
    this.#timer = setTimeout(() => void this.refresh(), pause);
  }

  async #readChanges(): Promise<void> {
    try {
      this.#changes = await workbench.call('runs/changes', { run: this.run });
      this.#changesError = undefined;
    } catch (error) {
      if (!isAborted(error)) this.#changesError = reportOf(error);
    }
  }
}
