/** The rows of a project's results as its table and its picture show them. */
import { hasEnds } from '../../core/workbench/results.ts';
import type {
  KnownEnds,
  LambdaChoice,
  LossInterval,
  ResultRow,
  RunsDiff,
} from '../../core/workbench/results.ts';
import type { ScatterPoint } from '../components/chart/chartTypes.ts';
import { formatPace } from './format.ts';
import type { Route } from './routes.ts';
import { strategyLook } from './strategies.ts';

export const MEASURES = ['sourceNll', 'targetNll', 'forgetting', 'gain'] as const;
export type Measure = (typeof MEASURES)[number];

/** Names a row within its table: of two that read alike, each has runs of its own. */
export function rowKey({ runs: [first], strategy, settings }: ResultRow): string {
  return first ?? `${strategy} ${settings}`;
}

/** What was chosen for rows of the table, and what the project's file leaves to be chosen yet. */
export function shownChoices(
  made: readonly LambdaChoice[],
  ofProject: readonly LambdaChoice[],
): readonly LambdaChoice[] {
  return [
    ...made,
    ...ofProject.filter(({ candidates }) => !candidates.some(({ chosen }) => chosen)),
  ];
}

/** The base model as it is: it forgets and gains nothing by definition. */
export function isBase({ forgettingInterval, gainInterval }: ResultRow): boolean {
  return forgettingInterval === null && gainInterval === null;
}

/** "EWC"; with its settings where several rows have the name: "EWC λ 100". */
export function rowLabel(row: ResultRow, rows: readonly ResultRow[]): string {
  const { label } = strategyLook(row.strategy);
  const isAmbiguous = rows.filter(({ strategy }) => strategy === row.strategy).length > 1;
  return isAmbiguous && row.settings !== '' ? `${label} ${row.settings}` : label;
}

/** Where a row leads: to its run, or to the list of its runs when there are several seeds. */
export function rowRoute({ runs }: ResultRow, isArchived: (run: string) => boolean): Route {
  const [only] = runs;
  if (only !== undefined && runs.length === 1) return { page: 'run', id: only };
  const filter = `id:${runs.join(',')}`;
  return { page: 'runs', filter: runs.some(isArchived) ? `${filter} archived:yes,no` : filter };
}

/**
 * Whether intervals tell a row apart from every other tuned one. All rows are compared with the same
 * base model, so that the least loss is also the least forgetting, or the most gain.
 */
export function isBest({ lowest }: ResultRow, measure: Measure): boolean {
  return measure === 'sourceNll' || measure === 'forgetting' ? lowest.source : lowest.target;
}

/** "352 ms a step, half of them 348 ms to 361 ms"; undefined for a row without steps. */
export function stepTimeText({
  secondsPerStep,
  secondsPerStepQuartiles: middle,
}: ResultRow): string | undefined {
  if (secondsPerStep === null || middle === null) return undefined;
  const range = `${formatPace(middle.lower)} to ${formatPace(middle.upper)}`;
  return `${formatPace(secondsPerStep)} a step, half of them ${range}`;
}

export function scatterPoints(rows: readonly ResultRow[]): ScatterPoint[] {
  return rows.map((row) => ({
    key: rowKey(row),
    label: rowLabel(row, rows),
    strategy: row.strategy,
    x: row.forgetting.mean,
    y: row.gain.mean,
    xInterval: knownEnds(row.forgettingInterval),
    yInterval: knownEnds(row.gainInterval),
  }));
}

function knownEnds(interval: LossInterval | null): KnownEnds | undefined {
  return interval !== null && hasEnds(interval) ? interval : undefined;
}

/** The row that others are compared with at first: SDT, else the first that is tuned, else the first. */
export function usualReference(rows: readonly ResultRow[]): ResultRow | undefined {
  return (
    rows.find(({ strategy }) => strategy === 'sdt') ?? rows.find((row) => !isBase(row)) ?? rows[0]
  );
}

/** Runs of all rows, those of the reference first, as runs/diff takes them. */
export function runsFrom(reference: ResultRow, rows: readonly ResultRow[]): string[] {
  return [reference, ...rows.filter((row) => row !== reference)].flatMap(({ runs }) => runs);
}

export interface RowDifference {
  readonly row: ResultRow;
  /** One for each set of `sets`; undefined where the row was not compared on it. */
  readonly values: readonly (LossInterval | undefined)[];
}

export interface Differences {
  /** "forgetting", "gain"; with the set's name where a domain has several. */
  readonly sets: readonly { readonly title: string; readonly role: 'source' | 'target' }[];
  readonly rows: readonly RowDifference[];
  /** Sentences on sets that the runs do not share. */
  readonly notes: readonly string[];
}

/**
 * What each row forgets and gains more or less than the reference, on one split. A difference in
 * source loss is one in forgetting, since the base model's loss is the same; in target loss, one in
 * gain with the sign turned.
 */
export function differencesOf(
  diff: RunsDiff,
  rows: readonly ResultRow[],
  split: 'validation' | 'test',
): Differences {
  const metrics = diff.metrics
    .filter((metric) => metric.split === split)
    .toSorted((a, b) => a.role.localeCompare(b.role));
  const sets = metrics.map(({ role, name }) => {
    const isOnly = metrics.filter((other) => other.role === role).length === 1;
    const word = role === 'source' ? 'forgetting' : 'gain';
    return { title: isOnly ? word : `${word}, ${name}`, role };
  });
  const compared = diff.groups.slice(1).flatMap((group, index): RowDifference[] => {
    const row = rows.find(({ runs }) => runs.includes(group.runs[0]?.id ?? ''));
    // That the base model forgets and gains nothing is known; its difference is the reference's own.
    if (row === undefined || isBase(row)) return [];
    const values = metrics.map(({ role, differences }) => {
      const found = differences.find((one) => one.group === index + 1);
      return found === undefined || role === 'source' ? found : negated(found);
    });
    return [{ row, values }];
  });
  return {
    sets,
    rows: compared,
    notes: diff.notComparable.filter((one) => one.split === split).map(({ reason }) => reason),
  };
}

/** Of b − a, where the interval is of a − b. */
export function negated({ estimate, low, high, p }: LossInterval): LossInterval {
  // Without a negative zero.
  const negative = (value: number | null): number | null => (value === null ? null : 0 - value);
  return { estimate: 0 - estimate, low: negative(high), high: negative(low), p };
}

/** A scale that holds zero, every interval, and the estimate of what has none; undefined for nothing. */
export function intervalScale(
  intervals: readonly (LossInterval | undefined)[],
): { readonly min: number; readonly max: number } | undefined {
  const ends = intervals.flatMap((one) => {
    if (one === undefined) return [];
    return hasEnds(one) ? [one.low, one.high] : [one.estimate];
  });
  if (ends.length === 0) return undefined;
  return { min: Math.min(0, ...ends), max: Math.max(0, ...ends) };
}
