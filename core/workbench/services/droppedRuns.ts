/** Runs of a project that its file does not ask for any more. */
import { UserError } from '../../base/errors.ts';
import type { RunRecord } from '../../store/runs.ts';
import { listed } from '../listed.ts';
import { isAtRest } from '../runStates.ts';
import type { Services } from './services.ts';

const LISTED = 5;

/**
 * Those of a project's runs that wait and are not among the ids in `asked`. Points between two models
 * are asked for one by one and not by a file.
 * @throws UserError `project/running` when one of them has begun: what it has done is not thrown away
 */
export function droppedRuns(
  runs: readonly RunRecord[],
  asked: ReadonlySet<string>,
  projectName: string,
): RunRecord[] {
  const dropped = runs.filter(
    ({ id, state, purpose }) => !isAtRest(state) && purpose !== 'interpolation' && !asked.has(id),
  );
  const begun = dropped.filter(({ state, lastAttempt }) => state === 'running' || lastAttempt > 0);
  if (begun.length === 0) return dropped;
  const names = listed(
    begun.map(({ name, id }) => `${name} (${id})`),
    LISTED,
  );
  throw new UserError(
    'project/running',
    `The project "${projectName}" is at work on what this file does not ask for: ${names}.`,
    'Let it end, cancel it, or put back in the file what it belongs to.',
  );
}

/** Cancels them and says so in a sentence; says nothing when there are none. */
export async function cancelDropped(
  { store, queue }: Pick<Services, 'store' | 'queue'>,
  dropped: readonly RunRecord[],
): Promise<string[]> {
  if (dropped.length === 0) return [];
  for (const { id } of dropped) {
    const run = store.runs.find(id);
    if (run !== undefined && !isAtRest(run.state)) await queue.cancel(run);
  }
  const names = listed(
    dropped.map(({ name }) => name),
    LISTED,
  );
  return [`Cancelled, because the file does not ask for it any more: ${names}.`];
}
