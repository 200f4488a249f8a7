import type { Command } from 'commander';
import { readProjectFile } from '../../workbench/readProjectFile.ts';
import type { EngineChoice } from '../../engine/types.ts';
import { runSummarySchema } from '../../workbench/contract.ts';
import type {
  ProjectSummary,
  RunDetail,
  RunState,
  RunSummary,
  WorkbenchClient,
} from '../../workbench/contract.ts';
import type { ProjectFile } from '../../workbench/projectFile.ts';
import {
  answerFromWorkbench,
  callWithProgress,
  engineOption,
  examples,
  newCommand,
  untilInterrupt,
} from '../command.ts';
import type { Answer, CommonOptions, Session } from '../command.ts';
import type { Environment } from '../environment.ts';
import { FAILED_EXIT_CODE, INTERRUPTED_EXIT_CODE } from '../failure.ts';
import { followRuns } from '../follow.ts';
import { describeResults, resultRow } from '../results.ts';
import type { ResultRow } from '../results.ts';

/** Runs in these states have work left that nobody is doing. */
const UNFINISHED: readonly RunState[] = ['paused', 'interrupted', 'failed'];

const EXAMPLE = `
A project file, as YAML or JSON:
  name: pilot
  base_model: bert-base          # name or id of an imported model
  target_corpus: notes           # the domain to adapt to
  source_corpus: wiki            # the general domain, to measure forgetting
  strategies: [ndt, sdt]         # ndt: the base model as it is, sdt: simple domain tuning
  seeds: [1, 2, 3]
  training:                      # names and defaults as in Hugging Face transformers
    learning_rate: 5e-5
    max_steps: 1500
    per_device_train_batch_size: 32
    max_seq_length: 128
`;

/** `run`. */
export function runCommand(session: Session): Command {
  return newCommand(
    'run',
    'run a project file to its end',
    'Registers a project, runs all its strategies and seeds, and shows forgetting and gain. Run the ' +
      'same file again to continue what is unfinished. Ctrl-C saves a checkpoint and pauses.',
  )
    .argument('<project>', 'project file, JSON or YAML')
    .addOption(engineOption('engine to use instead of the one in the file'))
    .addHelpText('after', EXAMPLE + examples('palimpsest run pilot.yaml'))
    .action(
      (path: string, { engine, ...options }: CommonOptions & { readonly engine?: EngineChoice }) =>
        answerFromWorkbenchWithProject(session, options, path, engine),
    );
}

async function answerFromWorkbenchWithProject(
  session: Session,
  options: CommonOptions,
  path: string,
  engine: EngineChoice | undefined,
): Promise<void> {
  // A wrong file is found before the home folder is touched.
  const file = await readProjectFile(path);
  const project = engine === undefined ? file : { ...file, engine };
  await answerFromWorkbench(session, options, async (workbench) => {
    const finished = await runProject(workbench, project, session.environment);
    return projectAnswer(finished);
  });
}

export interface FinishedProject {
  readonly project: ProjectSummary;
  readonly runs: readonly RunDetail[];
  readonly results: readonly ResultRow[];
  readonly interrupted: boolean;
}

/** Registers the project, continues what is unfinished of it, and returns when nothing moves. */
export async function runProject(
  workbench: WorkbenchClient,
  project: ProjectFile,
  environment: Environment,
): Promise<FinishedProject> {
  // One signal for all of it: Ctrl-C at any moment pauses what has been started by then.
  return untilInterrupt(environment, (stop) => runUntil(stop, workbench, project, environment));
}

async function runUntil(
  stop: AbortSignal,
  workbench: WorkbenchClient,
  project: ProjectFile,
  environment: Environment,
): Promise<FinishedProject> {
  const registered = await callWithProgress(environment, workbench, 'projects/run', { project });
  for (const { id, state } of registered.runs) {
    if (UNFINISHED.includes(state)) await workbench.call('runs/resume', { run: id });
  }
  const ids = registered.runs.map(({ id }) => id);
  const { interrupted } = await followRuns(workbench, ids, environment, stop);
  const runs: RunDetail[] = [];
  for (const run of ids) runs.push(await workbench.call('runs/show', { run }));
  const results = runs.flatMap((run) => resultRow(run, 'test') ?? []);
  return {
    project: { ...registered, runs: runs.map((run) => runSummarySchema.parse(run)) },
    runs,
    results,
    interrupted,
  };
}

function projectAnswer({ project, runs, results, interrupted }: FinishedProject): Answer {
  const allDone = runs.every(({ state }) => state === 'completed');
  const troubles = runs.filter(({ state }) => state !== 'completed');
  const text = [
    describeResults(results),
    ...troubles.map(describeTrouble),
    howToResume(troubles),
  ].join('');
  const { id, name } = project;
  return {
    document: { project: { id, name }, runs, results, interrupted },
    text,
    exitCode: allDone ? 0 : interrupted ? INTERRUPTED_EXIT_CODE : FAILED_EXIT_CODE,
  };
}

/** One line for a run that did not complete. */
export function describeTrouble(run: RunDetail): string {
  const reason = run.error ? `: ${run.error.message}\n  ${run.error.hint}` : '';
  return `${run.strategy.toUpperCase()} seed ${run.seed} (${run.id}) ${run.state} at step ${run.step}${reason}\n`;
}

/** One line a run that is not complete. */
export function howToResume(runs: readonly RunSummary[]): string {
  return runs
    .filter(({ state }) => state !== 'completed' && state !== 'cancelled')
    .map(({ id, step }) => `Resume from step ${step} with: palimpsest runs resume ${id}\n`)
    .join('');
}
