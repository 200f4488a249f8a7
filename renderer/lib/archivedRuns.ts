/** Where archived runs are shown all the same: a person has put them out of sight, not out of the results. */
import type { RunSummary } from '../../core/workbench/contract.ts';

type Archivable = Pick<RunSummary, 'archivedAt' | 'state' | 'purpose'>;

/** Out of the archive, or in it and still one of the runs that the results of its project are made of. */
export function isInView(run: Archivable): boolean {
  return run.archivedAt === null || countsForResults(run);
}

/** Whether a run is in the results of its project, archived or not. */
export function countsForResults({ state, purpose }: Archivable): boolean {
  return state === 'completed' && purpose !== 'sweep';
}

/** Archived runs are offered when the filter asks for them, or when they are `kept`. */
export function offeredRuns<
  Run extends { readonly id: string; readonly archivedAt: string | null },
>(runs: readonly Run[], filterText: string, kept: ReadonlySet<string> = new Set()): readonly Run[] {
  if (/(^|\s)-?archived[:=!]/i.test(filterText)) return runs;
  return runs.filter(({ id, archivedAt }) => archivedAt === null || kept.has(id));
}
