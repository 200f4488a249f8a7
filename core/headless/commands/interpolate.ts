import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { RunDetail, WorkbenchClient } from '../../workbench/contract.ts';
import { isAtRest } from '../../workbench/runStates.ts';
import { answerFromWorkbench, examples, newCommand, untilInterrupt } from '../command.ts';
import type { Answer, CommonOptions, Session } from '../command.ts';
import type { Environment } from '../environment.ts';
import { FAILED_EXIT_CODE, INTERRUPTED_EXIT_CODE } from '../failure.ts';
import { followRuns } from '../follow.ts';
import type { Followed, Look } from '../follow.ts';
import { formatDifference, formatNats } from '../output/format.ts';
import { runTitle } from '../output/runTitle.ts';
import { table } from '../output/table.ts';
import { describeTrouble, howToResume } from './run.ts';

interface InterpolateOptions extends CommonOptions {
  readonly alpha: readonly number[];
}

/** `interpolate`. */
export function interpolateCommand(session: Session): Command {
  return newCommand(
    'interpolate',
    'score weights between the base model and a finished run',
    'Scores (1 − α) × base model + α × finished run on the evaluation sets of the run, and keeps the ' +
      'weights to export. Nothing is trained. Less α forgets less and gains less, often not alike: a ' +
      'point between may keep most of the gain.',
  )
    .argument('<run>', 'id of a completed run')
    .addOption(
      new Option(
        '--alpha <number>',
        '0 is the base model, 1 the run; give it again for more points',
      )
        .argParser(addAlpha)
        .makeOptionMandatory(),
    )
    .addHelpText('after', examples('palimpsest interpolate run-8k2m9qxw4d --alpha 0.3 --alpha 0.5'))
    .action((run: string, { alpha, ...options }: InterpolateOptions) =>
      answerFromWorkbench(session, options, (workbench) =>
        interpolate(workbench, session.environment, run, alpha),
      ),
    );
}

/** For commander: one more alpha. */
function addAlpha(text: string, earlier: readonly number[] = []): readonly number[] {
  const alpha = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (!(alpha >= 0 && alpha <= 1)) {
    throw new InvalidArgumentError('A number from 0 to 1 is needed.');
  }
  return earlier.includes(alpha) ? earlier : [...earlier, alpha];
}

async function interpolate(
  workbench: WorkbenchClient,
  environment: Environment,
  word: string,
  alphas: readonly number[],
): Promise<Answer> {
  const tuned = await workbench.call('runs/show', { run: word });
  const { runs, interrupted } = await untilInterrupt(environment, (stop) =>
    makePoints(workbench, environment, tuned.id, alphas, stop),
  );
  const points: RunDetail[] = [];
  for (const { id } of runs) points.push(await workbench.call('runs/show', { run: id }));
  const troubles = points.filter(({ state }) => state !== 'completed');
  const stopped = interrupted ? INTERRUPTED_EXIT_CODE : FAILED_EXIT_CODE;
  return {
    document: { run: tuned.id, points: points.map(documentOf), interrupted },
    text: [
      describePoints(tuned, points),
      ...troubles.map(describeTrouble),
      howToResume(troubles),
    ].join(''),
    exitCode: troubles.length === 0 ? 0 : stopped,
  };
}

/** Queues what is not there yet, continues what is unfinished, and follows it all to its end. */
async function makePoints(
  workbench: WorkbenchClient,
  environment: Environment,
  run: string,
  alphas: readonly number[],
  stop: AbortSignal,
): Promise<Followed> {
  const ids: string[] = [];
  for (const alpha of alphas) {
    const { id, state } = await workbench.call('runs/interpolate', { run, alpha });
    if (state !== 'completed' && isAtRest(state)) await workbench.call('runs/resume', { run: id });
    ids.push(id);
  }
  const look = async (): Promise<Look> => {
    const runs: RunDetail[] = [];
    for (const id of ids) runs.push(await workbench.call('runs/show', { run: id }));
    return { runs, choices: [], expectsMore: false };
  };
  return followRuns(workbench, look, environment, stop);
}

/** Losses on the test split, nats a masked token. */
interface PointLosses {
  readonly sourceNll: number;
  readonly targetNll: number;
  readonly forgetting: number;
  readonly gain: number;
}

/** Undefined until the run has been scored. */
function lossesOf(
  { evaluations }: RunDetail,
  phase: 'before' | 'after' = 'after',
): PointLosses | undefined {
  const loss = (role: string, of: 'before' | 'after'): number | undefined => {
    const own = evaluations.filter(
      (one) => one.role === role && one.split === 'test' && one.phase === of,
    );
    const tokens = own.reduce((sum, one) => sum + one.tokens, 0);
    if (tokens === 0) return undefined;
    return own.reduce((sum, one) => sum + (one.nll * one.tokens) / tokens, 0);
  };
  const [source, target] = [loss('source', phase), loss('target', phase)];
  const [baseSource, baseTarget] = [loss('source', 'before'), loss('target', 'before')];
  if (source === undefined || target === undefined) return undefined;
  if (baseSource === undefined || baseTarget === undefined) return undefined;
  return {
    sourceNll: source,
    targetNll: target,
    forgetting: source - baseSource,
    gain: baseTarget - target,
  };
}

function documentOf(run: RunDetail): object {
  const { id, alpha, state, error } = run;
  return { alpha, run: id, state, ...(state === 'completed' ? lossesOf(run) : { error }) };
}

/** The points that are there, with the ends of the line between which they lie. */
function describePoints(tuned: RunDetail, points: readonly RunDetail[]): string {
  const completed = points.filter(({ state }) => state === 'completed');
  if (completed.length === 0) return '';
  const ends = [
    { alpha: 0, what: 'the base model', losses: lossesOf(tuned, 'before') },
    { alpha: 1, what: tuned.id, losses: lossesOf(tuned) },
  ].filter((end) => completed.every(({ alpha }) => alpha !== end.alpha));
  const rows = [
    ...ends,
    ...completed.map((run) => ({ alpha: run.alpha ?? 1, what: run.id, losses: lossesOf(run) })),
  ].sort((a, b) => a.alpha - b.alpha);
  const text = table(
    [
      { title: 'α', align: 'right' },
      { title: 'run' },
      { title: 'source NLL', align: 'right' },
      { title: 'target NLL', align: 'right' },
      { title: 'forgetting', align: 'right' },
      { title: 'gain', align: 'right' },
    ],
    rows.flatMap(({ alpha, what, losses }) =>
      losses === undefined
        ? []
        : [
            [
              String(alpha),
              what,
              formatNats(losses.sourceNll),
              formatNats(losses.targetNll),
              formatDifference(losses.forgetting),
              formatDifference(losses.gain),
            ],
          ],
    ),
  );
  const exports = completed.map(
    (run) => `Export α ${run.alpha} with: palimpsest export ${run.id} FOLDER\n`,
  );
  return `${runTitle(tuned)}, nats a masked token on the test split\n${text}\n${exports.join('')}`;
}
