/** Watches what the program and its jobs try to connect to, in every spec, where it can be recorded. */
import { join } from 'node:path';
import { ROUTE_PROBE } from '../drivers/chromium.ts';
import type { Driver, StartOptions } from '../drivers/driver.ts';
import { attemptsOutside, finishedRecord, recorded, recorderProblem } from './connections.ts';
import type { Attempt } from './connections.ts';
import { newFolder } from './homes.ts';

const isRecording = recorderProblem() === undefined;

export interface Watch {
  /** What the program is to be started with. */
  readonly options: StartOptions;
  /** What it has tried to reach outside of the machine; asked when it has ended. */
  readonly attempts: (hostPid: number) => Promise<readonly Attempt[]>;
}

/** A spec that records the browser too, which is slow, records everything by itself. */
export async function watch(driver: Driver, options: StartOptions): Promise<Watch> {
  if (!isRecording || options.browserPrefix !== undefined) {
    return { options, attempts: () => Promise.resolve([]) };
  }
  const record = join(await newFolder(), 'connections.txt');
  // Electron's windows are of the program itself.
  const known = driver.name === 'Electron' ? [ROUTE_PROBE] : [];
  return {
    options: { ...options, prefix: [...recorded(record), ...(options.prefix ?? [])] },
    attempts: async (pid) => attemptsOutside(await finishedRecord(record, pid), known),
  };
}
