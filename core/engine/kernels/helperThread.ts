/** A helper thread's program: sleeps until work is ordered, runs one kernel, reports, sleeps. */
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { instantiateKernels, KERNEL_NAMES } from './arenas.ts';
import type { KernelExports } from './arenas.ts';
import { CONTROL, STOP } from './helperThreads.ts';
import type { HelperData } from './helperThreads.ts';

const { module, control, parameters, arenas } = workerData as HelperData;
const instances: KernelExports[] = [];

/** An order for an arena comes after the message about it. */
function instance(index: number): KernelExports {
  while (instances.length <= index) {
    const received = receiveMessageOnPort(arenas) as { message: WebAssembly.Memory } | undefined;
    if (received !== undefined) instances.push(instantiateKernels(module, received.message));
  }
  return instances[index];
}

Atomics.store(control, CONTROL.ready, 1);
Atomics.notify(control, CONTROL.ready);
for (let done = 0; ; done++) {
  while (Atomics.load(control, CONTROL.ordered) === done) {
    Atomics.wait(control, CONTROL.ordered, done);
  }
  const kernel = control[CONTROL.kernel];
  if (kernel === STOP) break;
  const count = control[CONTROL.count];
  instance(control[CONTROL.arena])[KERNEL_NAMES[kernel]](...parameters.subarray(0, count));
  Atomics.store(control, CONTROL.finished, done + 1);
  Atomics.notify(control, CONTROL.finished);
}
