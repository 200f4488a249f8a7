import { resolve } from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import { FEWEST_DOCUMENTS } from '../../evaluation/statistics.ts';
import { TOO_FEW_NOTE } from '../../results/cells.ts';
import { runStateSchema } from '../../workbench/contract.ts';
import type { RunChange, RunDetail, RunState, RunSummary } from '../../workbench/contract.ts';
import { answerFromWorkbench, examples, newCommand, untilInterrupt } from '../command.ts';
import type { CommonOptions, Session } from '../command.ts';
import { followRun } from '../follow.ts';
import {
  formatBytes,
  formatCount,
  formatDifference,
  formatNats,
  formatP,
  formatTime,
} from '../output/format.ts';
import { describeGuard, describeReports } from '../output/runReports.ts';
import { strategyOf } from '../output/runTitle.ts';
import { facts, table } from '../output/table.ts';
import { formatInterval } from '../results.ts';
import { FAILED_EXIT_CODE, INTERRUPTED_EXIT_CODE } from '../failure.ts';
import { howToResume } from './run.ts';

interface ListOptions extends CommonOptions {
  readonly project?: string;
  readonly state?: RunState;
}

interface ExportOptions extends CommonOptions {
  readonly weights: 'last' | 'best';
}

/** `runs list`, `runs show`, `runs pause`, `runs resume`, `runs cancel` and `runs import`. */
export function addRunsCommands(group: Command, session: Session): void {
  const listing = newCommand('list', 'list the runs')
    .option('--project <name>', 'only runs of this project')
    .addOption(
      new Option('--state <state>', 'only runs in this state').choices(runStateSchema.options),
    )
    .action(({ project, state, ...options }: ListOptions) =>
      answerFromWorkbench(session, options, async (workbench) => {
        const runs = await workbench.call('runs/list', {
          ...(project === undefined ? {} : { project }),
          ...(state === undefined ? {} : { state }),
        });
        return { document: runs, text: describeRuns(runs) };
      }),
    );

  const showing = newCommand('show', 'show one run with its evaluations')
    .argument('<run>', 'id of the run')
    .action((run: string, options: CommonOptions) =>
      answerFromWorkbench(session, options, async (workbench) => {
        const detail = await workbench.call('runs/show', { run });
        const changes = await workbench.call('runs/changes', { run });
        const text = [describeRun(detail, changes), ...describeReports(detail)].join('\n');
        return { document: { ...detail, changes }, text };
      }),
    );

  const pausing = newCommand('pause', 'save a checkpoint and pause a run')
    .argument('<run>', 'id of the run')
    .action((run: string, options: CommonOptions) =>
      answerFromWorkbench(session, options, async (workbench) => {
        const paused = await workbench.call('runs/pause', { run });
        return { document: paused, text: describeState(paused) };
      }),
    );

  const resuming = newCommand(
    'resume',
    'continue a run from its last checkpoint',
    'Continues a paused, interrupted or failed run from its last checkpoint and follows it to its ' +
      'end. Ctrl-C saves a checkpoint and pauses it again.',
  )
    .argument('<run>', 'id of the run')
    .action((run: string, options: CommonOptions) =>
      answerFromWorkbench(session, options, async (workbench) => {
        const { id } = await workbench.call('runs/resume', { run });
        const { environment } = session;
        const { interrupted } = await untilInterrupt(environment, (stop) =>
          followRun(workbench, id, environment, stop),
        );
        const detail = await workbench.call('runs/show', { run: id });
        const stopped = interrupted ? INTERRUPTED_EXIT_CODE : FAILED_EXIT_CODE;
        return {
          document: detail,
          text: `${describeRun(detail)}${howToResume([detail])}`,
          exitCode: detail.state === 'completed' ? 0 : stopped,
        };
      }),
    );

  const cancelling = newCommand('cancel', 'stop a run for good')
    .argument('<run>', 'id of the run')
    .action((run: string, options: CommonOptions) =>
      answerFromWorkbench(session, options, async (workbench) => {
        const cancelled = await workbench.call('runs/cancel', { run });
        return { document: cancelled, text: describeState(cancelled) };
      }),
    );

  const importing = newCommand(
    'import',
    'import the folder of a run',
    'Imports the folder of a run that was made on another machine or whose rows were lost.',
  )
    .argument('<folder>', 'folder of the run')
    .action((folder: string, options: CommonOptions) =>
      answerFromWorkbench(session, options, async (workbench) => {
        const run = await workbench.call('runs/import', { path: resolve(folder) });
        return { document: run, text: `Imported ${describeState(run)}` };
      }),
    );

  for (const command of [listing, showing, pausing, resuming, cancelling, importing]) {
    group.addCommand(command);
  }
}

