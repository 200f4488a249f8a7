/** What the System page says of the machine, as words and as a text to copy. */
import type { Diagnostics, Reply } from '../../core/workbench/contract.ts';
import { formatCount, formatCounted } from './format.ts';
import { routeAddress } from './routes.ts';

export type Storage = Reply<'system/storage'>;
export type Connections = Reply<'system/connections'>;
type Kind = Storage['kinds'][number]['kind'];

export const ENGINES: Readonly<
  Record<Diagnostics['engines'][number]['name'], { readonly title: string; readonly about: string }>
> = {
  cpu: { title: 'CPU', about: 'ONNX Runtime on the processor. The reference: always there.' },
  webgpu: { title: 'WebGPU', about: 'ONNX Runtime on the graphics card, on any system.' },
  tensorflow: {
    title: 'TensorFlow',
    about: 'CUDA on NVIDIA cards, where its library is installed.',
  },
};

export const STORAGE_KINDS: Readonly<
  Record<Kind, { readonly title: string; readonly unit: string }>
> = {
  models: { title: 'Models', unit: 'model' },
  corpora: { title: 'Corpora, text', unit: 'corpus' },
  shards: { title: 'Corpora, packed tokens', unit: 'tokenizer' },
  runs: { title: 'Runs, logs and scores', unit: 'run' },
  checkpoints: { title: 'Runs, checkpoints', unit: 'checkpoint' },
  evaluations: { title: 'Frozen-mask sets and base scores', unit: 'set' },
  fisher: { title: 'Fisher diagonals', unit: 'estimate' },
  history: { title: 'History', unit: 'database' },
  backups: { title: 'Copies of the history', unit: 'copy' },
  other: { title: 'Other', unit: '' },
};

/** "3 corpora", "2 copies". */
export function countedItems(kind: Kind, count: number): string {
  const { unit } = STORAGE_KINDS[kind];
  if (unit === '') return '';
  const many = { corpus: 'corpora', copy: 'copies' }[unit] ?? `${unit}s`;
  return formatCounted(count, unit, many);
}

/** The screen of an item of the storage list; undefined for what has none. */
export function itemAddress({ kind, id }: Storage['largest'][number]): string | undefined {
  return kind === 'fisher' ? undefined : routeAddress({ page: kind, id });
}

/** What the system says of connections, in one sentence; undefined where it says nothing. */
export function connectionsSentence({ sockets, processes }: Connections): string | undefined {
  if (sockets === null) return undefined;
  const { local, foreign } = sockets;
  const looked = formatCounted(processes.length, 'process', 'processes');
  if (foreign.length > 0) {
    const found = formatCounted(foreign.length, 'connection');
    return `${found} to other machines or open to them, in ${looked}.`;
  }
  return `No connection to another machine: ${formatCounted(local, 'socket')} within this one, in ${looked}.`;
}

/** What the checks come to: `isGood` is undefined where nothing speaks against it but not all was seen. */
export function offlineVerdict(checks: {
  /** Sockets of Palimpsest's processes to other machines or open to them; undefined when not known. */
  readonly foreignSockets: number | undefined;
  readonly foreignFiles: number;
  /** Whether the policy of the page keeps it at its own host; undefined when not known. */
  readonly isClosed: boolean | undefined;
}): { readonly isGood: boolean | undefined; readonly title: string; readonly text: string } {
  const { foreignSockets, foreignFiles, isClosed } = checks;
  if ((foreignSockets ?? 0) > 0 || foreignFiles > 0 || isClosed === false) {
    return {
      isGood: false,
      title: 'Something may leave this machine',
      text: 'Palimpsest is made to open no connection to another machine, and what was found below speaks against it. Unplug the network, and report it with the diagnostics of this page.',
    };
  }
  const text =
    'Palimpsest opens no connection to another machine. Models, text, weights and results stay in the home folder.';
  return foreignSockets === undefined || isClosed === undefined
    ? { isGood: undefined, title: 'Offline', text }
    : { isGood: true, title: 'Nothing leaves this machine', text };
}

/** For a report of a fault: no names of models, corpora, projects or users, only numbers of them. */
export function diagnosticsText(
  diagnostics: Diagnostics,
  window: string,
  storage?: Storage,
  connections?: Connections,
): string {
  const { version, node, platform, cores, memoryBytes, homeBytes, freeBytes } = diagnostics;
  const { engines, libraries, counts, databaseProblem, homeForCopies } = diagnostics;
  const said = connections === undefined ? undefined : connectionsSentence(connections);
  return [
    `Palimpsest ${version}`,
    `Node.js ${node}, ${platform}, ${cores} cores, ${memoryBytes} bytes of memory`,
    libraries.map(({ name, version: of }) => `${name} ${of}`).join(', '),
    `Window: ${window}`,
    `Home folder: ${homeForCopies}, ${homeBytes} bytes used, ${freeBytes} bytes free`,
    ...(storage?.kinds ?? []).map(
      ({ kind, bytes, count }) => `  ${kind}: ${bytes} bytes, ${formatCount(count)}`,
    ),
    `Database: ${databaseProblem ?? 'sound'}`,
    ...engines.map(
      ({ name, available, detail }) =>
        `Engine ${name}: ${available ? 'available' : 'not available'}; ${detail}`,
    ),
    `${counts.models} models, ${counts.corpora} corpora, ${counts.projects} projects, ${counts.runs} runs`,
    ...(said === undefined ? [] : [said]),
  ].join('\n');
}

/** How many of the addresses are of another place than the window's own. */
export function foreignAddresses(addresses: readonly string[], origin: string): string[] {
  return addresses.filter((address) => {
    try {
      const url = new URL(address, origin);
      // What is made inside the window comes from nowhere.
      return url.origin !== origin && url.protocol !== 'blob:' && url.protocol !== 'data:';
    } catch {
      return true;
    }
  });
}
