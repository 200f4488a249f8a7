/** What a probe is asked to measure and what it measures; it crosses the boundary of its process. */
import { z } from 'zod';
import { fisherSettingsSchema } from '../strategies/fisherSettings.ts';
import { strategyPartsSchema } from '../strategies/parts.ts';
import { trainingSettingsSchema } from '../training/configuration.ts';
import { rehearsalSettingsSchema } from '../training/rehearsalSettings.ts';

const seconds = z.number().nonnegative();
const amount = z.number().nonnegative();

/** Strategies whose steps cost alike; one of them stands for all. */
export const costKindSchema = z.object({
  key: z.string(),
  strategy: z.string(),
  parts: strategyPartsSchema,
});
export type CostKind = z.infer<typeof costKindSchema>;

export const probeRequestSchema = z.object({
  modelFolder: z.string(),
  modelHash: z.string(),
  tokenizerHash: z.string(),
  seed: z.int().nonnegative(),
  settings: trainingSettingsSchema,
  engine: z.enum(['auto', 'cpu', 'webgpu', 'tensorflow']),
  threads: z.int().positive().optional(),
  /** Corpora whose training split is read, by folder; each once. */
  corpora: z.array(z.string()),
  targetFolder: z.string(),
  rehearsal: z.object({ folder: z.string(), buffer: rehearsalSettingsSchema }).optional(),
  /** Absent when no run needs a Fisher diagonal, or it has been estimated. */
  fisher: z.object({ folder: z.string(), settings: fisherSettingsSchema }).optional(),
  /** The first one is what the others are compared with: plain domain tuning where a run takes it. */
  kinds: z.array(costKindSchema),
  evaluation: z.object({
    corpora: z.array(z.string()),
    seed: z.int().nonnegative(),
    maskProbability: z.number(),
    maxTokens: z.int().positive(),
    /** SHA-256 of the frozen-mask sets that are there, whose scores of the base model may be too. */
    sets: z.array(z.string()),
    baseScoresFolder: z.string(),
  }),
  /** Does not exist yet; made for what is written, and removed. */
  scratchFolder: z.string(),
});
export type ProbeRequest = z.output<typeof probeRequestSchema>;

/** What is known of the training split of a corpus, from its tokens or from a sample of its documents. */
export const corpusMeasurementSchema = z.object({
  folder: z.string(),
  /** Its tokens for this model are there. */
  isThere: z.boolean(),
  windows: amount,
  /** Half the width of the 95 % interval of `windows`, as a share of it; 0 when it was counted. */
  windowsError: z.number().nonnegative(),
  /** Of tokenising the whole corpus, and of the files that this leaves; 0 when they are there. */
  seconds,
  bytes: amount,
});
export type CorpusMeasurement = z.infer<typeof corpusMeasurementSchema>;

export const stepMeasurementSchema = z.object({
  key: z.string(),
  /** Steps whose graphs were there: tokens with padding, and seconds. */
  steps: z.array(z.object({ tokens: amount, seconds })),
  /**
   * Of the seconds of a step to those of the first kind on the same batch, taken right before or after
   * it; none for the first kind itself.
   */
  ratios: z.array(z.number().positive()),
  /** Seconds that building graphs took, and of how many shapes. */
  graphs: z.object({ seconds, shapes: amount }),
  /** Of an epoch: mean tokens a step with padding, and how many shapes there are. */
  epoch: z.object({ tokens: amount, shapes: amount }),
});
export type StepMeasurement = z.infer<typeof stepMeasurementSchema>;

export const evaluationMeasurementSchema = z.object({
  folder: z.string(),
  /** Tokens of a document; of the validation split. */
  tokensPerDocument: amount,
  /** Seconds a token: of drawing a set, of making it ready for a run, of scoring it. */
  draw: seconds,
  prepare: seconds,
  score: seconds,
  /** Seconds that new shapes took longer, once a run. */
  graphs: seconds,
  /** How far scoring times lie apart from batch to batch, as a share. */
  spread: z.number().nonnegative(),
});
export type EvaluationMeasurement = z.infer<typeof evaluationMeasurementSchema>;

export const measurementsSchema = z.object({
  engine: z.string(),
  device: z.string(),
  /** From the start of a run's process until its model is there. */
  startSeconds: seconds,
  corpora: z.array(corpusMeasurementSchema),
  steps: z.array(stepMeasurementSchema),
  /** Padding left out; null when no step was taken. */
  tokensPerSecond: z.number().nullable(),
  evaluations: z.array(evaluationMeasurementSchema),
  /** All base model's scores that the project needs are there. */
  hasBaseScores: z.boolean(),
  fisher: z.object({ sequences: z.int(), secondsEach: z.array(seconds) }).nullable(),
  /** Of weights to disk. */
  bytesPerSecond: z.number().positive(),
  /** Most resident memory until the end of the steps. */
  peakBytes: amount,
  /** Share of the processor's time that other processes used meanwhile. */
  othersShare: z.number().nonnegative(),
  /** Of the whole probe. */
  seconds,
});
export type Measurements = z.infer<typeof measurementsSchema>;
