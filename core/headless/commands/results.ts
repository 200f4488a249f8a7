import { extname, resolve } from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import { UserError } from '../../base/errors.ts';
import { writeFileAtomically } from '../../base/files.ts';
import { nothingYet } from '../../results/cells.ts';
import { resultsCsv } from '../../results/csv.ts';
import { resultsLatex } from '../../results/latex.ts';
import { resultsMarkdown } from '../../results/markdown.ts';
import { plotResults } from '../../results/plot/plot.ts';
import type { WorkbenchClient } from '../../workbench/contract.ts';
import type { ProjectResults } from '../../workbench/results.ts';
import { answerFromWorkbench, examples, newCommand } from '../command.ts';
import type { CommonOptions, Session } from '../command.ts';
import { UsageError } from '../failure.ts';
import { describeProjectResults } from '../results.ts';

const WRITERS = {
  table: describeProjectResults,
  csv: resultsCsv,
  md: resultsMarkdown,
  latex: resultsLatex,
  json: (results: ProjectResults) => `${JSON.stringify(results, null, 2)}\n`,
} as const;
type Format = keyof typeof WRITERS;

interface ResultsOptions extends CommonOptions {
  readonly split: 'test' | 'validation';
  readonly format?: Format;
  readonly plot?: string;
}

/** `results`. */
export function resultsCommand(session: Session): Command {
  return newCommand(
    'results',
    'show what the strategies of a project forget and gain',
    'Shows the table of a project: losses, forgetting and gain of every strategy over its seeds, with ' +
      'intervals and the Pareto front. Of several projects with one name the latest is shown.',
  )
    .argument('<project>', 'name or id of the project')
    .addOption(
      new Option('--split <split>', 'split that was scored')
        .choices(['test', 'validation'])
        .default('test'),
    )
    .addOption(
      new Option('--format <format>', 'how to print the table (default: table)').choices(
        Object.keys(WRITERS),
      ),
    )
    .option('--plot <file>', 'also draw forgetting against gain, as an SVG file')
    .addHelpText(
      'after',
      examples(
        'palimpsest results pilot',
        'palimpsest results pilot --format latex > table.tex',
        'palimpsest results pilot --plot pilot.svg',
      ),
    )
    .action((project: string, { split, format, plot, ...options }: ResultsOptions) => {
      requireUsable(options, format, plot);
      return answerFromWorkbench(session, options, async (workbench) => {
        const results = await workbench.call('projects/results', { project, split });
        const { stderr } = session.environment;
        await noteNamesakes(workbench, results, (note) => stderr.write(note));
        if (plot !== undefined) {
          await writePlot(plot, results);
          stderr.write(`Wrote ${resolve(plot)}.\n`);
        }
        return { document: results, text: WRITERS[format ?? 'table'](results) };
      });
    });
}

/** What is wrong with the options is said before the home folder is touched. */
function requireUsable(
  { json }: CommonOptions,
  format: Format | undefined,
  plot: string | undefined,
): void {
  if (json === true && format !== undefined && format !== 'json') {
    throw new UsageError(
      'usage/conflicting-option',
      `--json and --format ${format} ask for two documents at once.`,
      'Leave one of them out.',
    );
  }
  if (plot !== undefined && extname(plot).toLowerCase() !== '.svg') {
    throw new UsageError(
      'usage/plot-format',
      `The picture is drawn as SVG, but --plot names "${plot}".`,
      'Name a file that ends in .svg.',
    );
  }
}

async function noteNamesakes(
  workbench: WorkbenchClient,
  { project }: ProjectResults,
  note: (text: string) => void,
): Promise<void> {
  const projects = await workbench.call('projects/list', {});
  const count = projects.filter(({ name }) => name === project.name).length;
  if (count < 2) return;
  note(`${count} projects are named "${project.name}"; this is ${project.id}.\n`);
}

async function writePlot(path: string, results: ProjectResults): Promise<void> {
  if (results.rows.length === 0) {
    throw new UserError(
      'results/nothing-to-plot',
      nothingYet(results),
      'A picture needs a completed run.',
    );
  }
  await writeFileAtomically(resolve(path), plotResults(results));
}
