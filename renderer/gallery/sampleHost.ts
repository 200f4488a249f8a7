/** A host that answers from sample data, so that every screen can be looked at without a Workbench. */
import type { CallName, RunSummary, WorkbenchEvent } from '../../core/workbench/contract.ts';
import type { ProjectFile } from '../../core/workbench/projectFile.ts';
import type { MessageToWindow } from '../../core/workbench/protocol.ts';
import type { Host } from '../client/connectToHost.ts';
import { WorkbenchError, abortedError } from '../client/errors.ts';
import type { FolderListing } from '../../core/webhost/fileReplies.ts';
import type { HostFiles } from '../client/hostFiles.ts';
import { RemoteWorkbench } from '../client/remoteWorkbench.ts';
import type { OpenTransport } from '../client/transport.ts';
import { sampleFills, sampleStorage } from './sampleAnswers.ts';
import { samplePreview } from './samplePreview.ts';
import {
  SAMPLE_CORPORA,
  SAMPLE_MODELS,
  SAMPLE_NOW,
  sampleProjects,
  sampleRuns,
  sampleSeries,
} from './sampleData.ts';
import { sampleEstimate } from './sampleEstimate.ts';

/** `?empty` shows first starts, `?runs=10000` long tables, `?slow` skeletons. */
const query = new URLSearchParams(window.location.search);
const isEmpty = query.has('empty');
let runs = isEmpty ? [] : sampleRuns(Number(query.get('runs') ?? 240));

type Answer = (request: Record<string, unknown>, progress: ReportProgress) => unknown;
type ReportProgress = (stage: string, done: number, total: number | null, unit: string) => void;

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

const requireRun = (id: unknown): RunSummary => {
  const run = runs.find((candidate) => candidate.id === id);
  if (run === undefined) throw noSuch('run');
  return run;
};

const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

function changeRuns(ids: unknown, change: (run: RunSummary) => RunSummary): RunSummary[] {
  const chosen = new Set(list(ids));
  runs = runs.map((run) => (chosen.has(run.id) ? change(run) : run));
  return runs.filter(({ id }) => chosen.has(id));
}

function noSuch(what: string): WorkbenchError {
  return new WorkbenchError({
    code: `${what}/unknown`,
    message: `There is no such ${what}.`,
    hint: 'Choose another one.',
  });
}

async function work(
  progress: ReportProgress,
  stages: readonly (readonly [string, string])[],
): Promise<void> {
  for (const [stage, unit] of stages) {
    for (let done = 0; done <= 20; done++) {
      progress(stage, done * 131, 20 * 131, unit);
      await wait(60);
    }
  }
}

const ANSWERS: Partial<Record<CallName, Answer>> = {
  'models/removed': () => [],
  'models/list': () => (isEmpty ? [] : SAMPLE_MODELS),
  'corpora/list': () => (isEmpty ? [] : SAMPLE_CORPORA),
  'projects/list': () => (isEmpty ? [] : sampleProjects(runs)),
  'runs/list': () => runs,
  'runs/show': ({ run }) => requireRun(run),
  'runs/metrics': ({ run }) => sampleSeries(requireRun(run)),
  'models/import': async ({ path }, progress) => {
    await work(progress, [['copying', 'bytes']]);
    if (String(path).includes('bad')) {
      throw new WorkbenchError({
        code: 'model/no-config',
        message: `There is no config.json in ${String(path)}.`,
        hint: 'Choose the folder that holds config.json, the weights and the tokenizer.',
      });
    }
    return { ...SAMPLE_MODELS[0], id: 'model-new', name: 'imported-model' };
  },
  'corpora/preview': async ({ paths, column }) => {
    await wait(300);
    if (list(paths).some((path) => path.includes('bad'))) {
      throw new WorkbenchError({
        code: 'system/enoent',
        message: `There is no such file or folder: ${String(list(paths)[0])}.`,
        hint: 'Check the path.',
      });
    }
    return samplePreview(typeof column === 'string' ? column : null);
  },
  'corpora/import': async ({ name }, progress) => {
    await work(progress, [
      ['reading', 'documents'],
      ['finding near-duplicates', 'bands'],
      ['writing', 'documents'],
    ]);
    return { ...SAMPLE_CORPORA[0], id: 'corpus-new', name };
  },
  'corpora/report': ({ corpus, model }) => ({
    corpus,
    model,
    documents: 2310,
    tokens: 1_204_332,
    words: 812_410,
    tokensPerWord: 1.482,
    unknownTokens: 214,
    unknownRate: 214 / 1_204_332,
    mostSplitWords: SPLIT_WORDS,
    lengthHistogram: [40, 210, 480, 560, 410, 260, 160, 90, 60, 30, 10].map((documents, index) => ({
      from: index * 64,
      to: (index + 1) * 64,
      documents,
    })),
    exactDuplicates: 304,
    nearDuplicates: 38,
    nearDuplicateClusters: 15,
  }),
  'projects/estimate': async ({ project }, progress) => {
    for (let done = 0; done <= 28; done++) {
      progress('timing steps', done, 28, 'steps');
      await wait(60);
    }
    return sampleEstimate(project as ProjectFile);
  },
  'runs/tag': ({ runs: ids, add, remove }) =>
    changeRuns(ids, (run) => ({
      ...run,
      tags: [...new Set([...run.tags, ...list(add)])].filter((tag) => !list(remove).includes(tag)),
    })),
  'runs/archive': ({ runs: ids, archived }) =>
    changeRuns(ids, (run) => ({
      ...run,
      archivedAt: archived === true ? new Date(SAMPLE_NOW).toISOString() : null,
    })),
  'runs/note': ({ run: id, text }) =>
    changeRuns([id], (run) => ({ ...run, note: text === '' ? null : String(text) }))[0],
  'system/diagnostics': () => ({
    version: '0.1.0',
    node: 'v24.9.0',
    platform: 'linux x64',
    home: '/home/mira/.local/share/palimpsest',
    homeForCopies: '~/.local/share/palimpsest',
    libraries: [
      { name: 'SQLite', version: '3.54.1' },
      { name: 'ONNX Runtime', version: '1.30.0' },
    ],
    homeBytes: 5_240_000_000,
    freeBytes: 212_000_000_000,
    cores: 8,
    memoryBytes: 33_000_000_000,
    databaseProblem: null,
    engines: [
      { name: 'cpu', available: true, detail: 'ONNX Runtime, 8 threads.' },
      { name: 'webgpu', available: false, detail: 'No adapter was found.' },
    ],
    counts: { models: 5, corpora: 4, projects: 3, runs: runs.length },
  }),
  'system/storage': () => sampleStorage(),
  'system/connections': () => ({
    checkedAt: new Date(SAMPLE_NOW).toISOString(),
    sockets: { local: 3, foreign: [] },
    processes: [1201, 1240],
    command: "ss -tunap | grep -E 'pid=(1201|1240),'",
  }),
  'models/fill-mask': ({ predictors }) => sampleFills(predictors),
};

