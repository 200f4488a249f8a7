/**
 * A Fisher diagonal on disk: `fisher.safetensors` with one tensor a parameter, and `fisher.json`,
 * written last, which says what it was estimated from. A folder without `fisher.json` is no estimate.
 */
import { z } from 'zod';
import { fisherHealthSchema, fisherSettingsSchema } from './fisherSettings.ts';

export const FISHER_WEIGHTS_FILE = 'fisher.safetensors';
export const FISHER_FILE = 'fisher.json';

export const fisherFileSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** SHA-256 of the base model and of its tokenizer. */
  modelHash: z.string(),
  tokenizerHash: z.string(),
  /** `contentHash` of the corpus whose training split was drawn from. */
  corpusHash: z.string(),
  settings: fisherSettingsSchema,
  /** How sequences are cut and masked: the training settings of these names. */
  max_seq_length: z.int(),
  packing: z.enum(['document', 'concatenate']),
  mlm_probability: z.number(),
  whole_word_mask: z.boolean(),
  health: fisherHealthSchema,
  /** Of fisher.safetensors. */
  sha256: z.string(),
  createdAt: z.string(),
});
export type FisherFile = z.infer<typeof fisherFileSchema>;
