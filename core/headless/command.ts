/** What every command has in common: its options, its examples, and how its answer is shown. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { EngineChoice } from '../engine/types.ts';
import type { CallName, Reply, Request, WorkbenchClient } from '../workbench/contract.ts';
import type { Environment } from './environment.ts';
import { formatBytes, formatCount } from './output/format.ts';
import { ProgressLine } from './output/progressLine.ts';

export interface CommonOptions {
  readonly json?: boolean;
  readonly home?: string;
}

/** What a command has to say: the one JSON document, the text for people, and how it went. */
export interface Answer {
  readonly document: unknown;
  /** Ends with a newline, or is empty. */
  readonly text: string;
  /** 0 unless the work failed or was interrupted in a way that is not an error of the command. */
  readonly exitCode?: number;
}

/** Where the commands run and what the last one said about its success. */
export interface Session {
  readonly environment: Environment;
  exitCode: number;
}

const COMMON_OPTIONS = 'Common options:';
const ENGINES: readonly EngineChoice[] = ['auto', 'cpu', 'webgpu', 'tensorflow'];

export function newCommand(name: string, summary: string, description = summary): Command {
  return new Command(name).summary(summary).description(description);
}

/** `--home`, `--json` and `--help`, below the options of the command itself. */
export function addCommonOptions(command: Command): Command {
  const options = [
    new Option('--home <folder>', 'home folder of Palimpsest').env('PALIMPSEST_HOME'),
    new Option('--json', 'print one JSON document on standard output'),
  ];
  for (const option of options) command.addOption(option.helpGroup(COMMON_OPTIONS));
  return command.addHelpOption(new Option('-h, --help', 'show help').helpGroup(COMMON_OPTIONS));
}

export function engineOption(purpose: string): Option {
  return new Option('--engine <name>', purpose).choices(ENGINES);
}

export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;
}

/** For commander: a whole number, 0 or more. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new InvalidArgumentError('A whole number, 0 or more, is needed.');
  return Number(text);
}

/** Runs a command that needs no Workbench and shows its answer. */
export async function answer(
  session: Session,
  options: CommonOptions,
  work: () => Promise<Answer>,
): Promise<void> {
  const { document, text, exitCode = 0 } = await work();
  const { stdout } = session.environment;
  stdout.write(options.json ? `${JSON.stringify(document, null, 2)}\n` : text);
  session.exitCode = exitCode;
}

/** The same with the Workbench of the home folder, which is closed afterwards. */
export async function answerFromWorkbench(
  session: Session,
  options: CommonOptions,
  work: (workbench: WorkbenchClient) => Promise<Answer>,
): Promise<void> {
  await answer(session, options, async () => {
    const workbench = await session.environment.openWorkbench(options.home);
    try {
      return await work(workbench);
    } finally {
      await workbench.close();
    }
  });
}

/** Calls the Workbench, shows on standard error how far it has got, and stops it on Ctrl-C. */
export async function callWithProgress<Name extends CallName>(
  environment: Environment,
  workbench: WorkbenchClient,
  name: Name,
  request: Request<Name>,
): Promise<Reply<Name>> {
  return untilInterrupt(environment, (signal) =>
    withProgress(environment, (report) =>
      workbench.call(name, request, {
        signal,
        onProgress: (event) => {
          if (event.type === 'progress') report(event);
        },
      }),
    ),
  );
}

/** Gives `work` a signal that fires on Ctrl-C. */
export async function untilInterrupt<Result>(
  environment: Environment,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const release = environment.onInterrupt(() => {
    stop.abort();
  });
  try {
    return await work(stop.signal);
  } finally {
    release();
  }
}

/** Shows what `work` reports of its progress on standard error. */
export async function withProgress<Result>(
  environment: Environment,
  work: (report: (progress: StageProgress) => void) => Promise<Result>,
): Promise<Result> {
  const line = new ProgressLine(environment.stderr);
  try {
    return await work((progress) => {
      line.update(progressText(progress));
    });
  } finally {
    line.clear();
  }
}

export interface StageProgress {
  readonly stage: string;
  readonly done: number;
  readonly total: number | null;
  readonly unit: string;
}

/** "reading: 1,200 of 5,000 documents (24 %)". */
export function progressText({ stage, done, total, unit }: StageProgress): string {
  const amount = unit === 'bytes' ? formatBytes : (n: number) => `${formatCount(n)} ${unit}`;
  if (total === null || total === 0) return `${stage}: ${amount(done)}`;
  const of = unit === 'bytes' ? formatBytes(done) : formatCount(done);
  return `${stage}: ${of} of ${amount(total)} (${Math.floor((100 * done) / total)} %)`;
}
