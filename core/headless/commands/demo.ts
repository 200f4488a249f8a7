import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { strategyTitle } from '../../results/names.ts';
import type { EngineChoice } from '../../engine/types.ts';
import type { ProjectResults, ResultRow } from '../../workbench/results.ts';
import { answer, callWithProgress, engineOption, examples, newCommand } from '../command.ts';
import type { Answer, CommonOptions, Session } from '../command.ts';
import { formatDuration, formatNats } from '../output/format.ts';
import { describeProjectResults } from '../results.ts';
import { FAILED_EXIT_CODE, INTERRUPTED_EXIT_CODE } from '../failure.ts';
import { describeTrouble, runProject } from './run.ts';
import type { FinishedProject } from './run.ts';

interface DemoOptions extends CommonOptions {
  readonly engine?: EngineChoice;
}

/** `demo`. */
export function demoCommand(session: Session): Command {
  return newCommand(
    'demo',
    'run the main job on the built-in demo project',
    'Adapts a small built-in model from general English to clinical notes, both generated, and shows ' +
      'what each strategy gains on the notes and forgets of the English. Works in a folder of its own ' +
      'that is removed at the end, or in the home folder given.',
  )
    .addOption(engineOption('compute engine').default('auto'))
    .addHelpText('after', examples('palimpsest demo', 'palimpsest demo --home ./demo --json'))
    .action((options: DemoOptions) => answer(session, options, () => runDemo(session, options)));
}

async function runDemo({ environment }: Session, options: DemoOptions): Promise<Answer> {
  const start = performance.now();
  const kept = options.home !== undefined;
  const home = resolve(options.home ?? (await mkdtemp(join(tmpdir(), 'palimpsest-demo-'))));
  environment.stderr.write(`The demo works in ${home}.\n`);
  let removable = !kept;
  try {
    const workbench = await environment.openWorkbench(home);
    try {
      const { engine = 'auto' } = options;
      // What a first demo in this home folder left there is used again.
      const project = await callWithProgress(environment, workbench, 'demo/prepare', { engine });
      const finished = await runProject(workbench, project, environment);
      if (finished.interrupted) removable = false;
      const results = await workbench.call('projects/results', { project: finished.project.id });
      const left = kept || finished.interrupted ? home : null;
      return demoAnswer(finished, results, left, (performance.now() - start) / 1000);
    } finally {
      await workbench.close();
    }
  } finally {
    if (removable) await rm(home, { recursive: true, force: true });
  }
}

function demoAnswer(
  { runs, interrupted }: FinishedProject,
  results: ProjectResults,
  /** Null when the folder is removed at the end. */
  home: string | null,
  seconds: number,
): Answer {
  const troubles = runs.filter(({ state }) => state !== 'completed');
  const failed = troubles.length > 0;
  const { split } = results;
  const text = [
    describeProjectResults(results),
    '\n',
    ...results.rows.map(describeEffect),
    ...troubles.map(describeTrouble),
    interrupted && home !== null ? `Continue with: palimpsest demo --home ${home}\n` : '',
    `Time ${formatDuration(seconds)}.\n`,
  ].join('');
  return {
    document: { rows: results.rows.map(rowDocument), split, seconds, interrupted, home, runs },
    text,
    exitCode: !failed ? 0 : interrupted ? INTERRUPTED_EXIT_CODE : FAILED_EXIT_CODE,
  };
}

/** Means over seeds, nats a masked token. */
function rowDocument({ strategy, settings, ...row }: ResultRow) {
  return {
    strategy,
    settings,
    sourceNll: row.sourceNll.mean,
    targetNll: row.targetNll.mean,
    forgetting: row.forgetting.mean,
    gain: row.gain.mean,
    relativeTime: row.relativeTime,
    pareto: row.pareto,
  };
}

/** "SDT lowered the target loss by 1.312 nats and raised the source loss by 0.520 nats." */
function describeEffect({ strategy, gain, forgetting }: ResultRow): string {
  if (strategy === 'ndt') return '';
  const target = `${gain.mean >= 0 ? 'lowered' : 'raised'} the target loss by ${formatNats(Math.abs(gain.mean))} nats`;
  const source = `${forgetting.mean >= 0 ? 'raised' : 'lowered'} the source loss by ${formatNats(Math.abs(forgetting.mean))} nats`;
  return `${strategyTitle(strategy)} ${target} and ${source}.\n`;
}
