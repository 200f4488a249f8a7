/** The program of a helper thread; it ends when its process or its owner ends it. */
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { instantiateKernels } from './arenas.ts';
import type { KernelExports } from './arenas.ts';
import { help } from './helperThreads.ts';
import type { HelperData } from './helperThreads.ts';

const { module, call, arenas } = workerData as HelperData;
const instances: KernelExports[] = [];

/** A call on an arena comes after the message about it. */
function kernelsOf(arena: number): KernelExports {
  while (instances.length <= arena) {
    const received = receiveMessageOnPort(arenas) as { message: WebAssembly.Memory } | undefined;
    if (received !== undefined) instances.push(instantiateKernels(module, received.message));
  }
  return instances[arena];
}

help(call, kernelsOf);
