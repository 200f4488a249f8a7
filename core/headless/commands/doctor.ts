import type { Command } from 'commander';
import type { Diagnostics, Reply } from '../../workbench/contract.ts';
import type { StorageKind } from '../../workbench/schemas/system.ts';
import { answerFromWorkbench, newCommand } from '../command.ts';
import type { CommonOptions, Session } from '../command.ts';
import { formatBytes, formatCount } from '../output/format.ts';
import { facts, table } from '../output/table.ts';

type Storage = Reply<'system/storage'>;
type Connections = Reply<'system/connections'>;

/** `doctor`. */
export function doctorCommand(session: Session): Command {
  return newCommand(
    'doctor',
    'check this machine and show diagnostics',
    'Shows versions, the home folder, what takes how much room in it, every compute engine with its ' +
      'self-check, and whether any process of Palimpsest has to do with another machine. Nothing of ' +
      'any corpus and no name of a user is in it, so that it can be sent along with a question.',
  ).action((options: CommonOptions) =>
    answerFromWorkbench(session, options, async (workbench) => {
      const { homeForCopies, ...found } = await workbench.call('system/diagnostics', {});
      const diagnostics = { ...found, home: homeForCopies };
      const { kinds, freeable } = await workbench.call('system/storage', {});
      const connections = await workbench.call('system/connections', {});
      const usable = diagnostics.engines.some(({ available }) => available);
      const sound = diagnostics.databaseProblem === null;
      const isOffline = connections.sockets === null || connections.sockets.foreign.length === 0;
      const text = [
        describeDiagnostics(diagnostics),
        describeStorage({ kinds, freeable }),
        describeConnections(connections),
      ].join('\n');
      return {
        document: { ...diagnostics, storage: { kinds, freeable }, connections },
        text,
        exitCode: usable && sound && isOffline ? 0 : 1,
      };
    }),
  );
}

function describeDiagnostics(diagnostics: Omit<Diagnostics, 'homeForCopies'>): string {
  const { counts, libraries } = diagnostics;
  const overview = facts([
    ['Palimpsest', diagnostics.version],
    ['Node', diagnostics.node],
    ...libraries.map(({ name, version }) => [name, version] as const),
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

const KINDS: Readonly<Record<StorageKind, string>> = {
  models: 'models',
  corpora: 'corpora: text',
  shards: 'corpora: packed tokens',
  runs: 'runs: logs and scores',
  checkpoints: 'runs: checkpoints',
  evaluations: 'frozen-mask sets and scores',
  fisher: 'Fisher diagonals',
  history: 'history',
  backups: 'copies of the history',
  other: 'other',
};

function describeStorage({ kinds, freeable }: Pick<Storage, 'kinds' | 'freeable'>): string {
  const rows = kinds.map(({ kind, count, bytes }) => [
    KINDS[kind],
    kind === 'other' ? '' : formatCount(count),
    formatBytes(bytes),
  ]);
  const columns = [
    { title: 'in the home folder' },
    { title: 'count', align: 'right' },
    { title: 'size', align: 'right' },
  ] as const;
  const hints = freeable.map(({ kind, count, bytes }) =>
    kind === 'corpora'
      ? `No run uses ${formatCount(count)} of the corpora: \`palimpsest purge corpus NAME\` frees up to ${formatBytes(bytes)}.\n`
      : `The ${formatCount(count)} copies of the history in the folder backups may be deleted: ${formatBytes(bytes)}.\n`,
  );
  return `${table(columns, rows)}${hints.join('')}`;
}

function describeConnections({ sockets, processes, command }: Connections): string {
  const look = `To look for yourself: ${command}\n`;
  if (sockets === null) return `This system does not show connections to a program.\n${look}`;
  const { local, foreign } = sockets;
  const looked = `${formatCount(processes.length)} ${processes.length === 1 ? 'process' : 'processes'}`;
  const where = `${formatCount(local)} within this machine, in ${looked}`;
  if (foreign.length === 0) return `No connection to another machine: ${where}.\n${look}`;
  const list = foreign.map(
    ({ pid, protocol, address }) => `  process ${pid}: ${protocol}, ${address}\n`,
  );
  return `Connections to other machines were found, although there should be none:\n${list.join('')}${look}`;
}
