import { z } from 'zod';

/** The rehearsal buffer: source sequences that RH and GEM draw from. */
export const rehearsalSettingsSchema = z.strictObject({
  /** Sequences in the buffer; all of the corpus's training split when it has fewer. */
  size: z.int().positive().max(100_000_000).default(10_000),
  /**
   * `uniform`: every sequence is as likely. `by_document`: documents in random order, one sequence of
   * each in turn, so that long documents do not crowd out short ones.
   */
  policy: z.enum(['uniform', 'by_document']).default('uniform'),
});
export type RehearsalSettings = z.infer<typeof rehearsalSettingsSchema>;

/** What a ratio comes to with whole sequences. */
export const sourceShareSchema = z.strictObject({
  /** Source and target sequences in a full micro-batch. */
  source: z.int().positive(),
  target: z.int().positive(),
  /** Source sequences for each target sequence. */
  ratio: z.number().positive(),
});
export type SourceShare = z.infer<typeof sourceShareSchema>;

/** With each micro-batch of `target` sequences come `ratio` times as many, rounded, at least one. */
export function sourceShare(ratio: number, target: number): SourceShare {
  const source = Math.max(1, Math.round(ratio * target));
  return { source, target, ratio: source / target };
}

/** What is in the buffer and how often a run reads it. */
export const bufferCompositionSchema = z.strictObject({
  policy: z.enum(['uniform', 'by_document']),
  sequences: z.int().positive(),
  /** Documents with at least one sequence in the buffer. */
  documents: z.int().positive(),
  /** Special tokens included. */
  tokens: z.int().positive(),
  /** Of the corpus's training split. */
  corpusSequences: z.int().positive(),
  corpusDocuments: z.int().positive(),
  /** Sequences drawn over the whole run, and how often the least and the most drawn one comes. */
  draws: z.int().nonnegative(),
  fewestRepeats: z.int().nonnegative(),
  mostRepeats: z.int().nonnegative(),
  /** Events of before have none. */
  share: sourceShareSchema.optional(),
});
export type BufferComposition = z.infer<typeof bufferCompositionSchema>;
