/**
 * Tries an engine in a process of its own: a graphics driver that crashes or hangs takes nobody
 * with it.
 */
import { fileURLToPath } from 'node:url';
import { startProcess } from '../base/startProcess.ts';
import type { ProbeResult } from './probe.ts';
import { probeThroughMainThread } from './probesOfThreads.ts';
import type { EngineName } from './types.ts';

export type { Probe, ProbeResult } from './probe.ts';

/** A software driver compiles its shaders for some ten seconds. */
const LIMIT_MILLISECONDS = 120_000;
/** Lies beside this module, from source and built. */
const ENTRY = fileURLToPath(import.meta.url).replace(
  /engineProbe(\.[a-z]+)$/,
  'engineProbeEntry$1',
);

export async function probeInProcess(engine: EngineName, timed: boolean): Promise<ProbeResult> {
  const asked = probeThroughMainThread(engine, timed);
  if (asked !== undefined) return await asked;
  return await probeWith(ENTRY, [engine, ...(timed ? ['timed'] : [])], LIMIT_MILLISECONDS);
}

/** `probeInProcess` with another program or limit, for tests. */
export async function probeWith(
  entry: string,
  parameters: readonly string[],
  limitMilliseconds: number,
): Promise<ProbeResult> {
  const child = startProcess(entry, parameters, { quiet: true });
  const { promise, resolve } = Promise.withResolvers<ProbeResult>();
  const fail = (reason: string): void => resolve({ available: false, reason });
  const limit = setTimeout(() => {
    child.kill();
    fail(`The self-check did not end within ${limitMilliseconds / 1000} seconds.`);
  }, limitMilliseconds);
  child.onMessage((message) => resolve(message as ProbeResult));
  child.onExit(({ code, signal }) => {
    if (code === null && signal === null) fail('The self-check could not be started.');
    else fail(`The self-check's process ended with ${signal ?? `exit code ${code}`}.`);
  });
  try {
    return await promise;
  } finally {
    clearTimeout(limit);
  }
}