const SPLIT_WORDS = [
  ['echocardiography', ['echo', '##card', '##iograph', '##y'], 412],
  ['hydrochlorothiazide', ['hydro', '##ch', '##lor', '##oth', '##ia', '##zi', '##de'], 288],
  ['thrombocytopenia', ['th', '##rom', '##bo', '##cy', '##top', '##enia'], 241],
  ['metoprolol', ['met', '##op', '##rol', '##ol'], 198],
  ['nephrolithiasis', ['ne', '##ph', '##rol', '##ith', '##iasis'], 77],
].map(([word, pieces, count]) => ({ word, pieces, count }));

/** Enough steps of the run at work for an estimate of its end. */
function eventsOfRun(): WorkbenchEvent[] {
  const run = runs.find(({ state }) => state === 'running');
  if (run === undefined) return [];
  return Array.from({ length: 21 }, (_, sequence) => ({
    type: 'run/event',
    event: {
      run: run.id,
      attempt: 1,
      sequence,
      time: new Date(SAMPLE_NOW - (20 - sequence) * 7600).toISOString(),
      step: run.step - (20 - sequence) * 10,
      type: 'metrics',
      values: { 'train/target_loss': 3.5 },
    },
  }));
}

/** Plays the host's side of the protocol. */
const playedHost: OpenTransport = ({ onOpen, onMessage }) => {
  const stopped = new Set<number>();
  const say = (message: MessageToWindow): void => {
    queueMicrotask(() => {
      onMessage(message);
    });
  };
  const answer = async (id: number, call: string, request: unknown): Promise<void> => {
    try {
      if (query.has('slow')) await wait(60_000);
      const found = ANSWERS[call as CallName];
      if (found === undefined) throw noSuch('call');
      const reply = await found(request as Record<string, unknown>, (stage, done, total, unit) => {
        if (stopped.has(id)) throw abortedError();
        const progress = {
          type: 'progress',
          call: `call-${id}`,
          stage,
          done,
          total,
          unit,
        } as const;
        say({ id, progress });
      });
      say({ id, reply });
    } catch (error) {
      const { code, message, hint } = error as WorkbenchError;
      say({ id, error: { code, message, hint } });
    }
  };
  queueMicrotask(onOpen);
  // When the window listens.
  setTimeout(() => {
    for (const event of eventsOfRun()) say({ event });
  });
  return {
    send: (message) => {
      if ('call' in message) void answer(message.id, message.call, message.request);
      else if (typeof message.cancel === 'number') stopped.add(message.cancel);
      else stopped.add(Number(message.cancel.replace('call-', '')));
    },
    close: () => undefined,
  };
};

const FOLDERS: Readonly<Record<string, FolderListing['entries']>> = {
  '/home/mira': [
    { name: 'models', path: '/home/mira/models', kind: 'folder', size: null },
    { name: 'notes', path: '/home/mira/notes', kind: 'folder', size: null },
    { name: 'README.txt', path: '/home/mira/README.txt', kind: 'file', size: 2130 },
  ],
  '/home/mira/models': [
    {
      name: 'bert-base-uncased',
      path: '/home/mira/models/bert-base-uncased',
      kind: 'folder',
      size: null,
    },
    { name: 'weights.bin', path: '/home/mira/models/weights.bin', kind: 'file', size: 440_473_133 },
  ],
};

const playedFiles: HostFiles = {
  takesCopies: true,
  browse: async (path = '/home/mira') => ({
    path,
    parent: path === '/home/mira' ? null : path.replace(/\/[^/]*$/, ''),
    entries: FOLDERS[path] ?? [],
    truncated: false,
    roots: ['/home/mira'],
  }),
  async take(files, onProgress, signal) {
    const totalBytes = files.reduce((sum, { file }) => sum + file.size, 0);
    for (let part = 1; part <= 20; part++) {
      if (signal.aborted) throw abortedError();
      onProgress({ sentBytes: (totalBytes * part) / 20, totalBytes });
      await wait(80);
    }
    return files.map(({ name }) => ({
      path: `/home/mira/.local/share/palimpsest/uploads/${name}`,
      name,
    }));
  },
};

export function sampleHost(): Host {
  return {
    workbench: new RemoteWorkbench(playedHost),
    files: playedFiles,
    onCommand: () => undefined,
  };
}
