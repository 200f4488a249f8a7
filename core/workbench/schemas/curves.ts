/** Curves as charts draw them; part of the contract. */
import { z } from 'zod';
import { MOST_PIXELS } from '../../store/curves.ts';

/** Runs of one chart. */
const MOST_RUNS = 200;

export const curvesRequestSchema = z.object({
  runs: z.array(z.string()).min(1).max(MOST_RUNS),
  /** Series by name, such as `train/target_loss`; all when left out, none of an empty list. */
  names: z.array(z.string()).optional(),
  /**
   * Width of the chart: of each pixel the least and the greatest point are given. Every point when
   * left out, which is meant for one run.
   */
  pixels: z.int().min(16).max(MOST_PIXELS).optional(),
  /** Whether the time of each point is wanted. */
  seconds: z.boolean().default(true),
  /** The steps in view, for a chart that is zoomed into. */
  fromStep: z.int().nonnegative().default(0),
  toStep: z.int().nonnegative().default(Number.MAX_SAFE_INTEGER),
});

const seriesKeyFields = { name: z.string(), split: z.string(), role: z.string() };

const seconds = z.array(z.number()).nullable();

/** Parallel arrays in order of the step. */
export const curveSchema = z.object({
  ...seriesKeyFields,
  steps: z.array(z.int()),
  values: z.array(z.number()),
  /**
   * Seconds spent in optimizer steps up to each point, evaluations and pauses left out; they go on
   * where a resumed run goes on. Null for a run that takes no steps, and where they are not wanted.
   */
  seconds,
  /** Whether points were left out. */
  decimated: z.boolean(),
  /**
   * Where points were left out, what a smoothed line is drawn from: the mean of the points of each
   * pixel, at their mean step. Else null.
   */
  trend: z
    .object({
      /** Mean number of steps between neighbours of all the points. */
      spacing: z.number(),
      steps: z.array(z.number()),
      values: z.array(z.number()),
      seconds,
    })
    .nullable(),
});
export type Curve = z.infer<typeof curveSchema>;

export const runCurvesSchema = z.object({
  run: z.string(),
  /** All that the run has, asked for or not. */
  series: z.array(z.object(seriesKeyFields)),
  curves: z.array(curveSchema),
});
export type RunCurves = z.infer<typeof runCurvesSchema>;
