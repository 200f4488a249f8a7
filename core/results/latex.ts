/** The table as a LaTeX tabular that needs the package booktabs and nothing else. */
import type { ProjectResults } from '../workbench/results.ts';
import {
  PARETO_NOTE,
  UNCLEAR_NOTE,
  intervalNote,
  nothingYet,
  rowCells,
  tableTitle,
  timeNote,
  unfinishedNote,
} from './cells.ts';
import { choiceText } from './choices.ts';

const NOTATION = { minus: '-', plusMinus: ' \\pm ', times: '\\times', none: '' };

export function resultsLatex(results: ProjectResults): string {
  const { project, rows, sets, choices } = results;
  if (rows.length === 0) return comment(nothingYet(results));
  const body = rows.map((row) => {
    const cells = rowCells(row, NOTATION);
    return [
      `${latexText(cells.strategy)}${cells.pareto ? '$^{\\star}$' : ''}`,
      cells.lambda === '' ? '--' : latexText(cells.lambda),
      cells.n,
      math(cells.sourceNll),
      math(cells.targetNll),
      math(cells.forgetting) + dagger(cells.forgettingUnclear),
      math(cells.gain) + dagger(cells.gainUnclear),
      math(cells.time),
    ].join(' & ');
  });
  const lines = [
    'Strategy & $\\lambda$ & $n$ & Source NLL & Target NLL & Forgetting & Gain & Time a step',
    ...body,
  ].map((line) => `  ${line} \\\\\n`);
  return [
    comment(`${project.name} (${project.id}): ${tableTitle(results)}.`),
    ...sets.map(({ role, name, setHash, documents }) =>
      comment(
        `Frozen-mask set of the ${role} domain: ${name}, ${setHash}, documents: ${documents}.`,
      ),
    ),
    comment(`star: ${PARETO_NOTE}`),
    comment(`dagger: ${UNCLEAR_NOTE}`),
    comment(intervalNote(results)),
    comment(timeNote(results)),
    ...choices.map((choice) => comment(`${choiceText(choice)}.`)),
    comment(unfinishedNote(results)),
    comment('Needs \\usepackage{booktabs}.'),
    '\\begin{tabular}{llrrrrrr}\n  \\toprule\n',
    ...lines.slice(0, 1),
    '  \\midrule\n',
    ...lines.slice(1),
    '  \\bottomrule\n\\end{tabular}\n',
  ].join('');
}

function math(text: string): string {
  return text === '' ? '--' : `$${text}$`;
}

/** Beside the number, so that digits still line up at the right. */
function dagger(isShown: boolean): string {
  return isShown ? '\\rlap{$^{\\dagger}$}' : '';
}

function comment(text: string): string {
  return text === '' ? '' : `% ${text.replace(/\s+/g, ' ')}\n`;
}

const SPECIAL: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  _: '\\_',
  '%': '\\%',
  '&': '\\&',
  '#': '\\#',
  $: '\\$',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  λ: '$\\lambda$',
  α: '$\\alpha$',
  '–': '--',
};

export function latexText(text: string): string {
  return text.replace(/[\\{}_%&#$~^λα–]/g, (character) => SPECIAL[character] ?? character);
}
