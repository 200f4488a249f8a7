/** What models put in place of masks: a text, one or two sets of weights, and what each of them says. */
import { z } from 'zod';

/** Characters of UTF-16, far more than a model reads at a time. */
export const LONGEST_TEXT = 10_000;
export const MOST_MASKS = 20;
export const MOST_FILLS = 50;

/** Weights that can be asked: a model's, or those that a completed run ended with or did best with. */
export const predictorSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('model'), id: z.string() }),
  z.object({
    kind: z.literal('run'),
    id: z.string(),
    weights: z.enum(['last', 'best']).default('last'),
  }),
]);
export type Predictor = z.infer<typeof predictorSchema>;

export const fillMaskRequestSchema = z.object({
  /** With [MASK] or <mask> where a word is to be guessed, whatever the model's own token is. */
  text: z.string().max(LONGEST_TEXT),
  predictors: z.array(predictorSchema).min(1).max(2),
  /** Tokens listed for each mask. */
  topK: z.int().min(1).max(MOST_FILLS).default(10),
});

const pieceFields = {
  /** Without the marks of its tokenizer ("##", "Ġ"). */
  text: z.string(),
  /** False for a piece that continues the word before it. */
  startsWord: z.boolean(),
  /** A token such as [SEP], or one that the vocabulary has no name for. */
  special: z.boolean(),
};

/** A token in place of a mask. */
const fillSchema = z.object({
  ...pieceFields,
  id: z.int(),
  probability: z.number(),
  /** 1 for the most probable token of the vocabulary. */
  rank: z.int(),
});
export type Fill = z.infer<typeof fillSchema>;

export const predictionSchema = z.object({
  /** The text as the tokenizer cuts it, without the tokens that open and close a window. */
  tokens: z.array(
    z.object({
      ...pieceFields,
      isMask: z.boolean(),
      /** Left out, because the model does not read so many tokens at a time. */
      isCut: z.boolean(),
    }),
  ),
  /** The most tokens that the model reads at a time, its special ones included. */
  maxSeqLength: z.int(),
  masks: z.array(
    z.object({
      /** Most probable first. */
      fills: z.array(fillSchema),
      /** Tokens that the other side lists and this one does not; ones it has no token for are left out. */
      others: z.array(fillSchema),
    }),
  ),
});
export type Prediction = z.infer<typeof predictionSchema>;

export const fillMaskReplySchema = z.object({
  predictors: z.array(
    predictionSchema.extend({
      predictor: predictorSchema,
      /** Of the model, or "SDT seed 1 of trial". */
      name: z.string(),
      /** Of the weights; null for a model. */
      step: z.int().nullable(),
    }),
  ),
});
