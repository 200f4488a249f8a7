/** Follows runs to their ends, shows where they stand, and pauses them on Ctrl-C. */
import { choiceText } from '../results/choices.ts';
import type { LambdaChoice } from '../workbench/results.ts';
import type { RunSummary, WorkbenchClient, WorkbenchEvent } from '../workbench/contract.ts';
import { isAtRest } from '../workbench/runStates.ts';
import type { Environment } from './environment.ts';
import { formatCount, formatDuration, formatNats } from './output/format.ts';
import { ProgressLine } from './output/progressLine.ts';
import { describeGuard } from './output/runReports.ts';
import { runTitle } from './output/runTitle.ts';

/** Events may be lost on their way from another process; the state of a run is not. */
const POLL_MILLISECONDS = 2000;
/** For how many polls nothing may move while more runs are expected. */
const STILL_POLLS = 6;

/** What there is to follow, as it stands. */
export interface Look {
  readonly runs: readonly RunSummary[];
  readonly choices: readonly LambdaChoice[];
  /** More runs will come by themselves. */
  readonly expectsMore: boolean;
}

export interface Followed {
  readonly runs: readonly RunSummary[];
  /** Ctrl-C was pressed and every run has stopped. */
  readonly interrupted: boolean;
  /** More runs were expected and did not come. */
  readonly stalled: boolean;
}

/** Waits until the run is at rest; pauses it when `stop` fires or has fired. */
export function followRun(
  workbench: WorkbenchClient,
  run: string,
  environment: Environment,
  stop: AbortSignal,
): Promise<Followed> {
  const look = async (): Promise<Look> => ({
    runs: [await workbench.call('runs/show', { run })],
    choices: [],
    expectsMore: false,
  });
  return followRuns(workbench, look, environment, stop);
}

/**
 * Waits until every run that `look` sees is at rest and none is to come; pauses them all when `stop`
 * fires or has fired.
 */
export async function followRuns(
  workbench: WorkbenchClient,
  look: () => Promise<Look>,
  environment: Environment,
  stop: AbortSignal,
  pollMilliseconds = POLL_MILLISECONDS,
): Promise<Followed> {
  const display = new RunDisplay(new ProgressLine(environment.stderr));
  let wake = (): void => {};
  const wait = (): Promise<'event' | 'time'> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, pollMilliseconds, 'time');
      wake = () => {
        clearTimeout(timer);
        resolve('event');
      };
    });
  const onStop = (): void => {
    wake();
  };
  stop.addEventListener('abort', onStop);
  /** What was told while a look was under way is newer than what it saw. */
  const newer = new Map<string, RunSummary>();
  const unsubscribe = workbench.subscribe((event) => {
    if (event.type === 'run/state') {
      newer.set(event.run.id, event.run);
      display.change(event.run);
      wake();
    } else if (event.type === 'project/changed') wake();
    else if (event.type === 'run/event') display.event(event.event);
  });
  let isTold = false;
  let still = 0;
  try {
    for (;;) {
      newer.clear();
      const { choices, expectsMore, ...seen } = await look();
      const runs = seen.runs.map((run) => newer.get(run.id) ?? run);
      for (const run of runs) display.state(run);
      display.choices(choices);
      const moving = runs.filter(({ state }) => !isAtRest(state));
      const interrupted = stop.aborted;
      if (moving.length > 0) still = 0;
      else if (!expectsMore || still > STILL_POLLS) {
        return { runs, interrupted, stalled: expectsMore };
      }
      if (interrupted && moving.length > 0) {
        if (!isTold) {
          display.note('Saving a checkpoint of each run; press Ctrl-C again to leave at once.');
        }
        isTold = true;
        await pauseAll(workbench, moving);
        continue;
      }
      if ((await wait()) === 'time') still++;
    }
  } finally {
    unsubscribe();
    stop.removeEventListener('abort', onStop);
    display.end();
  }
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
  /** Choices that were not made at the last look. */
  #open = new Set<string>();
  /** Where each run was when it was first seen in this attempt, to tell its pace. */
  readonly #firstSeen = new Map<string, { step: number; time: number }>();

  constructor(line: ProgressLine) {
    this.#line = line;
  }

  /** A change of a run that is followed; others are not ours. */
  change(run: RunSummary): void {
    if (this.#runs.has(run.id)) this.state(run);
  }

  state(run: RunSummary): void {
    const before = this.#runs.get(run.id);
    this.#runs.set(run.id, run);
    if (run.waitsFor !== undefined && run.waitsFor !== before?.waitsFor) {
      this.#line.note(`${runTitle(run)}: ${run.waitsFor}`);
    }
    if (before !== undefined && before.state !== run.state) {
      this.#line.note(`${runTitle(run)}: ${run.state}${run.error ? `, ${run.error.message}` : ''}`);
    }
  }

  /** Tells once of each choice that is made while it looks. */
  choices(choices: readonly LambdaChoice[]): void {
    const open = this.#open;
    this.#open = new Set();
    for (const choice of choices) {
      const key = keyOf(choice);
      if (!choice.candidates.some(({ chosen }) => chosen)) this.#open.add(key);
      else if (open.has(key)) this.#line.note(choiceText(choice));
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
      this.#line.note(`${runTitle(run)}: ${when}, ${what}`);
    } else if (event.type === 'guard') {
      this.#line.note(`${runTitle(run)}: the forgetting guard ${describeGuard(event)}`);
    } else if (event.type === 'metrics') {
      this.#line.update(liveText(run, event.step, event.values, this.#secondsLeft(run, event)));
    } else if (event.type === 'log' && event.level !== 'info') {
      this.#line.note(`${runTitle(run)}: ${event.message}`);
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

/** What is chosen among; the steps may be counted later. */
function keyOf({ strategy, seed, sourceWeight, candidates }: LambdaChoice): string {
  const tried = candidates.map(({ parts }) => parts);
  return JSON.stringify([strategy, seed, sourceWeight, tried]);
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
  const sourceLoss = values['train/source_loss'];
  if (sourceLoss !== undefined) parts.push(`source loss ${formatNats(sourceLoss)}`);
  const ratio = values['train/penalty_ratio'];
  if (ratio !== undefined) parts.push(`penalty to task ${ratio.toPrecision(2)}`);
  const projected = values['train/projection_rate'];
  if (projected !== undefined) parts.push(`projected ${Math.round(100 * projected)} %`);
  const speed = values['train/tokens_per_second'];
  if (speed !== undefined) parts.push(`${formatCount(speed)} tokens/s`);
  if (secondsLeft !== undefined) parts.push(`${formatDuration(secondsLeft)} left`);
  return `${runTitle(run)}: ${parts.join(', ')}`;
}
