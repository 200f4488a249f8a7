/** Long calls at work, of this window and of others: an import goes on when its window is reloaded. */
import type { WorkbenchEvent } from '../../core/workbench/contract.ts';

export type Progress = Extract<WorkbenchEvent, { type: 'progress' }>;

export interface Activity {
  /** Names the call for whoever wants to stop it. */
  readonly call: string;
  readonly progress: Progress;
  /** Begun by another window, or by this one before it was reloaded. */
  readonly isForeign: boolean;
}

/** A foreign call has no end that is heard of: it is taken for done when it was silent so long. */
const SILENT_MILLISECONDS = 8000;

export class Activities {
  #list = $state.raw<readonly Activity[]>([]);
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #own = new Set<string>();
  /** Hears that a foreign call seems to have ended. */
  onForeignEnd: () => void = () => undefined;

  get list(): readonly Activity[] {
    return this.#list;
  }

  /** Progress of a call that this window made; `end` is called when it has an answer. */
  ofOwn(progress: Progress): void {
    this.#own.add(progress.call);
    this.#put({ call: progress.call, progress, isForeign: false });
  }

  ofForeign(progress: Progress): void {
    if (this.#own.has(progress.call)) return;
    this.#put({ call: progress.call, progress, isForeign: true });
    clearTimeout(this.#timers.get(progress.call));
    this.#timers.set(
      progress.call,
      setTimeout(() => {
        this.end(progress.call);
        this.onForeignEnd();
      }, SILENT_MILLISECONDS),
    );
  }

  /**
   * An own call may have gone on at the host: when a break took its answer, it is heard of again as one
   * of another window.
   */
  end(call: string): void {
    this.#own.delete(call);
    clearTimeout(this.#timers.get(call));
    this.#timers.delete(call);
    this.#list = this.#list.filter((activity) => activity.call !== call);
  }

  #put(activity: Activity): void {
    const known = this.#list.findIndex(({ call }) => call === activity.call);
    this.#list = known < 0 ? [...this.#list, activity] : this.#list.with(known, activity);
  }
}

export const activities = new Activities();
