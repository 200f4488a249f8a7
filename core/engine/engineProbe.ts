/**
 * Tries an engine in a process of its own: a graphics driver that crashes or hangs takes nobody
 * with it.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
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

/** A software driver compiles its shaders for some ten seconds. */
const LIMIT_MILLISECONDS = 120_000;
const ENTRY = fileURLToPath(new URL('./engineProbeEntry.ts', import.meta.url));

export async function probeInProcess(engine: EngineName, timed: boolean): Promise<ProbeResult> {
  return await probeWith(ENTRY, [engine, ...(timed ? ['timed'] : [])], LIMIT_MILLISECONDS);
}

/** `probeInProcess` with another program or limit, for tests. */
export async function probeWith(
  entry: string,
  parameters: readonly string[],
  limitMilliseconds: number,
): Promise<ProbeResult> {
  const child = fork(entry, [...parameters], { stdio: 'ignore', execArgv: [] });
  const { promise, resolve } = Promise.withResolvers<ProbeResult>();
  const fail = (reason: string): void => resolve({ available: false, reason });
  const limit = setTimeout(() => {
    child.kill('SIGKILL');
    fail(`The self-check did not end within ${limitMilliseconds / 1000} seconds.`);
  }, limitMilliseconds);
  child.on('message', (message) => resolve(message as ProbeResult));
  child.on('error', (error) => fail(`The self-check could not be started: ${error.message}.`));
  child.on('exit', (code, signal) => {
    fail(`The self-check's process ended with ${signal ?? `exit code ${code}`}.`);
  });
  try {
    return await promise;
  } finally {
    clearTimeout(limit);
  }
}
