/** Fixed data that look like a real home folder, for the gallery and for pictures of the screens. */
import type {
  Corpus,
  MetricSeries,
  Model,
  ProjectSummary,
  RunState,
  RunSummary,
} from '../../core/workbench/contract.ts';

/** The moment at which the sample is looked at. */
export const SAMPLE_NOW = Date.now();

const at = (hoursAgo: number): string => new Date(SAMPLE_NOW - hoursAgo * 3_600_000).toISOString();

/** Numbers that look random and are the same each time (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const hex = (seed: number): string => {
  const random = randomNumbers(seed);
  return Array.from({ length: 64 }, () => Math.floor(random() * 16).toString(16)).join('');
};

const model = (
  name: string,
  seed: number,
  rest: Partial<Model> & Pick<Model, 'architecture' | 'parameters'>,
): Model => ({
  id: `model-${seed}`,
  name,
  hash: hex(seed),
  vocabSize: 30_522,
  hiddenSize: 768,
  layers: 12,
  maxSeqLength: 512,
  tokenizerKind: 'wordpiece',
  tokenizerHash: hex(seed + 100),
  cased: false,
  folder: `/home/mira/.local/share/palimpsest/models/${hex(seed).slice(0, 12)}`,
  linked: false,
  parentRun: null,
  notices: [],
  createdAt: at(30 * seed),
  ...rest,
});

export const SAMPLE_MODELS: readonly Model[] = [
  model('bert-base-uncased', 1, { architecture: 'bert', parameters: 109_514_298 }),
  model('distilbert-base-cased', 2, {
    architecture: 'distilbert',
    parameters: 65_783_042,
    layers: 6,
    vocabSize: 28_996,
    cased: true,
    linked: true,
    folder: '/media/mira/STICK/distilbert-base-cased',
  }),
  model('roberta-base', 3, {
    architecture: 'roberta',
    parameters: 124_697_433,
    vocabSize: 50_265,
    maxSeqLength: 514,
    tokenizerKind: 'byte-level-bpe',
    cased: true,
  }),
  model('clinical-ewc', 4, {
    architecture: 'bert',
    parameters: 109_514_298,
    parentRun: 'run-12',
    createdAt: at(2),
  }),
  model('bert-mini', 5, {
    architecture: 'bert',
    parameters: 11_170_560,
    layers: 4,
    hiddenSize: 256,
    notices: [
      'The folder has no masked-language-model head; a new one was made from the input embeddings.',
      'Casing is not declared; the vocabulary has no upper-case letters, so text is lowered.',
    ],
  }),
];

const corpus = (name: string, seed: number, documents: number, rest: Partial<Corpus>): Corpus => {
  const train = Math.round(documents * 0.9);
  const validation = Math.round(documents * 0.05);
  return {
    id: `corpus-${seed}`,
    name,
    folder: `/home/mira/.local/share/palimpsest/corpora/corpus-${seed}`,
    contentHash: hex(seed + 40),
    documents,
    characters: documents * 1840,
    documentsRead: documents + 304,
    exactDuplicates: 304,
    nearDuplicates: Math.round(documents / 60),
    nearDuplicateClusters: Math.round(documents / 150),
    replacedSequences: 2,
    removedNulCharacters: 0,
    splitDocuments: { train, validation, test: documents - train - validation },
    column: null,
    groupColumn: null,
    createdAt: at(20 * seed),
    ...rest,
  };
};

export const SAMPLE_CORPORA: readonly Corpus[] = [
  corpus('ward-notes-2024', 1, 2310, { column: 'note', groupColumn: 'patient_id' }),
  corpus('wikipedia-sample', 2, 120_400, { exactDuplicates: 0, documentsRead: 120_400 }),
  corpus('discharge-letters', 3, 18_452, { column: 'text' }),
  corpus('general-held-out', 4, 3000, {
    splitDocuments: { train: 0, validation: 1500, test: 1500 },
  }),
];

const STRATEGIES: readonly (readonly [string, RunSummary['parts']])[] = [
  ['ndt', {}],
  ['sdt', {}],
  ['rh', { rh: { lambda: 1, ratio: 0.25 } }],
  ['l2', { l2: { lambda: 0.01, layer_norm: true } }],
  ['ewc', { ewc: { lambda: 100, layer_norm: true } }],
  ['gem', { gem: { ratio: 1 } }],
  ['lwf', { lwf: { lambda: 1, temperature: 1 } }],
  ['lrc', { lrc: { decay: 0.8 } }],
  ['rh+ewc', { rh: { lambda: 1, ratio: 0.25 }, ewc: { lambda: 10, layer_norm: true } }],
];

const PROJECTS = ['BioBERT-style pilot', 'Discharge letters, all strategies', 'λ sweep for EWC'];

/** Runs from the newest to the oldest; the first ones show every state. */
export function sampleRuns(count: number): RunSummary[] {
  const random = randomNumbers(7);
  return Array.from({ length: count }, (_, index) => {
    const [strategy, parts] = STRATEGIES[index % STRATEGIES.length] ?? ['sdt', {}];
    const state = FIRST_STATES[index] ?? laterState(random());
    const totalSteps = strategy === 'ndt' ? 0 : 2614;
    const began = at(index * 1.7 + 0.6);
    const isOver = state !== 'queued' && state !== 'running' && state !== 'paused';
    const seconds = 2400 + random() * 1800;
    const share = state === 'completed' ? 1 : state === 'queued' ? 0 : 0.2 + 0.6 * random();
    return {
      id: `run-${index}`,
      project: `project-${index % PROJECTS.length}`,
      projectName: PROJECTS[index % PROJECTS.length] ?? '',
      name: `${strategy}-seed-${1 + (index % 3)}`,
      purpose: index % 11 === 10 ? ('sweep' as const) : ('result' as const),
      strategy,
      parts,
      alpha: null,
      seed: 1 + (Math.floor(index / STRATEGIES.length) % 3),
      state,
      step: Math.round(totalSteps * share),
      totalSteps,
      engine: state === 'queued' ? null : 'cpu',
      device: state === 'queued' ? null : 'AMD Ryzen 7 5800X',
      createdAt: began,
      startedAt: state === 'queued' ? null : began,
      endedAt: isOver ? new Date(Date.parse(began) + 1000 * seconds).toISOString() : null,
      configurationHash: hex(index % 40),
      tags: index % 7 === 4 ? ['paper', 'seed-study'] : index % 9 === 5 ? ['pilot'] : [],
      note: index === 6 ? 'Disk was full; resume after the move.' : null,
      archivedAt: index % 23 === 22 ? began : null,
      sourceNll: state === 'completed' ? 3.41 + random() * 0.5 : null,
      targetNll: state === 'completed' ? 3.37 + random() * 0.7 : null,
      error:
        state === 'failed'
          ? {
              code: 'system/enospc',
              message: 'The disk is full: /home/mira/.local/share/palimpsest/runs.',
              hint: 'Free some space and resume the run; nothing half-written was kept.',
            }
          : null,
    };
  });
}

