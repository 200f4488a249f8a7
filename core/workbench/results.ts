/** What the results of a project and a diff of runs are made of; part of the contract. */
import { z } from 'zod';
import { strategyPartsSchema } from '../strategies/parts.ts';

const roleSchema = z.enum(['source', 'target']);
const splitSchema = z.enum(['validation', 'test']);

/** Mean and sample standard deviation over seeds; the deviation of one value is null. */
export const spreadSchema = z.object({
  mean: z.number(),
  deviation: z.number().nullable(),
  count: z.int().positive(),
});
export type Spread = z.infer<typeof spreadSchema>;

/**
 * Loss differences are in nats a masked token; p is two-sided, of no difference. Interval and p are
 * null where the documents are too few to give them (FEWEST_DOCUMENTS).
 */
export const intervalSchema = z.object({
  estimate: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  p: z.number().nullable(),
});
export type LossInterval = z.infer<typeof intervalSchema>;

interface Ends {
  readonly low: number | null;
  readonly high: number | null;
}
export interface KnownEnds {
  readonly low: number;
  readonly high: number;
}

/** Whether there were documents enough for an interval. */
export function hasEnds<Interval extends Ends>(
  interval: Interval,
): interval is Interval & KnownEnds {
  return interval.low !== null && interval.high !== null;
}

/** Whether a difference may be claimed. */
export function excludesZero(interval: Ends): boolean {
  return hasEnds(interval) && (interval.low > 0 || interval.high < 0);
}

/** One strategy with one configuration, over its seeds. */
export const resultRowSchema = z.object({
  /** `ewc`, `rh+ewc`; an interpolated run has its alpha too: `sdt α 0.3`. */
  strategy: z.string(),
  parts: strategyPartsSchema,
  /** λ of each part that has one, as people read it: "λ 100", "rh λ 1, ewc λ 10"; empty for none. */
  settings: z.string(),
  seeds: z.array(z.int()),
  runs: z.array(z.string()),
  sourceNll: spreadSchema,
  targetNll: spreadSchema,
  /** Source loss now − source loss of the base model; 0 for the base model itself. */
  forgetting: spreadSchema,
  /** Target loss of the base model − target loss now. */
  gain: spreadSchema,
  /** Over the base model with the same documents, and over seeds; null for the base model. */
  forgettingInterval: intervalSchema.nullable(),
  gainInterval: intervalSchema.nullable(),
  /**
   * Median over the stretches between two measurements, of all seeds: other work on the machine slows
   * some of them. Null for a strategy without steps. A property of the machine.
   */
  secondsPerStep: z.number().nullable(),
  secondsPerStepQuartiles: z.object({ lower: z.number(), upper: z.number() }).nullable(),
  /** secondsPerStep over that of SDT; null without one of them. */
  relativeTime: z.number().nullable(),
  /** No other row forgets less and gains more, or equals it in one and betters it in the other. */
  pareto: z.boolean(),
  /**
   * Whether its loss on a domain is below that of every other tuned row, each difference with an
   * interval that excludes zero.
   */
  lowest: z.object({ source: z.boolean(), target: z.boolean() }),
});
export type ResultRow = z.infer<typeof resultRowSchema>;

/** How λ of a strategy was chosen: on the validation split, among the values that were tried. */
export const choiceSchema = z.object({
  strategy: z.string(),
  /** Steps and seed of the runs that are compared; null until steps measured in epochs are counted. */
  steps: z.int().positive().nullable(),
  seed: z.int(),
  /** The chosen candidate has the least target loss + sourceWeight × source loss. */
  sourceWeight: z.number(),
  candidates: z.array(
    z.object({
      settings: z.string(),
      parts: strategyPartsSchema,
      run: z.string(),
      /** Null while the run has not ended. */
      sourceNll: z.number().nullable(),
      targetNll: z.number().nullable(),
      /** Null also for a value that diverged. */
      objective: z.number().nullable(),
      /**
       * Why the run failed; a final failure is one of the value itself and counts as the worst there is,
       * any other keeps the choice open.
       */
      failure: z.object({ message: z.string(), isFinal: z.boolean() }).nullable().default(null),
      chosen: z.boolean(),
    }),
  ),
});
export type LambdaChoice = z.infer<typeof choiceSchema>;

export const projectResultsSchema = z.object({
  project: z.object({ id: z.string(), name: z.string() }),
  split: splitSchema,
  rows: z.array(resultRowSchema),
  choices: z.array(choiceSchema),
  /** Runs that count for the table and have not completed; archived and cancelled ones do not. */
  unfinished: z.int(),
  /** The frozen-mask sets that the losses belong to. */
  sets: z.array(
    z.object({ role: roleSchema, name: z.string(), setHash: z.string(), documents: z.int() }),
  ),
});
export type ProjectResults = z.infer<typeof projectResultsSchema>;

/** Runs that differ in nothing but the seed are one group of a diff. */
export const diffGroupSchema = z.object({
  /** "ewc λ 100", with the run's id when two groups would read alike. */
  label: z.string(),
  runs: z.array(z.object({ id: z.string(), seed: z.int() })),
});

export const runsDiffSchema = z.object({
  groups: z.array(diffGroupSchema).min(1),
  /** Settings that differ: one value for each group, null where it has none. */
  configuration: z.array(z.object({ key: z.string(), values: z.array(z.unknown()) })),
  /** One entry for each set and split that all runs were scored on at their ends. */
  metrics: z.array(
    z.object({
      role: roleSchema,
      split: splitSchema,
      name: z.string(),
      setHash: z.string(),
      documents: z.int(),
      /** Of each group. */
      losses: z.array(spreadSchema),
      /**
       * Each group after the first, minus the first: paired over documents, and over the seeds that
       * both have when they are several.
       */
      differences: z.array(
        intervalSchema.extend({ group: z.int().positive(), seeds: z.array(z.int()) }),
      ),
    }),
  ),
  /** Sets that the runs do not share, one sentence each. */
  notComparable: z.array(
    z.object({ role: roleSchema, split: splitSchema, name: z.string(), reason: z.string() }),
  ),
});
export type RunsDiff = z.infer<typeof runsDiffSchema>;
