/** Work that a screen has begun, and that goes on when the screen is left. */
import { isAborted, reportOf } from '../client/errors.ts';
import type { ErrorReport } from '../client/errors.ts';
import type { CallOptions } from '../client/remoteWorkbench.ts';
import type { Progress } from './activities.svelte.ts';
import { toasts } from './toasts.svelte.ts';

export class ScreenTask {
  #stop = $state.raw<AbortController | undefined>();
  #progress = $state.raw<Progress | undefined>();
  #failure = $state.raw<ErrorReport | undefined>();
  #screens = 0;

  get isWorking(): boolean {
    return this.#stop !== undefined;
  }

  get progress(): Progress | undefined {
    return this.#progress;
  }

  /** Why the last work failed, while a screen is there that shows it. */
  get failure(): ErrorReport | undefined {
    return this.#failure;
  }

  /** Whether a screen shows how it goes; else the person is elsewhere and has to be told. */
  get isWatched(): boolean {
    return this.#screens > 0;
  }

  /**
   * Does the work, one at a time: while it goes on nothing else is begun. What it fails with is told on
   * its screen, or as a message where that was left. Never rejects.
   */
  async run(work: (options: CallOptions) => Promise<void>): Promise<void> {
    if (this.isWorking) return;
    const stop = new AbortController();
    this.#stop = stop;
    this.#failure = undefined;
    try {
      await work({
        signal: stop.signal,
        onProgress: (event) => {
          if (event.type === 'progress') this.#progress = event;
        },
      });
    } catch (error) {
      if (isAborted(error)) return;
      if (this.isWatched) this.#failure = reportOf(error);
      else toasts.showError(error);
    } finally {
      this.#stop = undefined;
      this.#progress = undefined;
    }
  }

  stop(): void {
    this.#stop?.abort();
  }

  /** The failure was read. */
  forget(): void {
    this.#failure = undefined;
  }

  /** A screen that shows how it goes, until the returned function is called: for an $effect. */
  attachScreen(): () => void {
    this.#screens++;
    return () => {
      this.#screens--;
      this.#failure = undefined;
    };
  }
}