const FIRST_STATES: readonly RunState[] = [
  'queued',
  'queued',
  'running',
  'paused',
  'completed',
  'interrupted',
  'failed',
  'cancelled',
];

const laterState = (random: number): RunState =>
  random < 0.86 ? 'completed' : random < 0.92 ? 'cancelled' : 'failed';

export function sampleProjects(runs: readonly RunSummary[]): ProjectSummary[] {
  return PROJECTS.map((name, index) => ({
    id: `project-${index}`,
    name,
    createdAt: at(60 * index + 4),
    runs: runs.filter(({ project }) => project === `project-${index}`).slice(0, 18),
    seeds: [1, 2, 3],
    choices: [],
    expectsMore: false,
    error: null,
  }));
}

/** Loss curves of a run: noisy, falling for the target, rising for the source. */
export function sampleSeries(run: RunSummary, points = 260): MetricSeries[] {
  const random = randomNumbers(Number(run.id.replace(/\D/g, '')) + 3);
  const depth = 0.6 + 0.25 * random();
  const last = Math.max(1, run.step);
  const steps = Array.from({ length: points }, (_, index) =>
    Math.round(((index + 1) / points) * last),
  );
  const fall = (step: number): number =>
    4.1 - depth * (1 - Math.exp(-step / 700)) + 0.16 * (random() - 0.5);
  const rise = (step: number): number =>
    3.41 + 0.3 * depth * (1 - Math.exp(-step / 900)) + 0.1 * (random() - 0.5);
  const series = (name: string, value: (step: number) => number): MetricSeries => ({
    name,
    split: '',
    role: '',
    points: steps.map((step) => ({ step, value: value(step) })),
  });
  return [
    series('train/target_loss', fall),
    series('train/source_loss', rise),
    series('train/gradient_norm', (step) => 1.2 + Math.exp(-step / 300) + 0.2 * random()),
    series('train/learning_rate', (step) => 5e-5 * Math.max(0, 1 - step / 2614)),
    series('train/tokens_per_second', () => 3400 + 200 * random()),
  ];
}
