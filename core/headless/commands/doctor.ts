import type { Command } from 'commander';
import type { Diagnostics } from '../../workbench/contract.ts';
import { answerFromWorkbench, newCommand } from '../command.ts';
import type { CommonOptions, Session } from '../command.ts';
import { formatBytes, formatCount } from '../output/format.ts';
import { facts, table } from '../output/table.ts';

/** `doctor`. */
export function doctorCommand(session: Session): Command {
  return newCommand(
    'doctor',
    'check this machine and show diagnostics',
    'Shows versions, the home folder, storage, and every compute engine with its self-check. ' +
      'Nothing of any corpus is in it, so that it can be sent along with a question.',
  ).action((options: CommonOptions) =>
    answerFromWorkbench(session, options, async (workbench) => {
      const diagnostics = await workbench.call('system/diagnostics', {});
      const usable = diagnostics.engines.some(({ available }) => available);
      const sound = diagnostics.databaseProblem === null;
      const text = describeDiagnostics(diagnostics);
      return { document: diagnostics, text, exitCode: usable && sound ? 0 : 1 };
    }),
  );
}

export function describeDiagnostics(diagnostics: Diagnostics): string {
  const { counts } = diagnostics;
  const overview = facts([
    ['Palimpsest', diagnostics.version],
    ['Node', diagnostics.node],
    ['platform', diagnostics.platform],
    ['cores', String(diagnostics.cores)],
    ['memory', formatBytes(diagnostics.memoryBytes)],
    ['home folder', diagnostics.home],
    [
      'storage',
      `${formatBytes(diagnostics.homeBytes)} used, ${formatBytes(diagnostics.freeBytes)} free`,
    ],
    [
      'contents',
      `${formatCount(counts.models)} models, ${formatCount(counts.corpora)} corpora, ` +
        `${formatCount(counts.projects)} projects, ${formatCount(counts.runs)} runs`,
    ],
  ]);
  const problem = diagnostics.databaseProblem;
  const history = problem === null ? '' : `\nThe history is damaged: ${problem}\n`;
  const engines = table(
    [{ title: 'engine' }, { title: 'state' }, { title: 'detail' }],
    diagnostics.engines.map(({ name, available, detail }) => [
      name,
      available ? 'ready' : 'not available',
      detail,
    ]),
  );
  return `${overview}${history}\n${engines}`;
}
