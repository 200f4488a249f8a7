import type { Command } from 'commander';
import { hasDiverged } from '../../workbench/lambdaChoice.ts';
import { readProjectFile } from '../../workbench/readProjectFile.ts';
import type { ErrorReport } from '../../base/errors.ts';
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
import type { LambdaChoice, ProjectResults } from '../../workbench/results.ts';
import { choiceFailures, choiceText } from '../../results/choices.ts';
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
import { runTitle } from '../output/runTitle.ts';
import { describeProjectResults } from '../results.ts';

/** Runs in these states have work left that nobody is doing. */
const UNFINISHED: readonly RunState[] = ['paused', 'interrupted', 'failed'];

const EXAMPLE = `
A project file, as YAML or JSON:
  name: pilot
  base_model: bert-base          # name or id of an imported model
  target_corpus: notes           # the domain to adapt to
  source_corpus: wiki            # the general domain, to measure forgetting and lessen it
  strategies:
    - ndt                        # the base model as it is
    - sdt                        # simple domain tuning
    - gem                        # a name alone: with default settings
    - l2: {lambda: 0.05}
    - ewc: {lambda: [10, 100, 1000]}   # the best value on validation is chosen and run
    - rh: {lambda: 0.5, ratio: 0.25}   # parts combine: rehearsal and distillation
      lwf: {}
  seeds: [1, 2, 3]
  training:                      # names and defaults as in Hugging Face transformers
    learning_rate: 5e-5
    max_steps: 1500
    per_device_train_batch_size: 32
    max_seq_length: 128
    eval_steps: 100
    forgetting_guard: {max_forgetting: 0.5, action: rollback}   # nats a token, at eval_steps
  selection:
    max_steps: 300               # of the runs that only choose a value, with one seed
`;

/** `run`. */
export function runCommand(session: Session): Command {
  return newCommand(
    'run',
    'run a project file to its end',
    'Registers a project, runs all its strategies and seeds, and shows forgetting and gain. Where a ' +
      'strategy has several values, each is tried first and the best on validation is chosen. Run the ' +
      'same file again to continue what is unfinished, also with more strategies, values or seeds. ' +
      'Ctrl-C saves a checkpoint and pauses.',
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
    const results = await workbench.call('projects/results', { project: finished.project.id });
    return projectAnswer(finished, results);
  });
}

export interface FinishedProject {
  readonly project: ProjectSummary;
  /** The runs that the file means. */
  readonly runs: readonly RunDetail[];
  /** What of the registration a person may not have expected. */
  readonly notices: readonly string[];
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
  const before = new Set((await workbench.call('runs/list', {})).map(({ id }) => id));
  const registered = await callWithProgress(environment, workbench, 'projects/run', { project });
  for (const notice of registered.notices) environment.stderr.write(`${notice}\n`);
  for (const run of registered.runs) {
    if (UNFINISHED.includes(run.state) && !isJudged(run)) {
      await workbench.call('runs/resume', { run: run.id });
    }
  }
  const { id } = registered;
  const meant = new Set(registered.runs.map((run) => run.id));
  const look = async (): Promise<ProjectSummary> => {
    const shown = await workbench.call('projects/show', { project: id });
    // With a choice that is made come the runs of the value that was chosen.
    for (const run of shown.runs) {
      if (run.purpose !== 'interpolation' && !before.has(run.id)) meant.add(run.id);
    }
    return { ...shown, runs: shown.runs.filter((run) => meant.has(run.id)) };
  };
  let { interrupted, stalled } = await followRuns(workbench, look, environment, stop);
  if (stalled && !interrupted) {
    // Whoever owns the home folder could not go on by itself: this goes on, or says why not. The file
    // is not given again: what a person cancelled meanwhile stays cancelled.
    await callWithProgress(environment, workbench, 'projects/advance', { project: id });
    ({ interrupted, stalled } = await followRuns(workbench, look, environment, stop));
  }
  const last = await look();
  const runs: RunDetail[] = [];
  for (const run of last.runs) runs.push(await workbench.call('runs/show', { run: run.id }));
  return {
    project: { ...last, runs: runs.map((run) => runSummarySchema.parse(run)) },
    runs,
    notices: registered.notices,
    interrupted,
  };
}

function projectAnswer(
  { project, runs, notices, interrupted }: FinishedProject,
  results: ProjectResults,
): Answer {
  const troubles = runs.filter((run) => run.state !== 'completed' && !isJudged(run));
  const open = openChoices(project);
  const isDone = troubles.length === 0 && open.length === 0 && project.error === null;
  const text = [
    describeProjectResults(results),
    ...troubles.map(describeTrouble),
    ...open.map(describeOpenChoice),
    project.error === null ? '' : describeStandstill(project.error),
    howToResume(troubles),
  ].join('');
  const { id, name, choices, error } = project;
  return {
    document: { project: { id, name }, notices, runs, choices, error, results, interrupted },
    text,
    exitCode: isDone ? 0 : interrupted ? INTERRUPTED_EXIT_CODE : FAILED_EXIT_CODE,
  };
}

/** A value of λ that diverged does so again; the choice among the others counts it as the worst. */
function isJudged(run: RunSummary): boolean {
  return run.purpose === 'sweep' && hasDiverged(run);
}

function openChoices({ choices }: ProjectSummary): LambdaChoice[] {
  return choices.filter(({ candidates }) => !candidates.some(({ chosen }) => chosen));
}

const OPEN = 'It is chosen when every value has been tried; run the project file again to go on.';

function describeOpenChoice(choice: LambdaChoice): string {
  const failures = choiceFailures(choice);
  return (
    `${choiceText(choice)}.\n` +
    (failures.length > 0 ? failures : [OPEN]).map((sentence) => `  ${sentence}\n`).join('')
  );
}

function describeStandstill({ message, hint }: ErrorReport): string {
  return `The project could not go on by itself. ${message}\n  ${hint}\n  Then run the project file again.\n`;
}

/** One line for a run that did not complete. */
export function describeTrouble(run: RunDetail): string {
  const reason = run.error ? `: ${run.error.message}\n  ${run.error.hint}` : '';
  return `${runTitle(run)} (${run.id}) ${run.state} at step ${run.step}${reason}\n`;
}

/** One line a run that is not complete. */
export function howToResume(runs: readonly RunSummary[]): string {
  return runs
    .filter(({ state }) => state !== 'completed' && state !== 'cancelled')
    .map(({ id, step }) => `Resume from step ${step} with: palimpsest runs resume ${id}\n`)
    .join('');
}
