/**
 * What a utility process of Electron and the main process say to each other about processes. Only the
 * main process can start one, so it does on request; the two ends then speak over a message channel
 * of their own, which the main process hands to both and has no part in.
 */
import { z } from 'zod';

const processNumber = z.int().nonnegative();

/** Utility process → main process. */
export const processRequestSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('process/start'),
    /** Chosen by who asks; never used twice. */
    process: processNumber,
    entry: z.string(),
    args: z.array(z.string()),
    quiet: z.boolean(),
  }),
  z.strictObject({ type: z.literal('process/kill'), process: processNumber }),
]);
export type ProcessRequest = z.infer<typeof processRequestSchema>;

/** Main process → the utility process that asked. `process/started` brings the port. */
export const processReportSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('process/started'), process: processNumber }),
  z.strictObject({
    type: z.literal('process/exited'),
    process: processNumber,
    code: z.int().nullable(),
    signal: z.string().nullable(),
  }),
]);
export type ProcessReport = z.infer<typeof processReportSchema>;

/** The first message to a process that was started on request; it brings the port to who asked. */
export const channelMessageSchema = z.strictObject({ type: z.literal('process/channel') });
export const CHANNEL_MESSAGE: z.infer<typeof channelMessageSchema> = { type: 'process/channel' };
