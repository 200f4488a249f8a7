/** What a run that did not end well needs, in words. */
import type { RunEvent } from '../../core/training/events.ts';
import type { RunDetail, RunSummary } from '../../core/workbench/contract.ts';
import { formatCount, formatNats } from './format.ts';

export interface Trouble {
  readonly tone: 'warn' | 'bad';
  readonly title: string;
  readonly text: string;
  /** The words of the button that resumes. */
  readonly resume: string;
}

/**
 * The step from which a run would be resumed. What was heard of the present attempt may be newer than
 * what was read: the last checkpoint of a host that is closing can be heard of, but not asked for.
 */
export function lastCheckpointStep(
  checkpoints: RunDetail['checkpoints'],
  events: readonly RunEvent[],
): number | undefined {
  const started = events.findLastIndex(({ type }) => type === 'started');
  const heard = events.slice(started + 1).findLast(({ type }) => type === 'checkpoint')?.step;
  const read = checkpoints.at(-1)?.step;
  return read === undefined ? heard : Math.max(read, heard ?? 0);
}

/** "Resume from step 1,200"; "Start again" for a run without a checkpoint. */
export function resumeWords(
  run: Pick<RunSummary, 'state'>,
  checkpointStep: number | undefined,
): string {
  if (checkpointStep !== undefined) return `Resume from step ${formatCount(checkpointStep)}`;
  return run.state === 'paused' ? 'Resume' : 'Start again';
}

/** Undefined for a run that goes on, has ended as it should, or was ended by a person. */
export function runTrouble(
  run: Pick<RunSummary, 'state' | 'error' | 'step'>,
  checkpointStep: number | undefined,
): Trouble | undefined {
  if (run.state !== 'failed' && run.state !== 'interrupted') return undefined;
  const resume = resumeWords(run, checkpointStep);
  const lost =
    checkpointStep === undefined
      ? 'No checkpoint was written, so it begins anew.'
      : checkpointStep < run.step
        ? `The checkpoint of step ${formatCount(checkpointStep)} is kept; ${formatCount(run.step - checkpointStep)} steps are done again.`
        : `The checkpoint of step ${formatCount(checkpointStep)} is kept; nothing is lost.`;
  const at = `at step ${formatCount(run.step)}`;
  if (run.state === 'interrupted' && run.error === null) {
    return {
      tone: 'warn',
      title: `Interrupted ${at}.`,
      text: `Palimpsest was closed while the run was at work. ${lost}`,
      resume,
    };
  }
  const what = run.error === null ? '' : `${run.error.message} `;
  // How it is resumed is said by the button.
  const hint = run.error?.code === 'run/interrupted' ? '' : (run.error?.hint ?? '');
  return {
    tone: run.state === 'failed' ? 'bad' : 'warn',
    title: run.state === 'failed' ? `The run failed ${at}.` : `Interrupted ${at}.`,
    text: `${what}${lost} ${hint}`.trimEnd(),
    resume,
  };
}

/** What the forgetting guard did, as two sentences. */
export function guardWords({
  step,
  action,
  nll,
  bound,
  keptStep,
}: NonNullable<RunDetail['guard']>): string {
  const kept =
    action === 'stop'
      ? `Training ended with the weights of that step.`
      : keptStep === 0
        ? 'No step was within the bound: the run ends with the weights of the base model.'
        : `The run ends with the weights of step ${formatCount(keptStep)}, the best within the bound.`;
  const why =
    nll === null
      ? 'the run diverged: its gradients or its loss were no finite numbers any more.'
      : `the source loss on validation was ${formatNats(nll)}, above the bound of ${formatNats(bound)} nats a token.`;
  return `At step ${formatCount(step)} ${why} ${kept}`;
}
