/**
 * The Workbench contract: every call, reply and event, in one place. Hosts and clients are derived
 * from it and validate at their boundary; inside, the types are trusted. Calls are `domain/verb`.
 */
import { z } from 'zod';
import { runEventSchema } from '../training/events.ts';
import { bufferCompositionSchema } from '../training/rehearsalSettings.ts';
import { fisherHealthSchema, fisherSettingsSchema } from '../strategies/fisherSettings.ts';
import { strategyPartsSchema } from '../strategies/parts.ts';
import { projectFileSchema } from './projectFile.ts';
import { choiceSchema, projectResultsSchema, runsDiffSchema } from './results.ts';
import {
  archiveRequestSchema,
  noteRequestSchema,
  runAnnotationFields,
  runsChangedEventSchema,
  tagRequestSchema,
} from './schemas/annotations.ts';
import {
  corpusPreviewRequestSchema,
  corpusPreviewSchema,
  documentBoundarySchema,
} from './schemas/corpusPreview.ts';
import { curvesRequestSchema, runCurvesSchema } from './schemas/curves.ts';
import { fillMaskReplySchema, fillMaskRequestSchema } from './schemas/fillMask.ts';
import { connectionsSchema, diagnosticsSchema, storageSchema } from './schemas/system.ts';
import { estimateSchema } from './schemas/estimate.ts';

export const runStateSchema = z.enum([
  'queued',
  'running',
  'paused',
  'completed',
  'interrupted',
  'failed',
  'cancelled',
]);
export type RunState = z.infer<typeof runStateSchema>;

export const errorReportSchema = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  stack: z.string().optional(),
});

export const modelSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** SHA-256 over weights, configuration and tokenizer files. */
  hash: z.string(),
  architecture: z.enum(['bert', 'roberta', 'distilbert']),
  parameters: z.int(),
  vocabSize: z.int(),
  hiddenSize: z.int(),
  layers: z.int(),
  maxSeqLength: z.int(),
  tokenizerKind: z.enum(['wordpiece', 'byte-level-bpe']),
  tokenizerHash: z.string(),
  cased: z.boolean(),
  /** Where the files are; linked models stay at the person's place. */
  folder: z.string(),
  linked: z.boolean(),
  /** Run this model was exported from, when it was made here. */
  parentRun: z.string().nullable(),
  /** What a person should know: a new MLM head, inferred casing, carried tensors. */
  notices: z.array(z.string()),
  createdAt: z.string(),
});
export type Model = z.infer<typeof modelSchema>;

export const corpusSchema = z.object({
  id: z.string(),
  name: z.string(),
  folder: z.string(),
  contentHash: z.string(),
  documents: z.int(),
  characters: z.int(),
  documentsRead: z.int(),
  exactDuplicates: z.int(),
  nearDuplicates: z.int(),
  nearDuplicateClusters: z.int(),
  replacedSequences: z.int(),
  removedNulCharacters: z.int(),
  splitDocuments: z.object({ train: z.int(), validation: z.int(), test: z.int() }),
  column: z.string().nullable(),
  groupColumn: z.string().nullable(),
  createdAt: z.string(),
});
export type Corpus = z.infer<typeof corpusSchema>;

export const corpusReportSchema = z.object({
  corpus: z.string(),
  model: z.string(),
  documents: z.int(),
  tokens: z.int(),
  words: z.int(),
  tokensPerWord: z.number(),
  unknownTokens: z.int(),
  unknownRate: z.number(),
  mostSplitWords: z.array(
    z.object({ word: z.string(), pieces: z.array(z.string()), count: z.int() }),
  ),
  /** Tokens a document: counts of documents in [from, to). */
  lengthHistogram: z.array(z.object({ from: z.int(), to: z.int(), documents: z.int() })),
  exactDuplicates: z.int(),
  nearDuplicates: z.int(),
  nearDuplicateClusters: z.int(),
});
export type CorpusReport = z.infer<typeof corpusReportSchema>;

export const splitSharesSchema = z.object({
  train: z.number().min(0).max(1),
  validation: z.number().min(0).max(1),
  test: z.number().min(0).max(1),
});