/** `export`. */
export function exportCommand(session: Session): Command {
  return newCommand(
    'export',
    'write the model of a run as a Hugging Face folder',
    'Writes the tuned model of a run as a folder that Hugging Face transformers loads: weights, ' +
      'config, tokenizer files and a model card with the provenance of the run.',
  )
    .argument('<run>', 'id of the run')
    .argument('<folder>', 'folder to make')
    .addOption(
      new Option('--weights <which>', 'its last weights or those it did best with on validation')
        .choices(['last', 'best'])
        .default('last'),
    )
    .addHelpText('after', examples('palimpsest export r-3f9a ./bert-notes'))
    .action((run: string, folder: string, { weights, ...options }: ExportOptions) =>
      answerFromWorkbench(session, options, async (workbench) => {
        const request = { run, folder: resolve(folder), weights };
        const written = await workbench.call('runs/export', request);
        const entries = [
          ['folder', written.folder],
          ['size', formatBytes(written.bytes)],
          ...written.notices.map((notice) => ['note', notice]),
        ] as const;
        const text = `Exported run ${run}.\n${facts(entries.map(([name, value]) => [name, value]))}`;
        return { document: written, text };
      }),
    );
}

function describeState(run: RunSummary): string {
  const step = run.totalSteps === null ? '' : ` at step ${steps(run)}`;
  return `Run ${run.id} (${run.name}): ${run.state}${step}.\n`;
}

function steps({ step, totalSteps }: RunSummary): string {
  return totalSteps === null
    ? formatCount(step)
    : `${formatCount(step)} of ${formatCount(totalSteps)}`;
}

function describeRuns(runs: readonly RunSummary[]): string {
  if (runs.length === 0) return 'No runs yet. "palimpsest run PROJECT.yaml" starts some.\n';
  return table(
    [
      { title: 'id' },
      { title: 'project' },
      { title: 'strategy' },
      { title: 'seed', align: 'right' },
      { title: 'state' },
      { title: 'step', align: 'right' },
      { title: 'engine' },
      { title: 'created' },
    ],
    runs.map((run) => [
      run.id,
      run.projectName,
      strategyOf(run),
      String(run.seed),
      run.state,
      steps(run),
      run.engine ?? '–',
      formatTime(run.createdAt),
    ]),
  );
}

/** "completed at step 18 of 24, stopped by the forgetting guard". */
function stateOf(run: RunDetail): string {
  if (run.guard === null || run.state !== 'completed') return run.state;
  const ended = run.guard.action === 'stop' ? 'stopped' : 'rolled back';
  return `completed at step ${steps(run)}, ${ended} by the forgetting guard`;
}

function describeRun(run: RunDetail, changes: readonly RunChange[] = []): string {
  const overview: [string, string][] = [
    ['project', run.projectName],
    ['strategy', `${strategyOf(run)}, seed ${run.seed}`],
    ['state', stateOf(run)],
    ['step', steps(run)],
    ['engine', run.engine === null ? '–' : `${run.engine}, ${run.device ?? ''}`],
    ['attempts', String(run.attempts)],
    ['created', formatTime(run.createdAt)],
    ['started', run.startedAt === null ? '–' : formatTime(run.startedAt)],
    ['ended', run.endedAt === null ? '–' : formatTime(run.endedAt)],
    ['folder', run.folder],
  ];
  if (run.waitsFor !== undefined) overview.push(['waits', run.waitsFor]);
  if (run.guard) overview.push(['forgetting guard', describeGuard(run.guard)]);
  if (run.error) overview.push(['error', run.error.message], ['hint', run.error.hint]);
  if (run.state === 'interrupted') overview.push(['resume', `palimpsest runs resume ${run.id}`]);
  const parts = [`Run ${run.id} (${run.name})\n${facts(overview)}`];
  if (run.evaluations.length > 0) {
    const rows = run.evaluations.map((one) => [
      formatCount(one.step),
      one.phase,
      one.role,
      one.split,
      formatNats(one.nll),
      Math.exp(one.nll).toFixed(2),
      formatCount(one.tokens),
    ]);
    parts.push(`Evaluations, nats a masked token\n${table(EVALUATION_COLUMNS, rows)}`);
  }
  if (changes.length > 0) {
    const rows = changes.map((one) => [
      one.role,
      one.split,
      formatDifference(one.change),
      formatInterval(one),
      formatP(one.p),
      formatCount(one.documents),
    ]);
    const what = 'Change over the base model, nats a masked token; 95 % interval over documents';
    const isAnyTooFew = changes.some(({ documents }) => documents < FEWEST_DOCUMENTS);
    const note = isAnyTooFew ? `${TOO_FEW_NOTE}\n` : '';
    parts.push(`${what}\n${table(CHANGE_COLUMNS, rows)}${note}`);
  }
  return parts.join('\n');
}

const CHANGE_COLUMNS = [
  { title: 'role' },
  { title: 'split' },
  { title: 'change', align: 'right' },
  { title: 'interval', align: 'right' },
  { title: 'p', align: 'right' },
  { title: 'documents', align: 'right' },
] as const;

const EVALUATION_COLUMNS = [
  { title: 'step', align: 'right' },
  { title: 'phase' },
  { title: 'role' },
  { title: 'split' },
  { title: 'NLL', align: 'right' },
  { title: 'pseudo-perplexity', align: 'right' },
  { title: 'tokens', align: 'right' },
] as const;
