/** Which runs are compared, what their curves are called, and how charts show them. */
import type { RunSummary } from '../../core/workbench/contract.ts';
import type { RunsDiff, Spread } from '../../core/workbench/results.ts';
import type { ChartCurve } from '../components/chart/chartTypes.ts';
import { formatCount } from './format.ts';
import { runTitle } from './runView.ts';
import { EVALUATION_LOOK, seriesLook } from './seriesLook.ts';
import type { ThinnedCurve } from './thinnedCurve.ts';

/** More are hardly told apart, and a host answers for each of them. */
export const MOST_COMPARED = 20;

/** Why so many are not compared; undefined where they can be. */
export function tooManyToCompare(count: number): string | undefined {
  return count > MOST_COMPARED
    ? `At most ${MOST_COMPARED} runs can be compared; ${formatCount(count)} are selected.`
    : undefined;
}

/**
 * Runs by their words in an address: ids, or "project/strategy" for the completed result runs of a
 * strategy. Words that mean none are given back.
 */
export function runsMeant(
  words: readonly string[],
  runs: readonly RunSummary[],
): { readonly found: RunSummary[]; readonly unknown: string[] } {
  // Each run is looked at once: both lists may be as long as the history.
  const own = new Map<string, RunSummary[]>(words.map((word) => [meaningOf(word), []]));
  const hasStrategies = words.some((word) => word.includes('/'));
  for (const run of runs) {
    own.get(run.id)?.push(run);
    if (hasStrategies) for (const word of strategyWordsOf(run)) own.get(word)?.push(run);
  }
  const found = new Map<string, RunSummary>();
  const unknown: string[] = [];
  for (const word of words) {
    const meant = own.get(meaningOf(word)) ?? [];
    if (meant.length === 0) unknown.push(word);
    for (const run of meant) found.set(run.id, run);
  }
  return { found: [...found.values()], unknown };
}

/** Strategies are written in capitals as well. */
function meaningOf(word: string): string {
  const slash = word.lastIndexOf('/');
  return slash < 0 ? word : word.slice(0, slash) + word.slice(slash).toLowerCase();
}

function strategyWordsOf({ purpose, state, project, projectName, strategy }: RunSummary): string[] {
  if (purpose !== 'result' || state !== 'completed') return [];
  return [`${project}/${strategy}`, `${projectName}/${strategy}`];
}

/** The name of a run beside the others: with its project only where there are several. */
export function comparedName(run: RunSummary, runs: readonly RunSummary[]): string {
  const isOneProject = runs.every(({ project }) => project === run.project);
  return isOneProject ? runTitle(run) : `${run.projectName}: ${runTitle(run)}`;
}

export interface Measured {
  readonly title: string;
  readonly unit: string;
  readonly format: (value: number) => string;
  /** Keys of series, see seriesKey in state/curves. */
  readonly keys: readonly string[];
  /** Few points, each measured with care: drawn as dots and never smoothed. */
  readonly dots: boolean;
}

/** Never charts of their own: x axes and shares of machine time. */
const LEFT_OUT = new Set([
  'train/seconds',
  'train/compile_seconds',
  'train/epoch',
  'train/graph_share',
]);
const FIRST = ['evaluation target', 'evaluation source', 'train/target_loss', 'train/source_loss'];

/**
 * Charts for the series of several runs: evaluations on one domain and split together by the name of
 * the set, then losses in training, then all else by name.
 */
export function measuredSeries(keys: readonly string[]): Measured[] {
  const measured = [...new Set(keys)].flatMap((key) => {
    const [name = key, split = '', role = ''] = key.split('|');
    if (LEFT_OUT.has(name)) return [];
    const evaluation = /^evaluation\/(.+)\/nll$/.exec(name)?.[1];
    if (evaluation !== undefined) {
      const set = evaluation === role ? '' : ` (${evaluation})`;
      const title = `${role === 'source' ? 'Source' : 'Target'} loss on the ${split} split${set}`;
      const order = `evaluation ${role}`;
      return [{ title, ...EVALUATION_LOOK, keys: [key], dots: true, order, split }];
    }
    const { label: title, unit, format } = seriesLook(name);
    return [{ title, unit, format, keys: [key], dots: false, order: name, split: '' }];
  });
  const place = (order: string): number => {
    const index = FIRST.indexOf(order);
    return index < 0 ? FIRST.length : index;
  };
  return measured
    .toSorted(
      (a, b) =>
        place(a.order) - place(b.order) ||
        // Runs are watched on the validation split; the test split has two points.
        b.split.localeCompare(a.split) ||
        a.title.localeCompare(b.title, 'en', { numeric: true }),
    )
    .map(({ title, unit, format, keys: own, dots }) => ({ title, unit, format, keys: own, dots }));
}

export interface RunCurve extends ThinnedCurve {
  readonly run: RunSummary;
}

/**
 * One line a run. Runs of one strategy have one colour: every second configuration of it is dashed,
 * so that two can be told apart.
 */
export function chartCurves(curves: readonly RunCurve[], dots: boolean): ChartCurve[] {
  const runs = curves.map(({ run }) => run);
  return curves.map(({ run, points, trend }) => ({
    key: run.id,
    label: comparedName(run, runs),
    strategy: run.strategy,
    dots,
    points,
    ...(trend === undefined ? {} : { trend }),
    ...(isSecond(run, runs) ? { dashed: true } : {}),
  }));
}

function isSecond(run: RunSummary, runs: readonly RunSummary[]): boolean {
  const configurations = [
    ...new Set(
      runs
        .filter(({ strategy }) => strategy === run.strategy)
        .map((one) => JSON.stringify([one.project, one.parts])),
    ),
  ];
  return configurations.indexOf(JSON.stringify([run.project, run.parts])) % 2 === 1;
}

/**
 * A group's label as the service writes it, "sdt α 0.3 λ 1 (run-…)", taken apart: the name that has a
 * look, and the rest.
 */
export function groupParts(
  label: string,
  strategy: string | undefined,
): { readonly strategy: string; readonly settings: string } {
  const name = /^(\S+(?: α \S+)?)(?: (.*))?$/.exec(label);
  return { strategy: name?.[1] ?? strategy ?? label, settings: name?.[2] ?? '' };
}

/** "Source loss, test split"; with the set's name where that says more. */
export function metricTitle({
  role,
  split,
  name,
}: Pick<RunsDiff['metrics'][number], 'role' | 'split' | 'name'>): string {
  const set = name === role ? '' : ` (${name})`;
  return `${role === 'source' ? 'Source' : 'Target'} loss${set}, ${split} split`;
}

/**
 * The titles of the charts that a person wants, after one was put in or taken out. Those that the runs
 * compared now do not have are kept, for others that do.
 */
export function withChart(wanted: readonly string[], title: string): string[] {
  return wanted.includes(title) ? wanted.filter((other) => other !== title) : [...wanted, title];
}

/** A scale that holds every mean with its deviation; undefined for no losses. */
export function lossScale(
  losses: readonly Spread[],
): { readonly min: number; readonly max: number } | undefined {
  if (losses.length === 0) return undefined;
  const min = Math.min(...losses.map(({ mean, deviation }) => mean - (deviation ?? 0)));
  const max = Math.max(...losses.map(({ mean, deviation }) => mean + (deviation ?? 0)));
  return max > min ? { min, max } : { min: min - 1, max: max + 1 };
}
