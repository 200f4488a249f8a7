/** The commands of `palimpsest` and the way from a command line to an exit code. */
import { Command } from 'commander';
import { addCommonOptions } from './command.ts';
import type { Session } from './command.ts';
import { addCorpusCommands, addPurgeCommands } from './commands/corpus.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { fillMaskCommand } from './commands/fillMask.ts';
import { estimateCommand } from './commands/estimate.ts';
import { interpolateCommand } from './commands/interpolate.ts';
import { addModelCommands } from './commands/model.ts';
import { resultsCommand } from './commands/results.ts';
import { runCommand } from './commands/run.ts';
import { addRunsCommands, exportCommand } from './commands/runs.ts';
import { runsDiffCommand } from './commands/runsDiff.ts';
import { scoreCommand } from './commands/score.ts';
import { serveCommand } from './commands/serve.ts';
import type { Environment } from './environment.ts';
import { errorDocument, errorText, exitCodeOf, usageError } from './failure.ts';

const FIRST_STEPS = `
Start with:
  $ palimpsest demo                                 see the main job on built-in data
  $ palimpsest model import ./bert-base-uncased --name bert-base
  $ palimpsest corpus import ./notes --name notes
  $ palimpsest corpus import ./wiki.jsonl.gz --column text --name wiki
  $ palimpsest run pilot.yaml                       "palimpsest run --help" shows such a file

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** Every command, with its help. */
export function buildProgram(session: Session, version: string): Command {
  const program = new Command('palimpsest')
    .description('Adapts a pretrained encoder to a specialist domain and measures what it forgets.')
    .usage('<command> [options]')
    .version(version, '-V, --version', 'print the version')
    .addHelpCommand(
      new Command('help')
        .argument('[command]')
        .summary('show help for a command')
        .helpGroup('Help:'),
    )
    .addHelpText('after', FIRST_STEPS);

  const group = (name: string, summary: string, heading: string): Command =>
    program
      .command(name, { isDefault: false })
      .summary(summary)
      .description(summary)
      .helpGroup(heading);

  addModelCommands(group('model', 'import, make, list and remove models', 'Data:'), session);
  addCorpusCommands(group('corpus', 'import, list and examine corpora', 'Data:'), session);
  addPurgeCommands(group('purge', 'remove data for good', 'Data:'), session);
  program.addCommand(runCommand(session).helpGroup('Training:'));
  program.addCommand(estimateCommand(session).helpGroup('Training:'));
  program.addCommand(resultsCommand(session).helpGroup('Training:'));
  const runs = group('runs', 'list, show, compare, pause, resume, cancel and import', 'Training:');
  addRunsCommands(runs, session);
  runs.addCommand(runsDiffCommand(session));
  program.addCommand(interpolateCommand(session).helpGroup('Training:'));
  program.addCommand(exportCommand(session).helpGroup('Training:'));
  program.addCommand(serveCommand(session).helpGroup('Screens:'));
  program.addCommand(fillMaskCommand(session).helpGroup('Checking:'));
  program.addCommand(scoreCommand(session).helpGroup('Checking:'));
  program.addCommand(demoCommand(session).helpGroup('Checking:'));
  program.addCommand(doctorCommand(session).helpGroup('Checking:'));

  // Common options may also stand before the command: palimpsest --home DIR runs list.
  program.hook('preAction', (_, command) => {
    for (let outer = command.parent; outer !== null; outer = outer.parent) {
      for (const [name, value] of Object.entries<unknown>(outer.opts())) {
        const source = outer.getOptionValueSource(name);
        if (source === 'cli') command.setOptionValueWithSource(name, value, source);
      }
    }
  });
  configure(program, session.environment);
  return program;
}

/** Runs one command line, the program's own name left out, and returns its exit code. */
export async function runCommandLine(
  args: readonly string[],
  environment: Environment,
  version: string,
): Promise<number> {
  const session: Session = { environment, exitCode: 0 };
  const program = buildProgram(session, version);
  try {
    await program.parseAsync(args, { from: 'user' });
    return session.exitCode;
  } catch (error) {
    if (error instanceof HelpShown) return 0;
    const json = args.includes('--json');
    if (json) environment.stdout.write(`${JSON.stringify(errorDocument(error), null, 2)}\n`);
    else environment.stderr.write(errorText(error));
    return exitCodeOf(error);
  }
}

/** Thrown in place of an exit after help or the version was shown. */
class HelpShown extends Error {}

/** "import <folder>": that a command has options goes without saying. */
function subcommandTerm(command: Command): string {
  const names = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '…' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...names].join(' ');
}

function configure(command: Command, environment: Environment): void {
  command
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => {
        environment.stdout.write(text);
      },
      writeErr: (text) => {
        environment.stderr.write(text);
      },
      // Usage errors are shown by runCommandLine, as all errors are.
      outputError: () => {},
      getOutHelpWidth: () => Math.min(100, environment.stdout.columns),
      getErrHelpWidth: () => Math.min(100, environment.stderr.columns),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ subcommandTerm })
    .exitOverride((error) => {
      // Exit code 0: help or the version was asked for and has been shown.
      if (error.exitCode === 0) throw new HelpShown('Help was shown.');
      throw usageError(error, command);
    });
  addCommonOptions(command);
  if (command.parent !== null) command.helpCommand(false);
  for (const child of command.commands) configure(child, environment);
}
