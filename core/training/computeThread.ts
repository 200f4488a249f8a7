/** The thread of a training job that computes; what it has to say it sends to the control thread. */
import { parentPort, workerData } from 'node:worker_threads';
import type { RunSpecification } from './configuration.ts';
import type { MessageFromJob } from './jobProtocol.ts';
import { openResources } from './openResources.ts';
import { ThreadFlags } from './threadFlags.ts';
import { train } from './train.ts';

/** `workerData` of this thread. */
export interface ComputeTask {
  readonly specification: RunSpecification;
  readonly flags: SharedArrayBuffer;
}

const { specification, flags: buffer } = workerData as ComputeTask;
const flags = new ThreadFlags(buffer);
const send = (message: MessageFromJob): void => parentPort?.postMessage(message);

const end = await train(specification, openResources, {
  interruption: () => flags.interruption,
  publish: (event) => send({ type: 'event', event }),
  progress: (step) => {
    flags.step = step;
  },
});
send({ type: 'ended', ...end });
