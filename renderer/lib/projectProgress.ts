/** How far the runs of a project are, in what a list of projects says. */
import type { RunState, RunSummary } from '../../core/workbench/contract.ts';
import { isInView } from './archivedRuns.ts';
import { progressOf } from './runView.ts';

/** What a person has to know first: work, then trouble, then what rests, then the rest. */
const MOST_TELLING: readonly RunState[] = [
  'running',
  'failed',
  'interrupted',
  'paused',
  'queued',
  'completed',
  'cancelled',
];

export interface ProjectProgress {
  readonly completed: number;
  /** Runs that were not cancelled. */
  readonly wanted: number;
  /** Steps of all wanted runs that are done, as a share of each run, 0 to 1. */
  readonly share: number;
  readonly state: RunState;
  /** Runs in that state. */
  readonly inState: number;
}

/** Undefined for a project without runs. Archived ones only count when there are results in them. */
export function projectProgress(all: readonly RunSummary[]): ProjectProgress | undefined {
  const inView = all.filter(isInView);
  const runs = inView.length > 0 ? inView : all;
  const state = MOST_TELLING.find((candidate) => runs.some((run) => run.state === candidate));
  if (state === undefined) return undefined;
  const wanted = runs.filter((run) => run.state !== 'cancelled');
  const done = wanted.reduce((sum, run) => sum + (progressOf(run) ?? 0), 0);
  return {
    completed: wanted.filter((run) => run.state === 'completed').length,
    wanted: wanted.length,
    share: wanted.length === 0 ? 0 : done / wanted.length,
    state,
    inState: runs.filter((run) => run.state === state).length,
  };
}

/** Each strategy once, in the order of the runs. */
export function strategiesOf(runs: readonly RunSummary[]): string[] {
  return [...new Set(runs.map(({ strategy }) => strategy))];
}