export const evaluationResultSchema = z.object({
  name: z.string(),
  role: z.enum(['source', 'target']),
  split: z.enum(['validation', 'test']),
  phase: z.enum(['before', 'during', 'after']),
  step: z.int(),
  nll: z.number(),
  tokens: z.int(),
  setHash: z.string(),
});

/** `result` runs fill the table, `sweep` runs only choose λ, `interpolation` runs take no steps. */
export const runPurposeSchema = z.enum(['result', 'sweep', 'interpolation']);
export type RunPurpose = z.infer<typeof runPurposeSchema>;

export const runSummarySchema = z.object({
  id: z.string(),
  /** Id of the project. */
  project: z.string(),
  projectName: z.string(),
  name: z.string(),
  purpose: runPurposeSchema,
  strategy: z.string(),
  parts: strategyPartsSchema,
  /** Of an interpolation, 0 being the base model and 1 the finished run; else null. */
  alpha: z.number().nullable(),
  seed: z.int(),
  state: runStateSchema,
  step: z.int(),
  totalSteps: z.int().nullable(),
  engine: z.string().nullable(),
  device: z.string().nullable(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  configurationHash: z.string(),
  error: errorReportSchema.nullable(),
  /** There for a queued run whose turn it is and that cannot begin yet: why, as a sentence. */
  waitsFor: z.string().optional(),
  ...runAnnotationFields,
});
export type RunSummary = z.infer<typeof runSummarySchema>;

export const runDetailSchema = runSummarySchema.extend({
  folder: z.string(),
  attempts: z.int(),
  threads: z.int().nullable(),
  versions: z.record(z.string(), z.string()).nullable(),
  configuration: z.unknown(),
  evaluations: z.array(evaluationResultSchema),
  checkpoints: z.array(
    z.object({ step: z.int(), path: z.string(), sha256: z.string(), bytes: z.int() }),
  ),
  /** Last value of each series, e.g. `train/target_loss` or `evaluation/nll/source/test`. */
  latest: z.record(z.string(), z.object({ step: z.int(), value: z.number() })),
  /** What the run's equations mean exactly, in words by topic; null before its first step. */
  conventions: z.record(z.string(), z.string()).nullable(),
  /** The buffer that source batches are drawn from; null when the run has none, or not yet. */
  rehearsal: bufferCompositionSchema.nullable(),
  /** The estimate of the run's penalty; null when the run has none, or not yet. */
  fisher: z
    .object({ id: z.string(), settings: fisherSettingsSchema, health: fisherHealthSchema })
    .nullable(),
  /** The forgetting guard ended the training; losses in nats a masked token, null where it diverged. */
  guard: z
    .object({
      step: z.int(),
      action: z.enum(['stop', 'rollback']),
      nll: z.number().nullable(),
      bound: z.number(),
      keptStep: z.int(),
    })
    .nullable(),
});
export type RunDetail = z.infer<typeof runDetailSchema>;

/** A curve; `split` and `role` are empty where they say nothing. */
export const seriesSchema = z.object({
  name: z.string(),
  split: z.string(),
  role: z.string(),
  points: z.array(z.object({ step: z.int(), value: z.number() })),
});
export type MetricSeries = z.infer<typeof seriesSchema>;

/**
 * Loss after minus loss before, nats a masked token, with a 95 % interval over documents; interval and
 * p are null where the documents are too few to give them.
 */
export const runChangeSchema = z.object({
  name: z.string(),
  role: z.enum(['source', 'target']),
  split: z.enum(['validation', 'test']),
  setHash: z.string(),
  documents: z.int(),
  change: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  /** Two-sided, of no change. */
  p: z.number().nullable(),
});
export type RunChange = z.infer<typeof runChangeSchema>;

export const projectSummarySchema = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.string(),
  /** Of its file; null where this version does not understand that, as of an imported project. */
  seeds: z.array(z.int()).nullable(),
  runs: z.array(runSummarySchema),
  /** λ to be chosen or chosen; empty when the project file names one value each. */
  choices: z.array(choiceSchema),
  /** More runs will be queued when the ones that choose λ have ended. */
  expectsMore: z.boolean(),
  /** Why it could not go on by itself; null when nothing stopped it. */
  error: errorReportSchema.nullable(),
});
export type ProjectSummary = z.infer<typeof projectSummarySchema>;

