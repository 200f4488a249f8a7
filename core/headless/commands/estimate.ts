import type { Command } from 'commander';
import { fullTitle } from '../../results/names.ts';
import { readProjectFile } from '../../workbench/readProjectFile.ts';
import type { EngineChoice } from '../../engine/types.ts';
import { sharedTitle } from '../../workbench/estimateWords.ts';
import type { Estimate, Span } from '../../workbench/schemas/estimate.ts';
import {
  answerFromWorkbench,
  callWithProgress,
  engineOption,
  examples,
  newCommand,
} from '../command.ts';
import type { CommonOptions, Session } from '../command.ts';
import { roughly } from '../../workbench/spans.ts';
import { formatBytes, formatCount, formatDuration } from '../output/format.ts';
import { facts, table } from '../output/table.ts';

interface EstimateOptions extends CommonOptions {
  readonly engine?: EngineChoice;
}

/** `estimate`. */
export function estimateCommand(session: Session): Command {
  const { environment } = session;
  return newCommand(
    'estimate',
    'estimate what a project file will take',
    'Takes a few steps of each strategy of a project on this machine and says how long its runs will ' +
      'take, and how much memory and disk, each with a range. Nothing is registered and nothing stays.',
  )
    .argument('<project>', 'project file, JSON or YAML')
    .addOption(engineOption('engine to use instead of the one in the file'))
    .addHelpText('after', examples('palimpsest estimate pilot.yaml'))
    .action(async (path: string, { engine, ...options }: EstimateOptions) => {
      // A wrong file is found before the home folder is touched.
      const file = await readProjectFile(path);
      const project = engine === undefined ? file : { ...file, engine };
      await answerFromWorkbench(session, options, async (workbench) => {
        const request = { project };
        const estimate = await callWithProgress(
          environment,
          workbench,
          'projects/estimate',
          request,
        );
        return { document: estimate, text: describeEstimate(estimate) };
      });
    });
}

export function describeEstimate(estimate: Estimate): string {
  const { strategies, shared, seconds, evaluationSeconds, memory, disk, probe } = estimate;
  const rows = strategies.map(
    ({ strategy, settings, runs, steps, secondsPerStep, secondsPerRun, ...all }) => [
      fullTitle(strategy, settings),
      formatCount(runs.results + runs.choosing),
      steps.expected === 0 ? '' : formatCount(steps.expected),
      secondsPerStep === null ? unknownOr(secondsPerRun, '') : formatPace(secondsPerStep.expected),
      unknownOr(secondsPerRun, roughDuration(secondsPerRun?.expected ?? 0)),
      roughDuration(all.seconds.expected),
      rangeText(all.seconds),
    ],
  );
  const strategyTable = table(
    [
      { title: 'strategy' },
      { title: 'runs', align: 'right' },
      { title: 'steps', align: 'right' },
      { title: 'a step', align: 'right' },
      { title: 'a run', align: 'right' },
      { title: 'all runs', align: 'right' },
      { title: 'range' },
    ],
    rows,
  );
  const open = shared.filter(({ isThere }) => !isThere);
  const entries: [string, string][] = [
    ['total time', `${roughDuration(seconds.expected)}, ${rangeText(seconds)}`],
    ['of it evaluating', roughDuration(evaluationSeconds.expected)],
    ...open.map((work): [string, string] => [
      `once: ${sharedTitle(work)}`,
      `${roughDuration(work.seconds.expected)}, ${rangeText(work.seconds)}`,
    ]),
    ['memory', `${formatBytes(memory.peak.low)} to ${formatBytes(memory.peak.high)} for a run`],
    [
      'disk',
      `${formatBytes(disk.most)} at most, ${formatBytes(disk.left)} afterwards; ${formatBytes(disk.free)} are free`,
    ],
    ['engine', estimate.device],
  ];
  if (estimate.tokensPerSecond !== null) {
    entries.push(['pace', `${formatCount(estimate.tokensPerSecond)} tokens a second`]);
  }
  entries.push([
    'measured',
    `${formatCount(probe.steps)} steps, in ${roughDuration(probe.seconds)}`,
  ]);
  if (estimate.runs.done > 0) {
    entries.push([
      'done already',
      `${formatCount(estimate.runs.done)} ${estimate.runs.done === 1 ? 'run' : 'runs'}, used again`,
    ]);
  }
  return [
    `${strategyTable}\n`,
    facts(entries),
    ...estimate.remarks.map((remark) => `\n${remark}\n`),
    ...estimate.warnings.map((warning) => `\nWarning: ${warning}\n`),
  ].join('');
}

/** A dash for work whose runs are all done, so that it was not measured. */
function unknownOr(seconds: Span | null, text: string): string {
  return seconds === null ? '–' : text;
}

function rangeText({ low, high }: Span): string {
  return `${roughDuration(low)} to ${roughDuration(high)}`;
}

function roughDuration(seconds: number): string {
  return formatDuration(roughly(seconds));
}

/** Steps of small models take milliseconds. */
function formatPace(seconds: number): string {
  return seconds < 1 ? `${(1000 * seconds).toFixed(0)} ms` : `${seconds.toFixed(1)} s`;
}
