/** The program of a probe's process: checks one engine, reports, ends. */
import { openParentChannel } from '../base/parentChannel.ts';
import { createExecutor } from './createExecutor.ts';
import type { ProbeResult } from './engineProbe.ts';
import { checkExecutor, timeExecutor } from './selfCheck.ts';
import type { EngineName } from './types.ts';

async function probe(engine: EngineName, timed: boolean): Promise<ProbeResult> {
  try {
    const executor = createExecutor(engine, {}, (length) => new Float32Array(length));
    await checkExecutor(executor);
    const seconds = timed ? await timeExecutor(executor) : null;
    return { available: true, description: executor.description, seconds };
  } catch (error) {
    return { available: false, reason: reasonOf(error) };
  }
}

/** One sentence without the source positions that native libraries put before theirs. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [firstLine] = message.split('\n');
  if (firstLine.includes('Failed to get a WebGPU adapter')) {
    return 'There is no graphics driver that WebGPU can use.';
  }
  return firstLine;
}

// A result is sent before the process ends; native clean-up after it is of no interest.
const result = await probe(process.argv[2] as EngineName, process.argv[3] === 'timed');
await openParentChannel()?.send(result);
process.exit(0);