/** A project whose file was given: its runs are those that the file means. */
export const startedProjectSchema = projectSummarySchema.extend({
  /**
   * What a person may not have expected, one sentence each: why a new project was begun beside one of
   * the same name, and which runs were cancelled.
   */
  notices: z.array(z.string()),
});
export type StartedProject = z.infer<typeof startedProjectSchema>;

export type { Diagnostics } from './schemas/system.ts';

const run = z.object({ run: z.string() });
const demoRequest = z.object({ engine: projectFileSchema.shape.engine });

export const calls = {
  'models/import': {
    request: z.object({
      path: z.string(),
      name: z.string().optional(),
      link: z.boolean().default(false),
    }),
    reply: modelSchema,
  },
  'models/list': { request: z.object({}), reply: z.array(modelSchema) },
  'models/init': {
    request: z.object({
      configPath: z.string(),
      tokenizerPath: z.string(),
      name: z.string(),
      seed: z.int().nonnegative().default(0),
    }),
    reply: modelSchema,
  },
  /** Of a model that no run needs; its folder stays until the next start. */
  'models/remove': {
    request: z.object({ model: z.string() }),
    reply: z.object({ id: z.string(), name: z.string(), bytes: z.int() }),
  },
  /** Takes a removal back, by the id that it answered. */
  'models/restore': { request: z.object({ model: z.string() }), reply: modelSchema },
  /** What can be restored: removed since the program was started, the latest first. */
  'models/removed': {
    request: z.object({}),
    reply: z.array(modelSchema.pick({ id: true, name: true, linked: true })),
  },
  /** What one or two models or runs put in place of the masks of a text. */
  'models/fill-mask': { request: fillMaskRequestSchema, reply: fillMaskReplySchema },
  'corpora/import': {
    request: z.object({
      paths: z.array(z.string()).min(1),
      name: z.string(),
      column: z.string().optional(),
      groupColumn: z.string().optional(),
      documentBoundary: documentBoundarySchema.default('file'),
      strict: z.boolean().default(false),
      seed: z.int().nonnegative().default(0),
      /** Shares of the documents; a corpus that only evaluates needs no training share. */
      splitShares: splitSharesSchema.optional(),
    }),
    reply: corpusSchema,
  },
  /** Looks into files as an import with these settings would; stores nothing. */
  'corpora/preview': { request: corpusPreviewRequestSchema, reply: corpusPreviewSchema },
  'corpora/list': { request: z.object({}), reply: z.array(corpusSchema) },
  'corpora/report': {
    request: z.object({ corpus: z.string(), model: z.string() }),
    reply: corpusReportSchema,
  },
  'corpora/purge': {
    request: z.object({ corpus: z.string() }),
    reply: z.object({ bytes: z.int() }),
  },
  /** Imports the demo's model and corpora where they are missing; returns its project file. */
  'demo/prepare': { request: demoRequest, reply: projectFileSchema },
  /** The same, and starts the project; one that was started is found again. */
  'demo/start': { request: demoRequest, reply: startedProjectSchema },
  /** Registers the project, queues its runs and returns at once. */
  'projects/run': {
    request: z.object({ project: projectFileSchema }),
    reply: startedProjectSchema,
  },
  /**
   * The project with further seeds and the same settings: queues the runs that they add, which the
   * reply holds, and returns at once. Nothing that was there is run anew.
   */
  'projects/add-seeds': {
    request: z.object({ project: z.string(), seeds: projectFileSchema.shape.seeds.unwrap() }),
    reply: startedProjectSchema,
  },
  /** Chooses the λ that can be chosen by now and queues its runs, as is done by itself; nothing else. */
  'projects/advance': {
    request: z.object({ project: z.string() }),
    reply: projectSummarySchema,
  },
  /** Times a short probe of the project on this machine; registers nothing and leaves nothing. */
  'projects/estimate': {
    request: z.object({ project: projectFileSchema }),
    reply: estimateSchema,
  },
  'projects/list': { request: z.object({}), reply: z.array(projectSummarySchema) },
  'projects/show': { request: z.object({ project: z.string() }), reply: projectSummarySchema },
  'projects/results': {
    request: z.object({
      project: z.string(),
      split: z.enum(['validation', 'test']).default('test'),
    }),
    reply: projectResultsSchema,
  },
  'runs/list': {
    request: z.object({
      project: z.string().optional(),
      state: runStateSchema.optional(),
      /** Archived runs too. */
      archived: z.boolean().default(false),
    }),
    reply: z.array(runSummarySchema),
  },
  'runs/tag': { request: tagRequestSchema, reply: z.array(runSummarySchema) },
  'runs/note': { request: noteRequestSchema, reply: runSummarySchema },
  /** Hides runs from lists, or shows them again: the way back is the same call. */
  'runs/archive': { request: archiveRequestSchema, reply: z.array(runSummarySchema) },
  'runs/show': { request: run, reply: runDetailSchema },
  /** Empty for a run that has not ended or takes no steps. */
  'runs/changes': { request: run, reply: z.array(runChangeSchema) },
  /** Runs by id, or all completed result runs of a strategy as "project/strategy". */
  'runs/diff': {
    request: z.object({ runs: z.array(z.string()).min(1) }),
    reply: runsDiffSchema,
  },
  /** Queues a run that scores (1 − alpha) θ* + alpha θ of a completed run; returns at once. */
  'runs/interpolate': {
    request: z.object({ run: z.string(), alpha: z.number().min(0).max(1) }),
    reply: runSummarySchema,
  },
  'runs/metrics': {
    request: z.object({
      run: z.string(),
      /** All series when left out. */
      names: z.array(z.string()).optional(),
      fromStep: z.int().nonnegative().default(0),
    }),
    reply: z.array(seriesSchema),
  },
  /** Curves of several runs as a chart draws them. */
  'runs/curves': { request: curvesRequestSchema, reply: z.array(runCurvesSchema) },
  /**
   * What the run said besides its metrics, over all attempts, oldest first; of very many the newest.
   */
  'runs/log': { request: run, reply: z.array(runEventSchema) },
  'runs/pause': { request: run, reply: runSummarySchema },
  'runs/resume': { request: run, reply: runSummarySchema },
  'runs/cancel': { request: run, reply: runSummarySchema },
  'runs/import': { request: z.object({ path: z.string() }), reply: runSummarySchema },
  'runs/export': {
    request: z.object({
      run: z.string(),
      folder: z.string(),
      /** The weights that it ends with, or those that did best on the validation sets. */
      weights: z.enum(['last', 'best']).default('last'),
    }),
    reply: z.object({ folder: z.string(), bytes: z.int(), notices: z.array(z.string()) }),
  },
  'system/diagnostics': { request: z.object({}), reply: diagnosticsSchema },
  /** What takes how much room in the home folder, and what nothing needs. */
  'system/storage': { request: z.object({}), reply: storageSchema },
  /** Whether any process of this program has to do with another machine, as the system says. */
  'system/connections': { request: z.object({}), reply: connectionsSchema },
} as const;
export type CallName = keyof typeof calls;
export type Request<Name extends CallName> = z.input<(typeof calls)[Name]['request']>;
export type Reply<Name extends CallName> = z.output<(typeof calls)[Name]['reply']>;

export const workbenchEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run/event'), event: runEventSchema }),
  z.object({ type: z.literal('run/state'), run: runSummarySchema }),
  runsChangedEventSchema,
  /** Something stopped the project from going on by itself, or does so no more. */
  z.object({ type: z.literal('project/changed'), project: z.string() }),
  z.object({
    type: z.literal('progress'),
    /** Identifies the call that is at work. */
    call: z.string(),
    stage: z.string(),
    done: z.number(),
    total: z.number().nullable(),
    unit: z.string(),
  }),
]);
export type WorkbenchEvent = z.infer<typeof workbenchEventSchema>;

/** What a host offers its callers, whatever lies between them. */
export interface WorkbenchClient {
  call<Name extends CallName>(
    name: Name,
    request: Request<Name>,
    options?: { signal?: AbortSignal; onProgress?: (event: WorkbenchEvent) => void },
  ): Promise<Reply<Name>>;
  /** Returns the function that ends the subscription. */
  subscribe(listener: (event: WorkbenchEvent) => void): () => void;
  close(): Promise<void>;
}
