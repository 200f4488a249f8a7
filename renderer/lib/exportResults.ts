/**
 * A project's results as files. Loaded when it is asked for: the writers carry the schemas of the
 * strategies along.
 */
import { resultsCsv } from '../../core/results/csv.ts';
import { resultsLatex } from '../../core/results/latex.ts';
import { resultsMarkdown } from '../../core/results/markdown.ts';
import { plotResults } from '../../core/results/plot/plot.ts';
import type { ProjectResults } from '../../core/workbench/results.ts';
import type { ExportFormat } from './exportFormats.ts';

const WRITERS: Readonly<Record<ExportFormat, (results: ProjectResults) => string>> = {
  csv: resultsCsv,
  markdown: resultsMarkdown,
  latex: resultsLatex,
  json: (results) => `${JSON.stringify(results, undefined, 2)}\n`,
  svg: plotResults,
};

export function exportResults(format: ExportFormat, results: ProjectResults): string {
  return WRITERS[format](results);
}
