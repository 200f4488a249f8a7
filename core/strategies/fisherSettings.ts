import { z } from 'zod';

/** How the Fisher diagonal of the base model is estimated. */
export const fisherSettingsSchema = z.strictObject({
  /** Source sequences drawn, without replacement; all of them when the corpus has fewer. */
  sequences: z.int().positive().max(1_000_000).default(1000),
  /**
   * `per_sequence`: the mean over sequences of the squared gradient of a sequence's mean masked-token
   * loss. `batch`: the mean over batches of the squared gradient of the batch's mean loss, as in the
   * published code; its scale falls with the batch size.
   */
  variant: z.enum(['per_sequence', 'batch']).default('per_sequence'),
  /** Sequences in a batch of the variant `batch`. */
  batch_size: z.int().positive().max(4096).default(16),
  seed: z.int().nonnegative().default(0),
});
export type FisherSettings = z.infer<typeof fisherSettingsSchema>;

/** What the estimate looks like, so that a person can tell a sound one. */
export const fisherHealthSchema = z.strictObject({
  sequences: z.int().positive(),
  /** Mean and largest element of the diagonal. */
  mean: z.number(),
  largest: z.number(),
  /** Share of elements below a millionth of the mean. */
  nearZeroShare: z.number(),
  /** Sum over the parameters at each depth: embeddings, layers from the lowest, head. */
  depthSums: z.array(z.number()),
  /** Cosine and rank correlation of the estimates from the two halves of the sample. */
  halvesCosine: z.number(),
  halvesRankCorrelation: z.number(),
});
export type FisherHealth = z.infer<typeof fisherHealthSchema>;
