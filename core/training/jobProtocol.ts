/**
 * What a training job and the process that started it say to each other: plain JSON messages over
 * Node's IPC channel or Electron's parent port.
 *
 * 1. The parent starts `trainingJobPath()` and sends `start`. There is no separate resume: the job
 *    looks into the run folder and continues from the last complete checkpoint.
 * 2. The job answers with `event` messages (each is already on disk in `events.jsonl`), with a
 *    `heartbeat` when it starts and every second after, also while a step computes, and with one
 *    `ended` before it exits.
 * 3. `pause` saves a checkpoint and ends; `cancel` ends without one. SIGTERM, SIGINT and SIGHUP are
 *    `pause`; a parent that goes away is too, with the outcome `interrupted`.
 *
 * A job that exits without `ended` was killed: its run is interrupted and can be started again.
 */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { runSpecificationSchema } from './configuration.ts';
import { runEventSchema } from './events.ts';

export const HEARTBEAT_MILLISECONDS = 1000;

/** A child process that is told to train; bundled, it lies beside this module with its extension. */
export function trainingJobPath(): string {
  const self = fileURLToPath(import.meta.url);
  return self.replace(/jobProtocol(\.[a-z]+)$/, 'job$1');
}

export const runOutcomeSchema = z.enum([
  'completed',
  'paused',
  'cancelled',
  'failed',
  'interrupted',
]);
export type RunOutcome = z.infer<typeof runOutcomeSchema>;

/** Exit codes agree with the command line's: 0 done, 1 failed, 2 wrong usage; the rest are ways to stop early. */
export const EXIT_CODES: Readonly<Record<RunOutcome | 'wrongUsage', number>> = {
  completed: 0,
  failed: 1,
  wrongUsage: 2,
  paused: 3,
  cancelled: 4,
  interrupted: 5,
};

const errorReportSchema = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  stack: z.string().optional(),
});

export const messageToJobSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('start'), specification: runSpecificationSchema }),
  z.strictObject({ type: z.literal('pause') }),
  z.strictObject({ type: z.literal('cancel') }),
]);
export type MessageToJob = z.input<typeof messageToJobSchema>;

export const messageFromJobSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('heartbeat'),
    /** Optimizer steps done. */
    step: z.int().nonnegative(),
    /** Resident memory of the job, bytes. */
    residentBytes: z.int().nonnegative(),
  }),
  z.strictObject({ type: z.literal('event'), event: runEventSchema }),
  z.strictObject({
    type: z.literal('ended'),
    outcome: runOutcomeSchema,
    error: errorReportSchema.optional(),
  }),
]);
export type MessageFromJob = z.infer<typeof messageFromJobSchema>;
