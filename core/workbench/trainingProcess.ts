/** A training job as the Workbench sees it: events, a heartbeat that is watched, and one outcome. */
import type { ErrorReport } from '../base/errors.ts';
import type { RunSpecification } from '../training/configuration.ts';
import type { RunEvent } from '../training/events.ts';
import {
  HEARTBEAT_MILLISECONDS,
  messageFromJobSchema,
  trainingJobPath,
} from '../training/jobProtocol.ts';
import type { MessageToJob, RunOutcome } from '../training/jobProtocol.ts';
import type { ProcessExit, StartProcess } from './hostProcess.ts';

/** Times in milliseconds after which a job that does not answer is ended. */
export interface Patience {
  /** Without a heartbeat. The job's control thread beats while a step computes, however long. */
  readonly heartbeat: number;
  /** After `pause`: the step at work and a checkpoint must fit. */
  readonly pause: number;
  readonly cancel: number;
  /** To the job of an owner that died, before its run goes on: what `pause` has, for it does the same. */
  readonly earlierJob: number;
}

export const DEFAULT_PATIENCE: Patience = {
  heartbeat: 120_000,
  pause: 600_000,
  cancel: 60_000,
  earlierJob: 600_000,
};

export interface TrainingEnd {
  /** What the job said of itself; undefined when it died without a word. */
  readonly outcome: RunOutcome | undefined;
  readonly error: ErrorReport | undefined;
  readonly exit: ProcessExit;
  /** Whether we ended it because it did not answer. */
  readonly unresponsive: boolean;
}

export interface TrainingProcess {
  readonly pid: number | undefined;
  readonly ended: Promise<TrainingEnd>;
  pause(): void;
  cancel(): void;
}

export function startTraining(
  startProcess: StartProcess,
  specification: RunSpecification,
  onEvent: (event: RunEvent) => void,
  patience: Patience = DEFAULT_PATIENCE,
): TrainingProcess {
  // The run's id is an argument only so that a list of processes shows whose job it is.
  const job = startProcess(trainingJobPath(), [specification.runId]);
  const send = (message: MessageToJob): void => {
    job.send(message);
  };
  let outcome: RunOutcome | undefined;
  let error: ErrorReport | undefined;
  let unresponsive = false;
  let silentBeats = 0;
  const kill = (): void => {
    unresponsive = true;
    job.kill();
  };

  // Beats are counted and no clock is read, so that a machine that slept is not taken for a dead job.
  const watch = setInterval(() => {
    silentBeats++;
    if (silentBeats * HEARTBEAT_MILLISECONDS > patience.heartbeat) kill();
  }, HEARTBEAT_MILLISECONDS);
  let deadline: NodeJS.Timeout | undefined;
  const endWithin = (milliseconds: number): void => {
    clearTimeout(deadline);
    deadline = setTimeout(kill, milliseconds);
  };

  job.onMessage((raw) => {
    const message = messageFromJobSchema.safeParse(raw).data;
    if (message === undefined) return;
    silentBeats = 0;
    if (message.type === 'event') onEvent(message.event);
    if (message.type === 'ended') ({ outcome, error } = message);
  });
  const ended = new Promise<TrainingEnd>((resolve) => {
    job.onExit((exit) => {
      clearInterval(watch);
      clearTimeout(deadline);
      resolve({ outcome, error, exit, unresponsive });
    });
  });
  send({ type: 'start', specification });
  return {
    pid: job.pid,
    ended,
    pause() {
      send({ type: 'pause' });
      endWithin(patience.pause);
    },
    cancel() {
      send({ type: 'cancel' });
      endWithin(patience.cancel);
    },
  };
}
