/** The estimate of the project in the wizard: kept while the project stays what was estimated. */
import type { ProjectFile } from '../../core/workbench/projectFile.ts';
import type { Estimate } from '../../core/workbench/schemas/estimate.ts';
import { isAborted, reportOf } from '../client/errors.ts';
import type { ErrorReport } from '../client/errors.ts';
import type { Progress } from './activities.svelte.ts';
import { workbench } from './workbench.svelte.ts';

/** While a person still types, nothing is begun. */
const REST_MILLISECONDS = 600;
/** What was measured so long before its screen is seen again is measured anew: the machine has changed. */
const KEPT_MILLISECONDS = 5 * 60_000;

export type EstimateState =
  | { readonly kind: 'none' }
  | { readonly kind: 'working' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly error: ErrorReport }
  | { readonly kind: 'done'; readonly estimate: Estimate };

export class ProjectEstimate {
  #state = $state.raw<EstimateState>({ kind: 'none' });
  #progress = $state.raw<Progress | undefined>(undefined);
  #key: string | undefined;
  #stop: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #forgetting: ReturnType<typeof setTimeout> | undefined;

  get state(): EstimateState {
    return this.#state;
  }

  get progress(): Progress | undefined {
    return this.#progress;
  }

  /**
   * Estimates the project unless that has been done or is under way; `key` is what makes it another one.
   * While there is none to be estimated (any more) nothing is measured: it could not be seen or stopped.
   */
  want(project: ProjectFile | undefined, key: string): void {
    if (project === undefined) {
      this.leave();
      return;
    }
    clearTimeout(this.#forgetting);
    if (key === this.#key && this.#state.kind !== 'none') return;
    this.#begin(project, key, REST_MILLISECONDS);
  }

  /** Once more, whatever is there. */
  repeat(project: ProjectFile, key: string): void {
    this.#begin(project, key, 0);
  }

  /** The person stops it: it is not begun again by itself. */
  stop(): void {
    this.#end();
    this.#state = { kind: 'stopped' };
  }

  /** Its screen is left: what is not done is begun anew at the next visit. */
  leave(): void {
    this.#end();
    if (this.#state.kind === 'working') this.#state = { kind: 'none' };
    clearTimeout(this.#forgetting);
    this.#forgetting = setTimeout(() => {
      if (this.#state.kind === 'done') this.#state = { kind: 'none' };
    }, KEPT_MILLISECONDS);
  }

  #begin(project: ProjectFile, key: string, rest: number): void {
    clearTimeout(this.#forgetting);
    this.#end();
    this.#key = key;
    this.#state = { kind: 'working' };
    this.#timer = setTimeout(() => void this.#estimate(project), rest);
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#stop?.abort();
    this.#stop = undefined;
    this.#progress = undefined;
  }

  async #estimate(project: ProjectFile): Promise<void> {
    const stop = new AbortController();
    this.#stop = stop;
    const isCurrent = (): boolean => this.#stop === stop;
    try {
      const estimate = await workbench.call(
        'projects/estimate',
        { project },
        {
          signal: stop.signal,
          onProgress: (event) => {
            if (event.type === 'progress' && isCurrent()) this.#progress = event;
          },
        },
      );
      if (isCurrent()) this.#state = { kind: 'done', estimate };
    } catch (error) {
      if (!isCurrent()) return;
      // Stopped from the list of activities.
      this.#state = isAborted(error)
        ? { kind: 'stopped' }
        : { kind: 'failed', error: reportOf(error) };
    } finally {
      if (isCurrent()) this.#end();
    }
  }
}

export const projectEstimate = new ProjectEstimate();
