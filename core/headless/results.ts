/** The results of a project as people read them in a terminal. */
import {
  PARETO_MARK,
  PARETO_NOTE,
  UNCLEAR_MARK,
  UNCLEAR_NOTE,
  intervalNote,
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
import { hasEnds } from '../workbench/results.ts';
import type { LossInterval, ProjectResults } from '../workbench/results.ts';
import { formatP } from './output/format.ts';
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

/** "+0.477 to +0.501"; a dash without an interval. */
export function formatInterval(interval: Pick<LossInterval, 'low' | 'high'>): string {
  if (!hasEnds(interval)) return NOTATION.none;
  return `${signed(interval.low, '−')} to ${signed(interval.high, '−')}`;
}

function notes(results: ProjectResults): string[] {
  return [
    `${PARETO_MARK} ${PARETO_NOTE}`,
    unclearRows(results).length === 0 ? '' : `${UNCLEAR_MARK} ${UNCLEAR_NOTE}`,
    intervalNote(results),
    timeNote(results),
    ...results.choices.map((choice) => `${choiceText(choice)}.`),
    unfinishedNote(results),
  ].filter((note) => note !== '');
}
