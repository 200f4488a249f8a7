import { z } from 'zod';
import { fisherSettingsSchema } from '../strategies/fisherSettings.ts';
import { strategyPartsSchema } from '../strategies/parts.ts';
import { rehearsalSettingsSchema } from './rehearsalSettings.ts';

/** Training settings under their Hugging Face names, with the defaults of the MLM presets. */
export const trainingSettingsSchema = z.strictObject({
  learning_rate: z.number().positive().max(1).default(5e-5),
  /** Optimizer steps; takes precedence over num_train_epochs when given. */
  max_steps: z.int().positive().optional(),
  num_train_epochs: z.number().positive().default(1),
  per_device_train_batch_size: z.int().positive().max(4096).default(32),
  gradient_accumulation_steps: z.int().positive().max(4096).default(1),
  max_seq_length: z.int().min(8).max(8192).default(128),
  mlm_probability: z.number().gt(0).lt(1).default(0.15),
  whole_word_mask: z.boolean().default(false),
  packing: z.enum(['document', 'concatenate']).default('document'),
  lr_scheduler_type: z
    .enum(['linear', 'constant', 'constant_with_warmup', 'cosine'])
    .default('linear'),
  warmup_steps: z.int().nonnegative().default(0),
  warmup_ratio: z.number().min(0).max(1).default(0),
  weight_decay: z.number().nonnegative().default(0),
  adam_beta1: z.number().min(0).lt(1).default(0.9),
  adam_beta2: z.number().min(0).lt(1).default(0.999),
  adam_epsilon: z.number().positive().default(1e-8),
  /** 0 switches clipping off, as in transformers. */
  max_grad_norm: z.number().nonnegative().default(1),
  /** Overrides both dropout probabilities of the model when given. */
  dropout: z.number().min(0).lt(1).optional(),
  logging_steps: z.int().positive().default(10),
  eval_steps: z.int().positive().default(500),
  save_steps: z.int().positive().default(500),
  /** Also a checkpoint after this many minutes since the last one. */
  save_minutes: z.number().positive().default(10),
  save_total_limit: z.int().positive().default(1),
  /** What to do when the source loss on the validation split has risen too far. */
  forgetting_guard: z
    .strictObject({
      /** Nats a masked token above the base model's. */
      max_forgetting: z.number().nonnegative(),
      /** `stop` ends the run there; `rollback` ends it with the best weights within the bound. */
      action: z.enum(['stop', 'rollback']).default('stop'),
    })
    .optional(),
});
export type TrainingSettings = z.infer<typeof trainingSettingsSchema>;

const corpusShards = z.strictObject({
  corpusId: z.string(),
  /** `contentHash` of the corpus. */
  contentHash: z.string(),
  shardFolder: z.string(),
});

/** Everything a training job needs, with every path resolved: one run, one strategy, one seed. */
export const runSpecificationSchema = z.strictObject({
  runId: z.string(),
  runFolder: z.string(),
  /** Folder of the base model in Hugging Face layout. */
  modelFolder: z.string(),
  modelHash: z.string(),
  tokenizerHash: z.string(),
  /** `ndt`, or the names of the parts: `sdt` for none, `rh`, `rh+ewc`. */
  strategy: z.string(),
  /** The parts with their settings, defaults filled in. */
  parts: strategyPartsSchema.prefault({}),
  seed: z.int().nonnegative(),
  engine: z.enum(['auto', 'cpu', 'webgpu', 'tensorflow']).default('auto'),
  threads: z.int().positive().optional(),
  settings: trainingSettingsSchema,
  target: corpusShards,
  /** The corpus that source batches come from; there when the strategy takes some. */
  rehearsal: corpusShards.extend({ buffer: rehearsalSettingsSchema }).optional(),
  /** The Fisher diagonal; there when the strategy needs one. */
  fisher: z
    .strictObject({
      /** Names the estimate: a hash of model, corpus and convention. */
      id: z.string(),
      /** `contentHash` of the corpus that it is estimated on. */
      corpusHash: z.string(),
      settings: fisherSettingsSchema,
      /** Folder of the estimate (strategies/fisherFolder.ts). */
      folder: z.string(),
    })
    .optional(),
  /** Folder of the base model's scores, which runs share. */
  baseScoresFolder: z.string().optional(),
  /** There for a run that is no training but a point between the base model and a finished run. */
  interpolation: z
    .strictObject({
      /** Id and configuration hash of the finished run, and its step. */
      run: z.string(),
      configurationHash: z.string(),
      step: z.int().positive(),
      /** 0 is the base model, 1 the finished run. */
      alpha: z.number().min(0).max(1),
      /** Checkpoint of the finished run. */
      checkpointFolder: z.string(),
    })
    .optional(),
  /**
   * Frozen-mask sets: all are scored before and after, those of split `validation` also during.
   * Of the sets with one role and split, the names differ.
   */
  evaluations: z.array(
    z.strictObject({
      name: z.string(),
      role: z.enum(['source', 'target']),
      split: z.enum(['validation', 'test']),
      /** The corpus that the set's character spans belong to. */
      corpusFolder: z.string(),
      /** `contentHash` of that corpus; runs of earlier versions do not say it. */
      contentHash: z.string().optional(),
      path: z.string(),
      sha256: z.string(),
    }),
  ),
});
export type RunSpecification = z.infer<typeof runSpecificationSchema>;
