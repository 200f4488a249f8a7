/** How a run's losses changed from before its first step to after its last, with uncertainty. */
import { join } from 'node:path';
import { readScores } from '../evaluation/scoresFile.ts';
import { pairedDifference } from '../evaluation/statistics.ts';
import type { DocumentSums } from '../evaluation/statistics.ts';
import type { EvaluationRecord } from '../store/evaluations.ts';
import type { RunChange } from './contract.ts';

/**
 * One change for each frozen-mask set that was scored before and after: nats a masked token, after
 * minus before, with the paired bootstrap over the set's documents. A rise on a source set is
 * forgetting, a fall on a target set is gain. Throws a UserError when a scores file is damaged.
 */
export function runChanges(
  runFolder: string,
  evaluations: readonly EvaluationRecord[],
): RunChange[] {
  return evaluations.flatMap((after) => {
    if (after.phase !== 'after' || after.step === 0) return [];
    const before = evaluations.find(
      ({ phase, setHash }) => phase === 'before' && setHash === after.setHash,
    );
    if (before === undefined) return [];
    const sums = scoresOf(runFolder, after);
    const { estimate, low, high, p } = pairedDifference(sums, scoresOf(runFolder, before));
    const { name, role, split, setHash } = after;
    const documents = sums.lossSum.length;
    return [{ name, role, split, setHash, documents, change: estimate, low, high, p }];
  });
}

function scoresOf(runFolder: string, evaluation: EvaluationRecord): DocumentSums {
  const { scoresPath, scoresHash } = evaluation;
  const { lossSum, tokens } = readScores(join(runFolder, scoresPath), scoresHash);
  return { lossSum, weight: tokens };
}
