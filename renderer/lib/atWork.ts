/** What is at work, in words: for the foot of the rail and the button that stands for it. */
import type { RunSummary } from '../../core/workbench/contract.ts';
import { formatDuration, formatPercent } from './format.ts';
import { stateLook } from './runStates.ts';

/** "40 % · 3 min left"; "starting" before there is a share, the state's word for one that rests. */
export function progressWords(
  state: RunSummary['state'],
  share: number | undefined,
  remainingSeconds: number | undefined,
): string {
  if (state === 'paused') return stateLook(state).word;
  const parts = [
    share === undefined ? 'starting' : formatPercent(share, 0),
    remainingSeconds === undefined ? '' : `${formatDuration(remainingSeconds)} left`,
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

/** "At work: copying 50 %; trial, ewc, seed 1: 40 %; 2 queued" */
export function workLabel(
  calls: readonly {
    readonly stage: string;
    readonly done: number;
    readonly total: number | null;
  }[],
  run: { readonly title: string; readonly words: string; readonly queued: number } | undefined,
): string {
  const parts = calls.map(({ stage, done, total }) =>
    total === null || total <= 0
      ? stage
      : `${stage} ${formatPercent(Math.min(1, done / total), 0)}`,
  );
  if (run !== undefined) {
    parts.push(`${run.title}: ${run.words}`);
    if (run.queued > 0) parts.push(`${run.queued} queued`);
  }
  return `At work: ${parts.join('; ')}`;
}
