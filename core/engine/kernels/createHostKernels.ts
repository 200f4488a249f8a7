import type { HostKernels } from './hostKernels.ts';
import { createReferenceKernels } from './referenceKernels.ts';

export interface HostKernelOptions {
  /** Threads that work on one call, 1 or more; results do not depend on it. */
  readonly threads?: number;
}

/** The kernels to use; close them after use when there is more than one thread. */
export function createHostKernels(options: HostKernelOptions = {}): HostKernels {
  void options;
  return createReferenceKernels();
}
