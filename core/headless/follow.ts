/** Follows runs to their ends, shows where they stand, and pauses them on Ctrl-C. */
import type { RunSummary, WorkbenchClient, WorkbenchEvent } from '../workbench/contract.ts';
import { isAtRest } from '../workbench/runStates.ts';
import type { Environment } from './environment.ts';
import { formatCount, formatDuration, formatNats } from './output/format.ts';
import { ProgressLine } from './output/progressLine.ts';

/** Events may be lost on their way from another process; the state of a run is not. */
const POLL_MILLISECONDS = 2000;

export interface Followed {
  readonly runs: readonly RunSummary[];
  /** Ctrl-C was pressed and every run has stopped. */
  readonly interrupted: boolean;
}

/** Waits until every run of `ids` is at rest; pauses them when `stop` fires or has fired. */
export async function followRuns(
  workbench: WorkbenchClient,
  ids: readonly string[],
  environment: Environment,
  stop: AbortSignal,
): Promise<Followed> {
  const display = new RunDisplay(new ProgressLine(environment.stderr));
  const runs = new Map<string, RunSummary>();
  let wake = (): void => {};
  const onStop = (): void => {
    wake();
  };
  stop.addEventListener('abort', onStop);
  const unsubscribe = workbench.subscribe((event) => {
    if (event.type === 'run/state' && ids.includes(event.run.id)) {
      runs.set(event.run.id, event.run);
      display.state(event.run);
      wake();
    } else if (event.type === 'run/event') display.event(event.event);
  });
  let pausing = false;
  try {
    for (;;) {
      for (const id of ids) {
        const run = await workbench.call('runs/show', { run: id });
        runs.set(id, run);
        display.state(run);
      }
      const moving = [...runs.values()].filter(({ state }) => !isAtRest(state));
      if (moving.length === 0) break;
      if (stop.aborted && !pausing) {
        display.note('Saving a checkpoint of each run; press Ctrl-C again to leave at once.');
        pausing = true;
        await pauseAll(workbench, moving);
        continue;
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, POLL_MILLISECONDS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    unsubscribe();
    stop.removeEventListener('abort', onStop);
    display.end();
  }
  return { runs: ids.flatMap((id) => runs.get(id) ?? []), interrupted: stop.aborted };
}

async function pauseAll(workbench: WorkbenchClient, runs: readonly RunSummary[]): Promise<void> {
  // Queued ones first, so that none starts when the running one makes room.
  const ordered = [...runs].sort((a) => (a.state === 'queued' ? -1 : 1));
  for (const { id } of ordered) {
    try {
      await workbench.call('runs/pause', { run: id });
    } catch (error) {
      // It may have ended in the meantime.
      const { state } = await workbench.call('runs/show', { run: id });
      if (!isAtRest(state)) throw error;
    }
  }
}

type RunEvent = Extract<WorkbenchEvent, { type: 'run/event' }>['event'];

class RunDisplay {
  readonly #line: ProgressLine;
  readonly #runs = new Map<string, RunSummary>();
  /** Where each run was when it was first seen in this attempt, to tell its pace. */
  readonly #firstSeen = new Map<string, { step: number; time: number }>();

  constructor(line: ProgressLine) {
    this.#line = line;
  }

  state(run: RunSummary): void {
    const before = this.#runs.get(run.id);
    this.#runs.set(run.id, run);
    if (before !== undefined && before.state !== run.state) {
      this.#line.note(`${label(run)}: ${run.state}${run.error ? `, ${run.error.message}` : ''}`);
    }
  }

  event(event: RunEvent): void {
    const run = this.#runs.get(event.run);
    if (run === undefined) return;
    if (event.type === 'evaluation') {
      // A run without steps ends as it began.
      if (event.phase === 'after' && event.step === 0) return;
      const when = event.phase === 'during' ? `step ${formatCount(event.step)}` : event.phase;
      const what = `${event.role} ${event.split} ${formatNats(event.nll)} nats a token`;
      this.#line.note(`${label(run)}: ${when}, ${what}`);
    } else if (event.type === 'metrics') {
      this.#line.update(liveText(run, event.step, event.values, this.#secondsLeft(run, event)));
    } else if (event.type === 'log' && event.level !== 'info') {
      this.#line.note(`${label(run)}: ${event.message}`);
    }
  }

  #secondsLeft(run: RunSummary, { step, time }: RunEvent): number | undefined {
    const now = Date.parse(time) / 1000;
    const first = this.#firstSeen.get(run.id);
    if (first === undefined || step < first.step) this.#firstSeen.set(run.id, { step, time: now });
    if (first === undefined || step <= first.step || run.totalSteps === null) return undefined;
    return ((now - first.time) / (step - first.step)) * (run.totalSteps - step);
  }

  note(text: string): void {
    this.#line.note(text);
  }

  end(): void {
    this.#line.clear();
  }
}

function label({ strategy, seed }: RunSummary): string {
  return `${strategy.toUpperCase()} seed ${seed}`;
}

/** "SDT seed 1: step 120 of 1,500, loss 3.412, 9,800 tokens/s, 2 min 10 s left". */
export function liveText(
  run: RunSummary,
  step: number,
  values: Readonly<Record<string, number>>,
  secondsLeft: number | undefined,
): string {
  const of = run.totalSteps === null ? '' : ` of ${formatCount(run.totalSteps)}`;
  const parts = [`step ${formatCount(step)}${of}`];
  const loss = values['train/target_loss'];
  if (loss !== undefined) parts.push(`loss ${formatNats(loss)}`);
  const speed = values['train/tokens_per_second'];
  if (speed !== undefined) parts.push(`${formatCount(speed)} tokens/s`);
  if (secondsLeft !== undefined) parts.push(`${formatDuration(secondsLeft)} left`);
  return `${label(run)}: ${parts.join(', ')}`;
}
