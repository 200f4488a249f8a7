/**
 * The numbers of a table as every format writes them: losses and differences with three decimals,
 * which is what evaluation sets of usual size can tell apart.
 */
import { FEWEST_DOCUMENTS } from '../evaluation/statistics.ts';
import type { ProjectResults, ResultRow, Spread } from '../workbench/results.ts';
import { fullTitle, strategyTitle } from './names.ts';
import { isUnclear } from './rows.ts';

/** How a format writes what is not a digit. */
export interface Notation {
  readonly minus: string;
  /** Between mean and deviation. */
  readonly plusMinus: string;
  readonly times: string;
  readonly none: string;
}

/** One row, every cell as text; empty where a row has nothing to say. */
export interface RowCells {
  readonly strategy: string;
  /** The number alone where λ is all there is. */
  readonly lambda: string;
  readonly n: string;
  readonly sourceNll: string;
  readonly targetNll: string;
  readonly forgetting: string;
  readonly gain: string;
  readonly time: string;
  readonly pareto: boolean;
  /** The interval of the cell holds zero, or there is none. */
  readonly forgettingUnclear: boolean;
  readonly gainUnclear: boolean;
}

export function rowCells(row: ResultRow, notation: Notation): RowCells {
  const { forgettingInterval, gainInterval } = row;
  const loss = (spread: Spread): string => spreadCell(spread, fixed, notation);
  const difference = (spread: Spread, isBase: boolean): string =>
    isBase ? notation.none : spreadCell(spread, signed, notation);
  return {
    strategy: strategyTitle(row.strategy),
    lambda: row.settings === '' ? notation.none : row.settings.replace(/^λ /, ''),
    n: String(row.sourceNll.count),
    sourceNll: loss(row.sourceNll),
    targetNll: loss(row.targetNll),
    forgetting: difference(row.forgetting, forgettingInterval === null),
    gain: difference(row.gain, gainInterval === null),
    time:
      row.relativeTime === null ? notation.none : `${row.relativeTime.toFixed(2)}${notation.times}`,
    pareto: row.pareto,
    forgettingUnclear: isUnclear(forgettingInterval),
    gainUnclear: isUnclear(gainInterval),
  };
}

function spreadCell(
  { mean, deviation }: Spread,
  write: (value: number, minus: string) => string,
  { minus, plusMinus }: Notation,
): string {
  const centre = write(mean, minus);
  return deviation === null ? centre : `${centre}${plusMinus}${fixed(deviation, minus)}`;
}

/** "3.412"; a zero has no sign. */
function fixed(value: number, minus: string): string {
  const text = Math.abs(value).toFixed(3);
  return value < 0 && Number(text) !== 0 ? `${minus}${text}` : text;
}

/** "+0.489", for differences. */
export function signed(value: number, minus: string): string {
  const text = fixed(value, minus);
  return value > 0 && Number(text) !== 0 ? `+${text}` : text;
}

/** What stands above a table: what its numbers are. */
export function tableTitle({ split, rows }: ProjectResults): string {
  const several = rows.some(({ seeds }) => seeds.length > 1);
  const spread = several ? ', mean ± sample standard deviation over n seeds' : '';
  return `Nats a masked token on the ${split} split${spread}`;
}

export const PARETO_MARK = '◆';
export const UNCLEAR_MARK = '†';
export const PARETO_NOTE =
  'Pareto front: no other row forgets less and gains as much, or gains more and forgets as little.';
export const UNCLEAR_NOTE =
  'The 95 % interval includes zero, or there is none: no difference from the base model is shown.';
export const TOO_FEW_NOTE = `With fewer than ${FEWEST_DOCUMENTS} documents there is no interval and no p: no difference can be shown.`;

/** How the intervals were made and what they hold for; empty for a table without any. */
export function intervalNote(results: ProjectResults): string {
  const tuned = results.rows.filter(({ gainInterval }) => gainInterval !== null);
  if (tuned.length === 0) return '';
  const roles = ['source', 'target'] as const;
  const documents = roles.map((role) => ({ role, count: documentsOf(results, role) }));
  const counts = documents.map(({ role, count }) => `${count.toLocaleString('en')} ${role}`);
  const several = tuned.some(({ seeds }) => seeds.length > 1);
  const sentences = [
    `Intervals: 95 %, bootstrap over documents (${counts.join(', ')}) paired with the base model, ` +
      `10,000 resamples, Student's t for the small number of documents${several ? ' and of seeds' : ''}.`,
    several ? '' : 'One seed: they hold for these runs, not for other seeds.',
    several && tuned.some(({ seeds }) => seeds.length === 1)
      ? 'Those of one seed hold for that run, not for other seeds.'
      : '',
    documents.some(({ count }) => count < FEWEST_DOCUMENTS) ? TOO_FEW_NOTE : '',
  ];
  return sentences.filter((sentence) => sentence !== '').join(' ');
}

/** Documents that the losses of one domain are of. */
export function documentsOf({ sets }: ProjectResults, role: 'source' | 'target'): number {
  return sets.reduce((sum, set) => sum + (set.role === role ? set.documents : 0), 0);
}

/** What SDT's time a step was, by which others are told, and how steady; empty without. */
export function timeNote({ rows }: ProjectResults): string {
  const sdt = rows.find(({ strategy }) => strategy === 'sdt');
  const { secondsPerStep = null, secondsPerStepQuartiles: middle = null } = sdt ?? {};
  if (secondsPerStep === null || middle === null) return '';
  const short = (seconds: number): number => Number(seconds.toPrecision(3));
  return `Time a step: the median, relative to SDT, which took ${short(secondsPerStep)} s (its middle half ${short(middle.lower)} to ${short(middle.upper)} s); other work on the machine widens that.`;
}

/** What is missing, for people; empty when all is there. */
export function unfinishedNote({ unfinished, project }: ProjectResults): string {
  if (unfinished === 0) return '';
  const runs = unfinished === 1 ? '1 run has' : `${unfinished} runs have`;
  return `${runs} not completed and ${unfinished === 1 ? 'is' : 'are'} left out: palimpsest runs list --project ${project.id}`;
}

/** For a project without a completed run. */
export function nothingYet({ project, unfinished }: ProjectResults): string {
  const next =
    unfinished === 0
      ? 'Run its project file with "palimpsest run".'
      : `${unfinished === 1 ? 'One waits or is' : `${unfinished} wait or are`} at work: palimpsest runs list --project ${project.id}`;
  return `Project "${project.name}" has no completed runs yet. ${next}`;
}

/** Rows that cannot be told from the base model, for texts: "SDT, EWC λ 10". */
export function unclearRows({ rows }: ProjectResults): string[] {
  return rows
    .filter((row) => isUnclear(row.forgettingInterval) || isUnclear(row.gainInterval))
    .map(({ strategy, settings }) => fullTitle(strategy, settings));
}
