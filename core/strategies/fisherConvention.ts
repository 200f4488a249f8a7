import { z } from 'zod';
import { hashJson } from '../base/files.ts';
import { fisherSettingsSchema } from './fisherSettings.ts';

/** Of the folder, and of how an estimate is made: with another one, estimates are made anew. */
export const FISHER_FORMAT_VERSION = 1;

/** What decides an estimate of the Fisher diagonal: from what it is made, and how. */
export const fisherConventionSchema = z.object({
  /** SHA-256 of the base model and of its tokenizer. */
  modelHash: z.string(),
  tokenizerHash: z.string(),
  /** `contentHash` of the corpus whose training split is drawn from. */
  corpusHash: z.string(),
  settings: fisherSettingsSchema,
  /** How sequences are cut and masked: the training settings of these names. */
  max_seq_length: z.int(),
  packing: z.enum(['document', 'concatenate']),
  mlm_probability: z.number(),
  whole_word_mask: z.boolean(),
});
export type FisherConvention = z.infer<typeof fisherConventionSchema>;

/** Names the estimate of a convention: equal ones have one folder. Other keys do not matter. */
export function fisherId(convention: FisherConvention): string {
  const formatVersion = FISHER_FORMAT_VERSION;
  return hashJson({ ...fisherConventionSchema.parse(convention), formatVersion }).slice(0, 32);
}
