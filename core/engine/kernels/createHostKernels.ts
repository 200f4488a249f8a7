import type { HostKernels } from './hostKernels.ts';
import { WebAssemblyKernels } from './webAssemblyKernels.ts';

export interface HostKernelOptions {
  /** Threads that work on one call, 1 or more; results do not depend on it. */
  readonly threads?: number;
}

/** The kernels are bound by memory, which a few cores use up. */
const MOST_THREADS = 8;

/** The kernels to use; close them after use, which ends their helper threads. */
export function createHostKernels({ threads = 1 }: HostKernelOptions = {}): HostKernels {
  return new WebAssemblyKernels(Math.min(threads, MOST_THREADS));
}
