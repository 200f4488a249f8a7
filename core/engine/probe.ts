/** What a try of an engine finds. */
import type { EngineName } from './types.ts';

export type ProbeResult =
  | {
      readonly available: true;
      /** The executor's words for itself. */
      readonly description: string;
      /** Of the measured program; null when no time was asked for. */
      readonly seconds: number | null;
    }
  | { readonly available: false; readonly reason: string };

/** Checks an engine and, where asked, takes its time. */
export type Probe = (engine: EngineName, timed: boolean) => Promise<ProbeResult>;
