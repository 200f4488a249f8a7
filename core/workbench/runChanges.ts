/** How a run's losses changed from before its first step to after its last, with uncertainty. */
import type { EvaluationRecord } from '../store/evaluations.ts';
import type { RunChange } from './contract.ts';
import { ScoreFiles } from './runScores.ts';
import type { Differences } from './runScores.ts';

/**
 * One change for each frozen-mask set that was scored before and after: nats a masked token, after
 * minus before, with the paired bootstrap over the set's documents. A rise on a source set is
 * forgetting, a fall on a target set is gain.
 * @throws UserError `evaluation/damaged-scores`
 */
export async function runChanges(
  runFolder: string,
  evaluations: readonly EvaluationRecord[],
  differences: Differences,
): Promise<RunChange[]> {
  const files = new ScoreFiles();
  const changes: RunChange[] = [];
  for (const after of evaluations) {
    if (after.phase !== 'after' || after.step === 0) continue;
    const before = evaluations.find(
      ({ phase, setHash }) => phase === 'before' && setHash === after.setHash,
    );
    if (before === undefined) continue;
    const [a, b] = [files.read(runFolder, [after]), files.read(runFolder, [before])];
    const [{ estimate, low, high, p }] = await differences.of([{ a: [a], b: [b] }]);
    const { name, role, split, setHash } = after;
    const documents = a.sums.lossSum.length;
    changes.push({ name, role, split, setHash, documents, change: estimate, low, high, p });
  }
  return changes;
}
