/**
 * Work that takes long or much memory and so has a process of its own, started for one request. What
 * crosses is paths, hashes and counts; both sides check it.
 */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { fisherConventionSchema } from '../strategies/fisherConvention.ts';
import { fisherHealthSchema } from '../strategies/fisherSettings.ts';
import { corpusReportSchema, corpusSchema, modelSchema, splitSharesSchema } from './contract.ts';
import { MOST_FILLS, predictionSchema } from './schemas/fillMask.ts';
import { diagnosticsSchema } from './schemas/system.ts';
import { measurementsSchema, probeRequestSchema } from './probeContract.ts';
import {
  corpusPreviewRequestSchema,
  corpusPreviewSchema,
  documentBoundarySchema,
} from './schemas/corpusPreview.ts';

/** The entry of such a process; bundled, it lies beside this module with its extension. */
export function jobEntryPath(): string {
  return fileURLToPath(import.meta.url).replace(/jobContract(\.[a-z]+)$/, 'jobEntry$1');
}

const modelDescription = modelSchema
  .omit({ id: true, name: true, linked: true, parentRun: true, createdAt: true })
  /** Whether the job made the folder; one that was there before stays when it cannot be registered. */
  .extend({ made: z.boolean() });
export type ModelDescription = z.infer<typeof modelDescription>;

const splitSchema = z.enum(['validation', 'test']);

export const jobs = {
  'models/import': {
    request: z.object({ source: z.string(), modelsFolder: z.string(), link: z.boolean() }),
    reply: modelDescription,
  },
  'models/init': {
    request: z.object({
      configPath: z.string(),
      tokenizerPath: z.string(),
      modelsFolder: z.string(),
      name: z.string(),
      seed: z.int(),
      version: z.string(),
      createdAt: z.string(),
    }),
    reply: modelDescription,
  },
  /** Fails when a folder is not what it was when it was imported. */
  'models/verify': {
    request: z.object({ folder: z.string(), hash: z.string() }),
    reply: z.object({}),
  },
  /** What models put in place of masks; the process keeps what it has loaded. */
  'models/fill-mask': {
    request: z.object({
      text: z.string(),
      topK: z.int().min(1).max(MOST_FILLS),
      predictors: z.array(
        z.object({
          /** For messages. */
          name: z.string(),
          modelFolder: z.string(),
          modelHash: z.string(),
          /** With the weights; null for the model's own. */
          checkpointFolder: z.string().nullable(),
        }),
      ),
    }),
    reply: z.object({ predictions: z.array(predictionSchema) }),
  },
  'corpora/import': {
    request: z.object({
      paths: z.array(z.string()),
      column: z.string().optional(),
      groupColumn: z.string().optional(),
      documentBoundary: documentBoundarySchema,
      strict: z.boolean(),
      seed: z.int(),
      splitShares: splitSharesSchema.optional(),
      folder: z.string(),
    }),
    reply: corpusSchema.omit({ id: true, name: true, folder: true, createdAt: true }),
  },
  'corpora/preview': { request: corpusPreviewRequestSchema, reply: corpusPreviewSchema },
  'corpora/report': {
    request: z.object({ corpusFolder: z.string(), modelFolder: z.string() }),
    reply: corpusReportSchema.omit({ corpus: true, model: true }),
  },
  /** Packs a corpus for a tokenizer, or finds that it is packed already. */
  'corpora/shards': {
    request: z.object({ corpusFolder: z.string(), modelFolder: z.string() }),
    reply: z.object({ folder: z.string() }),
  },
  'evaluations/draw': {
    request: z.object({
      corpusFolder: z.string(),
      modelFolder: z.string(),
      split: splitSchema,
      seed: z.int(),
      maskProbability: z.number(),
      maxSequenceLength: z.int(),
      maxTokens: z.int(),
      path: z.string(),
    }),
    reply: z.object({ sha256: z.string() }),
  },
  /** Estimates the Fisher diagonal of a base model, or finds an intact estimate in the folder. */
  'fisher/estimate': {
    request: z.object({
      convention: fisherConventionSchema,
      modelFolder: z.string(),
      /** Token shards of the corpus. */
      shardFolder: z.string(),
      engine: z.enum(['auto', 'cpu', 'webgpu', 'tensorflow']),
      threads: z.int().positive().optional(),
      /** Of the estimate. */
      folder: z.string(),
    }),
    reply: z.object({ health: fisherHealthSchema }),
  },
  /** Measures what steps and evaluations of a project take on this machine; leaves nothing behind. */
  'projects/probe': { request: probeRequestSchema, reply: measurementsSchema },
  'runs/export': {
    request: z.object({
      /** The base model's folder. */
      modelFolder: z.string(),
      /** Checkpoint with the weights; null exports the base itself. */
      checkpointFolder: z.string().nullable(),
      folder: z.string(),
      provenance: z.object({
        name: z.string(),
        baseModel: z.object({ name: z.string(), hash: z.string() }),
        strategy: z.string(),
        seed: z.int(),
        steps: z.int(),
        interpolation: z.object({ alpha: z.number(), run: z.string() }).optional(),
        settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
        corpora: z.array(z.object({ role: z.string(), name: z.string(), hash: z.string() })),
        evaluations: z.array(
          z.object({
            name: z.string(),
            role: z.string(),
            split: z.string(),
            nllBefore: z.number().nullable(),
            nllAfter: z.number(),
          }),
        ),
        version: z.string(),
        createdAt: z.string(),
      }),
    }),
    reply: z.object({ bytes: z.int(), notices: z.array(z.string()) }),
  },
  /** Checks each compute engine; a driver that brings its process down takes nobody with it. */
  'system/engines': { request: z.object({}), reply: diagnosticsSchema.shape.engines },
  'system/libraries': { request: z.object({}), reply: diagnosticsSchema.shape.libraries },
  /** Fails with the reason when the engine does not work here. */
  'system/require-engine': {
    request: z.object({ engine: z.enum(['cpu', 'webgpu', 'tensorflow']) }),
    reply: z.object({ engine: z.string() }),
  },
} as const;

export type JobName = keyof typeof jobs;
/** Jobs whose process answers one request after the other until it is ended (warmJob.ts). */
export const KEPT_JOBS = ['models/fill-mask'] as const satisfies readonly JobName[];
export type KeptJobName = (typeof KEPT_JOBS)[number];
export type JobRequest<Name extends JobName> = z.output<(typeof jobs)[Name]['request']>;
export type JobReply<Name extends JobName> = z.output<(typeof jobs)[Name]['reply']>;

export const progressSchema = z.object({
  stage: z.string(),
  done: z.number(),
  total: z.number().nullable(),
  unit: z.string(),
});

export const messageToWorkerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), job: z.string(), request: z.unknown() }),
  z.object({ type: z.literal('abort') }),
]);
export type MessageToWorker = z.infer<typeof messageToWorkerSchema>;

export const messageFromWorkerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), progress: progressSchema }),
  z.object({ type: z.literal('done'), reply: z.unknown() }),
  z.object({
    type: z.literal('failed'),
    error: z.object({
      code: z.string(),
      message: z.string(),
      hint: z.string(),
      stack: z.string().optional(),
    }),
  }),
]);
export type MessageFromWorker = z.infer<typeof messageFromWorkerSchema>;
