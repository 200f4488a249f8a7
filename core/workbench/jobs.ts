/** Runs one job in a process of its own and returns its reply, with progress and a way to stop. */
import { UserError, errorFromReport } from '../base/errors.ts';
import { abortedError, throwIfAborted } from './calls.ts';
import type { CallContext } from './calls.ts';
import type { ProcessExit, StartProcess } from './hostProcess.ts';
import { jobEntryPath, jobs, messageFromWorkerSchema } from './jobContract.ts';
import type { JobName, JobReply, JobRequest, MessageToWorker } from './jobContract.ts';

/** Milliseconds that an aborted job has to remove what it began. */
export const ABORT_PATIENCE = 5000;

export type RunJob = <Name extends JobName>(
  name: Name,
  request: JobRequest<Name>,
  context: CallContext,
) => Promise<JobReply<Name>>;

/**
 * Rejects with the job's own error, `call/aborted` after the signal, or `job/died` when the process
 * ended without a reply. The process is gone when the promise settles.
 */
export function jobRunner(startProcess: StartProcess): RunJob {
  return (name, request, context) => runJob(startProcess, name, request, context);
}

async function runJob<Name extends JobName>(
  startProcess: StartProcess,
  name: Name,
  request: JobRequest<Name>,
  { signal, report }: CallContext,
): Promise<JobReply<Name>> {
  throwIfAborted(signal);
  const job = startProcess(jobEntryPath(), [name]);
  const send = (message: MessageToWorker): void => {
    job.send(message);
  };
  let killTimer: NodeJS.Timeout | undefined;
  const abort = (): void => {
    send({ type: 'abort' });
    killTimer = setTimeout(() => {
      job.kill();
    }, ABORT_PATIENCE);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    const reply = await new Promise<unknown>((resolve, reject) => {
      let outcome: (() => void) | undefined;
      job.onMessage((raw) => {
        const message = messageFromWorkerSchema.safeParse(raw).data;
        if (message?.type === 'progress') report(message.progress);
        if (message?.type === 'done') {
          outcome = () => {
            resolve(message.reply);
          };
        }
        if (message?.type === 'failed') {
          outcome = () => {
            reject(errorFromReport(message.error));
          };
        }
      });
      job.onExit((exit) => {
        if (outcome !== undefined) outcome();
        else reject(signal.aborted ? abortedError() : jobDied(name, exit));
      });
      send({ type: 'start', job: name, request });
    });
    return jobs[name].reply.parse(reply) as JobReply<Name>;
  } finally {
    signal.removeEventListener('abort', abort);
    clearTimeout(killTimer);
  }
}

/** The error of a job whose process ended without a word. */
export function jobDied(name: JobName, { code, signal }: ProcessExit): UserError {
  const how =
    signal !== null
      ? `was ended by the signal ${signal}`
      : code === null
        ? 'could not be started'
        : `ended with code ${code}`;
  return new UserError(
    'job/died',
    `The process for ${name} ${how} before it was done.`,
    signal === 'SIGKILL'
      ? 'The system may have run out of memory; close other programs and start it again.'
      : 'Start it again; nothing half-done was kept.',
  );
}
