import type { Command } from 'commander';
import { FEWEST_DOCUMENTS } from '../../evaluation/statistics.ts';
import { TOO_FEW_NOTE } from '../../results/cells.ts';
import { labelTitle } from '../../results/names.ts';
import type { RunsDiff, Spread } from '../../workbench/results.ts';
import { answerFromWorkbench, examples, newCommand } from '../command.ts';
import type { CommonOptions, Session } from '../command.ts';
import { FAILED_EXIT_CODE, UsageError } from '../failure.ts';
import { formatDifference, formatNats, formatP } from '../output/format.ts';
import { table } from '../output/table.ts';
import { formatInterval } from '../results.ts';

/** `runs diff`. */
export function runsDiffCommand(session: Session): Command {
  return newCommand(
    'diff',
    'show how runs differ in settings and losses',
    'Shows the settings that differ between runs, and their losses with 95 % intervals of the ' +
      "differences to the first: bootstrap over documents, Student's t over the seeds that both have. Runs " +
      'that differ in nothing but the seed are one group. Ends with 1 when the runs share no ' +
      'evaluation set, so that no loss can be compared.',
  )
    .argument('<runs...>', 'ids of runs, or project/strategy for its completed runs')
    .addHelpText(
      'after',
      examples(
        'palimpsest runs diff run-8k2m9qxw4d run-3fp6t7zj2h',
        'palimpsest runs diff pilot/sdt pilot/ewc pilot/rh+ewc',
      ),
    )
    .action((runs: string[], options: CommonOptions) => {
      requireSeveral(runs);
      return answerFromWorkbench(session, options, async (workbench) => {
        const diff = await workbench.call('runs/diff', { runs });
        return {
          document: diff,
          text: describeDiff(diff),
          exitCode: diff.metrics.length === 0 ? FAILED_EXIT_CODE : 0,
        };
      });
    });
}

/** One word may still mean several runs: project/strategy. */
function requireSeveral(runs: readonly string[]): void {
  if (runs.length > 1 || runs.some((word) => word.includes('/'))) return;
  throw new UsageError(
    'usage/one-run',
    'One run alone differs from nothing.',
    'Name two runs or more. See "palimpsest runs diff --help".',
  );
}

export function describeDiff(diff: RunsDiff): string {
  return [
    groupsText(diff),
    configurationText(diff),
    metricsText(diff),
    diff.notComparable.length === 0
      ? ''
      : `Not comparable\n${diff.notComparable.map(({ reason }) => `  ${reason}\n`).join('')}`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function groupsText({ groups }: RunsDiff): string {
  return table(
    [{ title: 'group' }, { title: 'seeds' }, { title: 'runs' }],
    groups.map(({ label, runs }) => [
      labelTitle(label),
      runs.map(({ seed }) => String(seed)).join(', '),
      runs.map(({ id }) => id).join(', '),
    ]),
  );
}

function configurationText({ groups, configuration }: RunsDiff): string {
  if (configuration.length === 0) return 'The settings are equal.\n';
  const text = table(
    [{ title: 'setting' }, ...groups.map(({ label }) => ({ title: labelTitle(label) }))],
    configuration.map(({ key, values }) => [key, ...values.map(settingText)]),
  );
  return `Settings that differ\n${text}`;
}

function settingText(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (Array.isArray(value)) return value.map(settingText).join(', ');
  if (typeof value !== 'string') return JSON.stringify(value);
  // A hash is told apart by its beginning.
  return value.replace(/^[0-9a-f]{64}$/, (hash) => `${hash.slice(0, 12)}…`);
}

function metricsText({ groups, metrics }: RunsDiff): string {
  if (metrics.length === 0) return '';
  const several = metrics.some(({ losses }) => losses.some(({ count }) => count > 1));
  const loss = ({ mean, deviation }: Spread): string => {
    if (!several) return formatNats(mean);
    const spread = deviation === null ? '' : ` ± ${formatNats(deviation)}`;
    return formatNats(mean) + spread.padEnd(8);
  };
  const rows = metrics.flatMap(({ role, split, name, losses, differences, documents }) =>
    groups.map(({ label }, index) => {
      const difference = differences.find(({ group }) => group === index);
      return [
        index === 0 ? [role, split, ...(name === role ? [] : [name])].join(' ') : '',
        labelTitle(label),
        loss(losses[index]),
        ...(difference === undefined
          ? ['', '', '', '']
          : [
              formatDifference(difference.estimate),
              formatInterval(difference),
              formatP(difference.p),
              difference.seeds.length === 0 ? 'none' : difference.seeds.join(', '),
            ]),
        index === 0 ? String(documents) : '',
      ];
    }),
  );
  const text = table(
    [
      { title: 'set' },
      { title: 'group' },
      { title: 'loss', align: several ? 'left' : 'right' },
      { title: 'difference', align: 'right' },
      { title: '95 % interval', align: 'right' },
      { title: 'p', align: 'right' },
      { title: 'common seeds' },
      { title: 'documents', align: 'right' },
    ],
    rows,
  );
  const spread = several ? ', mean ± sample standard deviation over seeds' : '';
  const isAnyTooFew = metrics.some(({ documents }) => documents < FEWEST_DOCUMENTS);
  return (
    `Losses at the end, nats a masked token${spread}; differences to ${labelTitle(groups[0].label)}\n` +
    text +
    (isAnyTooFew ? `${TOO_FEW_NOTE}\n` : '')
  );
}
