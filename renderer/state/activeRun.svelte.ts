/** The run at work, else one that is paused: how far it is, wherever the frame tells of it. */
import type { RunSummary } from '../../core/workbench/contract.ts';
import { progressWords } from '../lib/atWork.ts';
import { workbench } from './workbench.svelte.ts';

class ActiveRun {
  readonly #live = $derived(this.run === undefined ? undefined : workbench.live(this.run.id));
  readonly queued = $derived(workbench.openRuns.filter(({ state }) => state === 'queued').length);

  get run(): RunSummary | undefined {
    return workbench.activeRun;
  }

  get step(): number {
    return this.#live?.step ?? this.run?.step ?? 0;
  }

  get total(): number | null {
    return this.#live?.totalSteps ?? this.run?.totalSteps ?? null;
  }

  /** "pilot, ewc, seed 1" */
  get title(): string {
    const { run } = this;
    return run === undefined ? '' : `${run.projectName}, ${run.strategy}, seed ${run.seed}`;
  }

  get words(): string {
    const { run, total, step } = this;
    if (run === undefined) return '';
    const share = total === null || total <= 0 ? undefined : step / total;
    return progressWords(run.state, share, this.#live?.remaining(total)?.seconds);
  }
}

export const activeRun = new ActiveRun();
