/** What a person says of runs, and the calls to say it; part of the contract. */
import { z } from 'zod';

/** The longest tag and note, in UTF-16 code units. */
export const LONGEST_TAG = 60;
export const LONGEST_NOTE = 4000;

/** Most runs of one call: those of a large history, chosen together. */
const MOST_RUNS = 20_000;

/** Fields of every run in a list. */
export const runAnnotationFields = {
  /** Sorted. */
  tags: z.array(z.string()).default([]),
  note: z.string().nullable().default(null),
  /** Since when the run is hidden from lists; nothing of it is deleted. */
  archivedAt: z.string().nullable().default(null),
  /** On the test split at the run's end, nats a masked token; null before. */
  sourceNll: z.number().nullable().default(null),
  targetNll: z.number().nullable().default(null),
};

const runs = z.array(z.string()).min(1).max(MOST_RUNS);

export const tagRequestSchema = z.object({
  runs,
  add: z.array(z.string()).default([]),
  remove: z.array(z.string()).default([]),
});

/** An empty text removes the note. */
export const noteRequestSchema = z.object({ run: z.string(), text: z.string() });

export const archiveRequestSchema = z.object({ runs, archived: z.boolean() });

/** Runs are new, or their tags, notes or archive changed, by whichever window. */
export const runsChangedEventSchema = z.object({
  type: z.literal('runs/changed'),
  runs: z.array(z.string()),
});
