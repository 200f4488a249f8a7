import { z } from 'zod';
import { fisherHealthSchema, fisherSettingsSchema } from '../strategies/fisherSettings.ts';
import { bufferCompositionSchema } from './rehearsalSettings.ts';

/**
 * What a training job says, one JSON object a line in `events.jsonl` and one message to the
 * Workbench. (run, attempt, sequence) identifies an event; resuming at step N supersedes every
 * event of earlier attempts with a later step. No event ever holds corpus text.
 */
const base = {
  run: z.string(),
  attempt: z.int().positive(),
  sequence: z.int().nonnegative(),
  /** ISO 8601, UTC. */
  time: z.string(),
  step: z.int().nonnegative(),
};

export const runEventSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...base,
    type: z.literal('started'),
    resumedFrom: z.int().nonnegative().nullable(),
    /** 0 for a run that only evaluates. */
    totalSteps: z.int().nonnegative(),
    engine: z.string(),
    device: z.string(),
    threads: z.int().positive(),
    versions: z.record(z.string(), z.string()),
  }),
  /** Scalars by series name, e.g. `train/target_loss`, `train/learning_rate`, `train/tokens_per_second`. */
  z.strictObject({
    ...base,
    type: z.literal('metrics'),
    values: z.record(z.string(), z.number()),
  }),
  z.strictObject({
    ...base,
    type: z.literal('evaluation'),
    name: z.string(),
    role: z.enum(['source', 'target']),
    split: z.enum(['validation', 'test']),
    phase: z.enum(['before', 'during', 'after']),
    /** Mean negative log-likelihood, nats a scored token. */
    nll: z.number(),
    tokens: z.int().positive(),
    /** Frozen-mask set the value belongs to. */
    setHash: z.string(),
    /** Per-document sums, relative to the run folder. */
    scoresPath: z.string(),
    scoresHash: z.string(),
  }),
  /** The rehearsal buffer that source batches are drawn from; once an attempt. */
  z.strictObject({
    ...base,
    type: z.literal('rehearsal'),
    buffer: bufferCompositionSchema,
  }),
  /** The Fisher diagonal of the penalty; once an attempt. */
  z.strictObject({
    ...base,
    type: z.literal('fisher'),
    id: z.string(),
    settings: fisherSettingsSchema,
    health: fisherHealthSchema,
  }),
  /**
   * The forgetting guard ended the training: source loss on validation, nats a scored token, and null
   * when the run diverged, of which no loss tells.
   */
  z.strictObject({
    ...base,
    type: z.literal('guard'),
    action: z.enum(['stop', 'rollback']),
    nll: z.number().nullable(),
    bound: z.number(),
    /** Step whose weights the run ends with; 0 is the base model. */
    keptStep: z.int().nonnegative(),
  }),
  z.strictObject({
    ...base,
    type: z.literal('checkpoint'),
    path: z.string(),
    sha256: z.string(),
    bytes: z.int().nonnegative(),
  }),
  z.strictObject({
    ...base,
    type: z.literal('log'),
    level: z.enum(['info', 'warning', 'error']),
    message: z.string(),
  }),
  z.strictObject({
    ...base,
    type: z.literal('ended'),
    outcome: z.enum(['completed', 'paused', 'cancelled', 'failed', 'interrupted']),
    error: z
      .object({
        code: z.string(),
        message: z.string(),
        hint: z.string(),
        stack: z.string().optional(),
      })
      .optional(),
  }),
]);
export type RunEvent = z.infer<typeof runEventSchema>;
export type EvaluationEvent = Extract<RunEvent, { type: 'evaluation' }>;
export type GuardEvent = Extract<RunEvent, { type: 'guard' }>;
