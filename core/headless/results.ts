/** The results of a project as people read them in a terminal. */
import {
  INTERVAL_NOTE,
  PARETO_MARK,
  PARETO_NOTE,
  UNCLEAR_MARK,
  UNCLEAR_NOTE,
  nothingYet,
  rowCells,
  signed,
  tableTitle,
  timeNote,
  unclearRows,
  unfinishedNote,
} from '../results/cells.ts';
import { choiceText } from '../results/choices.ts';
import { strategyTitle } from '../results/names.ts';
import type { RunDetail } from '../workbench/contract.ts';
import type { LossInterval, ProjectResults } from '../workbench/results.ts';
import { formatDifference, formatNats, formatP } from './output/format.ts';
import { table } from './output/table.ts';

const NOTATION = { minus: '−', plusMinus: ' ± ', times: '×', none: '–' };

/** The table with its intervals and notes; a sentence for a project without completed runs. */
export function describeProjectResults(results: ProjectResults): string {
  if (results.rows.length === 0) return `${nothingYet(results)}\n`;
  return [
    `${tableTitle(results)}\n${mainTable(results)}`,
    intervalTable(results),
    notes(results)
      .map((note) => `${note}\n`)
      .join(''),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function mainTable({ rows }: ProjectResults): string {
  const all = rows.map((row) => rowCells(row, NOTATION));
  const hasSettings = rows.some(({ settings }) => settings !== '');
  const hasTimes = rows.some(({ relativeTime }) => relativeTime !== null);
  const spread = (cells: readonly string[]): string[] => alignSpreads(cells);
  const columns = {
    sourceNll: spread(all.map(({ sourceNll }) => sourceNll)),
    targetNll: spread(all.map(({ targetNll }) => targetNll)),
    forgetting: spread(all.map(({ forgetting }) => forgetting)),
    gain: spread(all.map(({ gain }) => gain)),
  };
  // A mark of its own width, so that digits line up with and without it.
  const unclear = (cell: string, isUnclear: boolean, anyUnclear: boolean): string =>
    anyUnclear ? `${cell} ${isUnclear ? UNCLEAR_MARK : ' '}` : cell;
  const anyForgetting = all.some(({ forgettingUnclear }) => forgettingUnclear);
  const anyGain = all.some(({ gainUnclear }) => gainUnclear);
  return table(
    [
      { title: ' ' },
      { title: 'strategy' },
      ...(hasSettings ? [{ title: 'λ' }] : []),
      { title: 'n', align: 'right' as const },
      { title: 'source NLL', align: 'right' as const },
      { title: 'target NLL', align: 'right' as const },
      { title: unclear('forgetting', false, anyForgetting), align: 'right' as const },
      { title: unclear('gain', false, anyGain), align: 'right' as const },
      ...(hasTimes ? [{ title: 'time a step', align: 'right' as const }] : []),
    ],
    all.map((cells, index) => [
      cells.pareto ? PARETO_MARK : ' ',
      cells.strategy,
      ...(hasSettings ? [cells.lambda] : []),
      cells.n,
      columns.sourceNll[index],
      columns.targetNll[index],
      unclear(columns.forgetting[index], cells.forgettingUnclear, anyForgetting),
      unclear(columns.gain[index], cells.gainUnclear, anyGain),
      ...(hasTimes ? [cells.time] : []),
    ]),
  );
}

/** Pads means without a deviation, so that means stand below means. */
function alignSpreads(cells: readonly string[]): string[] {
  const tail = (cell: string): string => {
    const at = cell.indexOf(NOTATION.plusMinus);
    return at === -1 ? '' : cell.slice(at);
  };
  const widest = Math.max(0, ...cells.map((cell) => tail(cell).length));
  return cells.map((cell) => cell + ' '.repeat(widest - tail(cell).length));
}

function intervalTable({ rows }: ProjectResults): string {
  const tuned = rows.filter(({ forgettingInterval }) => forgettingInterval !== null);
  if (tuned.length === 0) return '';
  const cells = (interval: LossInterval | null): string[] =>
    interval === null ? ['', ''] : [formatInterval(interval), formatP(interval.p)];
  const hasSettings = tuned.some(({ settings }) => settings !== '');
  const text = table(
    [
      { title: 'strategy' },
      ...(hasSettings ? [{ title: 'λ' }] : []),
      { title: 'forgetting', align: 'right' },
      { title: 'p', align: 'right' },
      { title: 'gain', align: 'right' },
      { title: 'p', align: 'right' },
    ],
    tuned.map((row) => [
      strategyTitle(row.strategy),
      ...(hasSettings ? [rowCells(row, NOTATION).lambda] : []),
      ...cells(row.forgettingInterval),
      ...cells(row.gainInterval),
    ]),
  );
  return `95 % intervals; p of no difference from the base model\n${text}`;
}

/** "+0.477 to +0.501" */
export function formatInterval({ low, high }: LossInterval): string {
  return `${signed(low, '−')} to ${signed(high, '−')}`;
}

function notes(results: ProjectResults): string[] {
  return [
    `${PARETO_MARK} ${PARETO_NOTE}`,
    unclearRows(results).length === 0 ? '' : `${UNCLEAR_MARK} ${UNCLEAR_NOTE}`,
    results.rows.some(({ gainInterval }) => gainInterval !== null) ? INTERVAL_NOTE : '',
    timeNote(results),
    ...results.choices.map((choice) => `${choiceText(choice)}.`),
    unfinishedNote(results),
  ].filter((note) => note !== '');
}

type Evaluation = RunDetail['evaluations'][number];

/** Losses of one run on the frozen-mask sets of one split, nats a scored token. */
export interface ResultRow {
  readonly run: string;
  readonly strategy: string;
  readonly seed: number;
  readonly split: 'validation' | 'test';
  readonly sourceNll: number;
  readonly targetNll: number;
  /** Source loss now − source loss of the base model; 0 for the base model itself. */
  readonly forgetting: number;
  /** Target loss of the base model − target loss now. */
  readonly gain: number;
}

export interface Spread {
  readonly mean: number;
  /** Sample standard deviation; null for a single value. */
  readonly deviation: number | null;
}

export interface StrategySummary {
  readonly strategy: string;
  readonly seeds: number;
  readonly sourceNll: Spread;
  readonly targetNll: Spread;
  readonly forgetting: Spread;
  readonly gain: Spread;
}

/** The row of a completed run on `split`; undefined when the run has no such evaluations yet. */
export function resultRow(run: RunDetail, split: ResultRow['split']): ResultRow | undefined {
  const before = losses(run.evaluations, split, 'before');
  // The base model is not tuned: what it scored before is what it scores.
  const after =
    losses(run.evaluations, split, 'after') ?? (run.strategy === 'ndt' ? before : undefined);
  if (before === undefined || after === undefined) return undefined;
  return {
    run: run.id,
    strategy: run.strategy,
    seed: run.seed,
    split,
    sourceNll: after.source,
    targetNll: after.target,
    forgetting: after.source - before.source,
    gain: before.target - after.target,
  };
}

function losses(
  evaluations: readonly Evaluation[],
  split: string,
  phase: string,
): { source: number; target: number } | undefined {
  const meanOf = (role: string): number | undefined => {
    const found = evaluations.filter(
      (one) => one.role === role && one.split === split && one.phase === phase,
    );
    const tokens = found.reduce((sum, one) => sum + one.tokens, 0);
    if (tokens === 0) return undefined;
    return found.reduce((sum, one) => sum + one.nll * one.tokens, 0) / tokens;
  };
  const source = meanOf('source');
  const target = meanOf('target');
  return source === undefined || target === undefined ? undefined : { source, target };
}

/** Rows of one strategy become one, over their seeds, in order of first appearance. */
export function summarise(rows: readonly ResultRow[]): StrategySummary[] {
  const strategies = [...new Set(rows.map(({ strategy }) => strategy))];
  return strategies.map((strategy) => {
    const own = rows.filter((row) => row.strategy === strategy);
    return {
      strategy,
      seeds: own.length,
      sourceNll: spread(own.map((row) => row.sourceNll)),
      targetNll: spread(own.map((row) => row.targetNll)),
      forgetting: spread(own.map((row) => row.forgetting)),
      gain: spread(own.map((row) => row.gain)),
    };
  });
}

export function spread(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, deviation: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

/** The table for people; empty text when there is no row. */
export function describeResults(rows: readonly ResultRow[]): string {
  if (rows.length === 0) return '';
  const summaries = summarise(rows);
  const several = summaries.some(({ seeds }) => seeds > 1);
  const cell = ({ mean, deviation }: Spread, format: (value: number) => string): string => {
    if (!several) return format(mean);
    return `${format(mean)} ${deviation === null ? '       ' : `± ${formatNats(deviation)}`}`;
  };
  const text = table(
    [
      { title: 'strategy' },
      { title: 'seeds', align: 'right' },
      { title: 'source NLL', align: 'right' },
      { title: 'target NLL', align: 'right' },
      { title: 'forgetting', align: 'right' },
      { title: 'gain', align: 'right' },
    ],
    summaries.map((row) => [
      row.strategy.toUpperCase(),
      String(row.seeds),
      cell(row.sourceNll, formatNats),
      cell(row.targetNll, formatNats),
      row.strategy === 'ndt' ? '–' : cell(row.forgetting, formatDifference),
      row.strategy === 'ndt' ? '–' : cell(row.gain, formatDifference),
    ]),
  );
  const of = several ? ', mean ± standard deviation over seeds' : '';
  return `Nats a masked token on the ${rows[0].split} split${of}\n${text}`;
}
