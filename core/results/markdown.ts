/** The table as a Markdown pipe table with its notes. */
import type { ProjectResults } from '../workbench/results.ts';
import {
  PARETO_MARK,
  PARETO_NOTE,
  UNCLEAR_MARK,
  UNCLEAR_NOTE,
  intervalNote,
  nothingYet,
  rowCells,
  tableTitle,
  timeNote,
  unclearRows,
  unfinishedNote,
} from './cells.ts';
import { choiceText } from './choices.ts';

const NOTATION = { minus: '−', plusMinus: ' ± ', times: '×', none: '–' };
const HEADER = [
  ['strategy', '---'],
  ['λ', '---'],
  ['n', '---:'],
  ['source NLL', '---:'],
  ['target NLL', '---:'],
  ['forgetting', '---:'],
  ['gain', '---:'],
  ['time a step', '---:'],
] as const;

export function resultsMarkdown(results: ProjectResults): string {
  const { project, rows, choices } = results;
  if (rows.length === 0) return `${escape(nothingYet(results))}\n`;
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const body = rows.map((row) => {
    const cells = rowCells(row, NOTATION);
    const marked = (text: string, isMarked: boolean, mark: string): string =>
      isMarked ? `${escape(text)} ${mark}` : escape(text);
    return line([
      marked(cells.strategy, cells.pareto, PARETO_MARK),
      escape(cells.lambda),
      cells.n,
      cells.sourceNll,
      cells.targetNll,
      marked(cells.forgetting, cells.forgettingUnclear, UNCLEAR_MARK),
      marked(cells.gain, cells.gainUnclear, UNCLEAR_MARK),
      cells.time,
    ]);
  });
  const notes = [
    `${PARETO_MARK} ${PARETO_NOTE}`,
    unclearRows(results).length === 0 ? '' : `${UNCLEAR_MARK} ${UNCLEAR_NOTE}`,
    intervalNote(results),
    timeNote(results),
    ...choices.map((choice) => `${choiceText(choice)}.`),
    unfinishedNote(results),
  ].filter((note) => note !== '');
  return [
    `${escape(project.name)}: ${tableTitle(results)}\n\n`,
    line(HEADER.map(([title]) => title)),
    line(HEADER.map(([, rule]) => rule)),
    ...body,
    '\n',
    // Two spaces break the line.
    notes.map(escape).join('  \n'),
    '\n',
  ].join('');
}

function escape(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|#~$&]/g, '\\$&').replace(/\s+/g, ' ');
}
