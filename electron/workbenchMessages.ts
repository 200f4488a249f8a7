/** What the main process and the Workbench's process say to each other. */
import { z } from 'zod';
import { errorReportSchema } from '../core/workbench/contract.ts';

/** Main process → Workbench. `window` brings the port of a window. */
export const messageToWorkbenchSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('window') }),
  /** Save the run at work, give the home folder back, end. */
  z.strictObject({ type: z.literal('close') }),
]);
export type MessageToWorkbench = z.infer<typeof messageToWorkbenchSchema>;

export const workSchema = z.strictObject({
  /** "run ewc-seed-1 of pilot". */
  running: z.array(z.string()),
  /** Runs that wait. */
  queued: z.int().nonnegative(),
  /** What is lost when the program ends: "the import of a corpus". */
  calls: z.array(z.string()),
});
export type Work = z.infer<typeof workSchema>;

/** Workbench → main process. */
export const messageFromWorkbenchSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  /** The home folder could not be opened; the process ends. */
  z.strictObject({ type: z.literal('refused'), error: errorReportSchema }),
  /** What is at work, when it changed. */
  z.strictObject({ type: z.literal('work'), work: workSchema }),
]);
export type MessageFromWorkbench = z.infer<typeof messageFromWorkbenchSchema>;
