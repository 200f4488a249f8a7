/** What a project will take, as estimated from a short probe on this machine; part of the contract. */
import { z } from 'zod';

/** An expected amount, and the range that it is likely to lie in. */
export const spanSchema = z.object({ expected: z.number(), low: z.number(), high: z.number() });
export type Span = z.infer<typeof spanSchema>;

/** Runs that are still to be done, by purpose, and those that an equal project has done already. */
const runCountSchema = z.object({
  results: z.int(),
  /** They only choose λ. */
  choosing: z.int(),
  done: z.int(),
});

export const strategyEstimateSchema = z.object({
  /** `ndt`, or the names of the parts: `sdt`, `rh+ewc`; in the order of the project file. */
  strategy: z.string(),
  /** What tells it from others of its name: "λ 100", "3 values of λ"; may be empty. */
  settings: z.string(),
  runs: runCountSchema,
  /** Optimizer steps of a run of the table; 0 for the base model. */
  steps: spanSchema,
  /** Null for the base model, which takes no steps, and where no run is left to be measured for. */
  secondsPerStep: spanSchema.nullable(),
  /** Of a run of the table from its start to its end; null where its steps were not measured. */
  secondsPerRun: spanSchema.nullable(),
  /** Of the runs that are still to be done. */
  seconds: spanSchema,
});
export type StrategyEstimate = z.infer<typeof strategyEstimateSchema>;

export const sharedWorkSchema = z.object({
  kind: z.enum(['tokens', 'frozen sets', 'base scores', 'Fisher diagonal']),
  /** Name of the corpus; null for the scores of the base model. */
  corpus: z.string().nullable(),
  /** Done before: it takes no time. */
  isThere: z.boolean(),
  seconds: spanSchema,
});
export type SharedWork = z.infer<typeof sharedWorkSchema>;

export const estimateSchema = z.object({
  engine: z.string(),
  /** For people: "ONNX Runtime 1.30.0, CPU, 2 threads". */
  device: z.string(),
  probe: z.object({
    /** Optimizer steps that were timed, over all strategies; first ones of a shape are not among them. */
    steps: z.int(),
    seconds: z.number(),
    /** Runs were at work on this machine at the same time. */
    isBesideRuns: z.boolean(),
    /** Other programs kept the processor busy. */
    isBusy: z.boolean(),
  }),
  strategies: z.array(strategyEstimateSchema),
  shared: z.array(sharedWorkSchema),
  runs: runCountSchema,
  /** From the start to the last result. */
  seconds: spanSchema,
  /** Of these, spent on evaluations of all runs. */
  evaluationSeconds: spanSchema,
  /** Tokens read a second while training, padding left out; null when no run trains. */
  tokensPerSecond: z.number().nullable(),
  memory: z.object({
    /** Most resident memory of a run, bytes. */
    peak: spanSchema,
    /** What programs may take on this machine now, bytes. */
    available: z.number(),
  }),
  disk: z.object({
    /** At the worst moment, bytes, beside what is in the home folder now. */
    most: z.number(),
    /** When all runs are done. */
    left: z.number(),
    free: z.number(),
  }),
  /** Why the machine does not suffice, a sentence each with what to do. */
  warnings: z.array(z.string()),
  /** What the numbers rest on, a sentence each. */
  remarks: z.array(z.string()),
});
export type Estimate = z.infer<typeof estimateSchema>;
