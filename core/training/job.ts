/**
 * Entry of a training job process (see jobProtocol.ts). This is its control thread: it answers the
 * parent at any moment, while the compute thread may be inside ONNX Runtime for many seconds.
 */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { reportError } from '../base/errors.ts';
import { goOffline } from '../base/offline.ts';
import { openParentChannel } from '../base/parentChannel.ts';
import type { ParentChannel } from '../base/parentChannel.ts';
import { probeInProcess } from '../engine/engineProbe.ts';
import { answerProbesOfThreads } from '../engine/probesOfThreads.ts';
import type { ComputeTask } from './computeThread.ts';
import type { RunSpecification } from './configuration.ts';
import { EXIT_CODES, HEARTBEAT_MILLISECONDS, messageToJobSchema } from './jobProtocol.ts';
import type { MessageFromJob } from './jobProtocol.ts';
import { ThreadFlags } from './threadFlags.ts';

type Ended = Extract<MessageFromJob, { type: 'ended' }>;

/** Lies beside this module, from source and bundled. */
const COMPUTE_THREAD = fileURLToPath(import.meta.url).replace(/job(\.[a-z]+)$/, 'computeThread$1');

// Before the compute thread is started: it takes its environment from here.
goOffline(true);
answerProbesOfThreads(probeInProcess);
const flags = new ThreadFlags();
const channel = openParentChannel();
if (channel === undefined) {
  process.stderr.write('This program is started by Palimpsest, not by hand.\n');
  process.exitCode = EXIT_CODES.wrongUsage;
} else {
  control(channel);
}

function control(parent: ParentChannel): void {
  let started = false;
  const beat = (): void => {
    const residentBytes = process.memoryUsage.rss();
    send(parent, { type: 'heartbeat', step: flags.step, residentBytes });
  };
  parent.onMessage((message) => {
    const parsed = messageToJobSchema.safeParse(message);
    if (!parsed.success) {
      const error = reportError(new Error(`Unknown message: ${parsed.error.message}`));
      void exit(parent, { type: 'ended', outcome: 'failed', error }, EXIT_CODES.wrongUsage);
    } else if (parsed.data.type !== 'start') {
      flags.request(parsed.data.type);
    } else if (!started) {
      started = true;
      beat();
      compute(parent, parsed.data.specification);
    }
  });
  parent.onClose(() => {
    flags.request('interrupt');
    // Nobody is left to send `start`.
    if (!started) process.exit(EXIT_CODES.interrupted);
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => flags.request('pause'));
  }
  setInterval(beat, HEARTBEAT_MILLISECONDS).unref();
}

function compute(parent: ParentChannel, specification: RunSpecification): void {
  const workerData: ComputeTask = { specification, flags: flags.buffer };
  const thread = new Worker(COMPUTE_THREAD, { workerData });
  let ended: Ended = {
    type: 'ended',
    outcome: 'failed',
    error: reportError(new Error('The compute thread ended without a result.')),
  };
  thread.on('message', (message: MessageFromJob) => {
    if (message.type === 'ended') ended = message;
    else send(parent, message);
  });
  thread.on('error', (error) => {
    ended = { type: 'ended', outcome: 'failed', error: reportError(error) };
  });
  thread.on('exit', () => void exit(parent, ended, EXIT_CODES[ended.outcome]));
}

function send(parent: ParentChannel, message: MessageFromJob): void {
  void parent.send(message);
}

async function exit(parent: ParentChannel, ended: Ended, code: number): Promise<void> {
  await parent.send(ended);
  process.exit(code);
}
