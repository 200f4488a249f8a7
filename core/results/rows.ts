/** From the losses of completed runs to the rows of a project's table. */
import { meanAndDeviation, quantile } from '../evaluation/statistics.ts';
import type { StrategyParts } from '../strategies/parts.ts';
import { excludesZero } from '../workbench/results.ts';
import type { LossInterval, ResultRow, Spread } from '../workbench/results.ts';
import { compareRows, rowName, settingsText } from './names.ts';
import { paretoFront } from './pareto.ts';

/** Losses on the sets of each domain, Σ loss / Σ tokens, nats a masked token. */
export interface DomainLosses {
  readonly source: number;
  readonly target: number;
}

/** A completed run with its losses on one split. */
export interface ScoredRun {
  readonly id: string;
  /** The same for runs that differ in nothing but the seed. */
  readonly group: string;
  readonly strategy: string;
  readonly parts: StrategyParts;
  /** Of an interpolation; else null. */
  readonly alpha: number | null;
  readonly seed: number;
  /** Of the base model. */
  readonly before: DomainLosses;
  readonly after: DomainLosses;
  /** Mean seconds a step of each stretch between two measurements; empty for a run without steps. */
  readonly stepSeconds: readonly number[];
}

/** Over the base model, with documents and seeds resampled. */
export interface RowIntervals {
  readonly forgetting: LossInterval;
  readonly gain: LossInterval;
}

/** What a row is told apart by from the others of its table. */
export interface RowComparisons {
  /** Null for the base model. */
  readonly intervals: RowIntervals | null;
  readonly lowest: ResultRow['lowest'];
}

/** Runs that differ in nothing but the seed, by seed; groups in the order of the table. */
export function groupRuns<Run extends ScoredRun>(runs: readonly Run[]): Run[][] {
  const groups = Map.groupBy(runs, ({ group }) => group);
  return [...groups.values()]
    .map((own) => own.toSorted((a, b) => a.seed - b.seed))
    .sort(([a], [b]) => compareRows(a, b));
}

/** The rows of the groups; `comparisons` has one entry a group. */
export function resultRows(
  groups: readonly (readonly ScoredRun[])[],
  comparisons: readonly RowComparisons[],
): ResultRow[] {
  const rows = groups.map((runs, index) => rowOf(runs, comparisons[index]));
  const reference = rows.find(({ strategy }) => strategy === 'sdt')?.secondsPerStep ?? null;
  const front = paretoFront(
    rows.map(({ forgetting, gain }) => ({ forgetting: forgetting.mean, gain: gain.mean })),
  );
  return rows.map((row, index) => ({
    ...row,
    relativeTime:
      row.secondsPerStep === null || reference === null ? null : row.secondsPerStep / reference,
    pareto: front[index] ?? false,
  }));
}

function rowOf(
  runs: readonly ScoredRun[],
  { intervals, lowest }: RowComparisons,
): Omit<ResultRow, 'relativeTime' | 'pareto'> {
  const [{ strategy, parts, alpha }] = runs;
  const seconds = runs.flatMap(({ stepSeconds }) => stepSeconds).sort((a, b) => a - b);
  return {
    strategy: rowName(strategy, alpha),
    parts,
    settings: settingsText(parts),
    seeds: runs.map(({ seed }) => seed),
    runs: runs.map(({ id }) => id),
    sourceNll: spreadOf(runs.map(({ after }) => after.source)),
    targetNll: spreadOf(runs.map(({ after }) => after.target)),
    forgetting: spreadOf(runs.map(({ before, after }) => after.source - before.source)),
    gain: spreadOf(runs.map(({ before, after }) => before.target - after.target)),
    forgettingInterval: intervals?.forgetting ?? null,
    gainInterval: intervals?.gain ?? null,
    secondsPerStep: seconds.length === 0 ? null : quantile(seconds, 0.5),
    secondsPerStepQuartiles:
      seconds.length === 0
        ? null
        : { lower: quantile(seconds, 0.25), upper: quantile(seconds, 0.75) },
    lowest,
  };
}

/** Mean and sample standard deviation of at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  const { mean, deviation, count } = meanAndDeviation(values);
  return { mean, deviation: count < 2 ? null : deviation, count };
}

/** Whether a difference there is may not be claimed: its interval holds zero, or there is none. */
export function isUnclear(interval: LossInterval | null): boolean {
  return interval !== null && !excludesZero(interval);
}
