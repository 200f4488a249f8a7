/** Which curves a run's screen shows, and how they are named. */
import { hasEnds } from '../../core/workbench/results.ts';
import type { ChartCurve, PointInterval } from '../components/chart/chartTypes.ts';
import type { Point } from './points.ts';
import { knownSeries } from './seriesLook.ts';

/** Points of a series by its key, see state/curves.svelte.ts. */
export type PointsOf = (key: string) => readonly Point[];

const OWN_CHARTS = new Set(['train/target_loss', 'train/source_loss']);

/** The series of `keys` that the third chart can show, the one that tells most first. */
export function thirdSeries(keys: readonly string[]): string[] {
  return knownSeries(keys).filter((key) => !OWN_CHARTS.has(key));
}

/**
 * The training loss on one side with its evaluations as dots. A whole history has the evaluations of
 * a run on several frozen sets; those of the validation split come during training, the test split only
 * at both ends.
 */
export function lossCurves(
  role: 'target' | 'source',
  strategy: string,
  keys: readonly string[],
  points: PointsOf,
  intervals: readonly SetInterval[],
): ChartCurve[] {
  const training = points(`train/${role}_loss`);
  const curves: ChartCurve[] =
    training.length === 0
      ? []
      : [{ key: 'training', label: 'training batches', strategy, points: training }];
  for (const { key, name, split } of evaluationKeys(role, keys)) {
    const named = name === role ? split : `${name}, ${split}`;
    curves.push({
      key,
      label: `${named} set`,
      colour: split === 'validation' ? 'text' : 'muted',
      dashed: split === 'test',
      dots: true,
      points: points(key),
      intervals: intervals
        .filter((one) => one.role === role && one.name === name && one.split === split)
        .map(({ x, low, high }) => ({ x, low, high })),
    });
  }
  return curves;
}

export interface SetInterval extends PointInterval {
  readonly role: string;
  readonly name: string;
  readonly split: string;
}

/** "evaluation/<set>/nll|<split>|<role>" of one role, by split and name. */
function evaluationKeys(
  role: string,
  keys: readonly string[],
): { key: string; name: string; split: string }[] {
  return keys
    .flatMap((key) => {
      const found = /^evaluation\/(?<name>.+)\/nll\|(?<split>\w+)\|(?<role>\w+)$/.exec(key)?.groups;
      if (found?.['role'] !== role) return [];
      return [{ key, name: found['name'] ?? '', split: found['split'] ?? '' }];
    })
    .sort((a, b) => b.split.localeCompare(a.split) || a.name.localeCompare(b.name));
}

/** Where the loss after training may lie, from the interval of its change. */
export function afterIntervals(
  evaluations: readonly {
    readonly name: string;
    readonly role: string;
    readonly split: string;
    readonly phase: string;
    readonly step: number;
    readonly nll: number;
    readonly setHash: string;
  }[],
  changes: readonly {
    readonly setHash: string;
    readonly low: number | null;
    readonly high: number | null;
  }[],
): SetInterval[] {
  return changes.flatMap((change) => {
    if (!hasEnds(change)) return [];
    const { setHash, low, high } = change;
    const before = evaluations.find((one) => one.setHash === setHash && one.phase === 'before');
    const after = evaluations.find((one) => one.setHash === setHash && one.phase === 'after');
    if (before === undefined || after === undefined) return [];
    const { name, role, split, step } = after;
    return [{ name, role, split, x: step, low: before.nll + low, high: before.nll + high }];
  });
}
