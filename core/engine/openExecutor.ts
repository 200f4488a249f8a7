import { createExecutor } from './createExecutor.ts';
import { resolveEngine } from './engines.ts';
import type { Executor } from './executor.ts';
import type { SessionOptions } from './types.ts';

/**
 * Opens the executor that the options ask for; `allocate` makes the arrays it writes results to.
 * Throws a UserError when the engine asked for is not available here.
 */
export async function openExecutor(
  options: SessionOptions,
  allocate: (length: number) => Float32Array,
): Promise<Executor> {
  return createExecutor(await resolveEngine(options.engine), options, allocate);
}
