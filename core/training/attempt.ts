/** How every attempt at a run begins, whether it trains or not. */
import { isDeepStrictEqual } from 'node:util';
import type { RunSpecification } from './configuration.ts';
import type { RunEvent } from './events.ts';
import type { RunOutcome } from './jobProtocol.ts';
import type { TrainingResources } from './resources.ts';
import type { RunCheckpoints } from './runCheckpoints.ts';
import { machineOf, writeRunFile } from './runFile.ts';
import type { Machine } from './runFile.ts';
import type { RunHistory } from './runHistory.ts';
import type { Counters } from './trainingState.ts';

/** Why a run is asked to stop before its end. */
export type Interruption = 'pause' | 'cancel' | 'interrupt';

export const OUTCOMES: Readonly<Record<Interruption, RunOutcome>> = {
  pause: 'paused',
  cancel: 'cancelled',
  interrupt: 'interrupted',
};

export interface TrainingControl {
  /** Asked between micro-batches, of steps and of evaluations alike; the answer stays once it is given. */
  interruption(): Interruption | undefined;
  /** Each event is already in the run's log. */
  publish(event: RunEvent): void;
  /** Optimizer steps done. */
  progress(step: number): void;
}

export interface Attempt {
  readonly specification: RunSpecification;
  readonly resources: TrainingResources;
  readonly history: RunHistory;
  readonly checkpoints: RunCheckpoints;
  readonly machine: Machine;
  readonly totalSteps: number;
}

export function machineFor({ session, threads, versions }: TrainingResources): Machine {
  return { engine: session.engine, device: session.description, threads, versions };
}

/**
 * Puts the session into the state of the last checkpoint and tells of it; undefined when the run
 * begins anew.
 */
export async function beginAttempt(
  { specification, resources, history, checkpoints, machine, totalSteps }: Attempt,
  control: TrainingControl,
): Promise<Counters | undefined> {
  const first = await writeRunFile(specification, machine);
  const { counters, losses } = await checkpoints.restore();
  const step = counters?.step ?? 0;
  const log = (level: 'info' | 'warning', message: string): void =>
    history.add({ type: 'log', step, level, message });
  control.progress(step);
  history.add({
    type: 'started',
    step,
    resumedFrom: counters?.step ?? null,
    totalSteps,
    ...machine,
  });
  if (counters === undefined) for (const message of resources.notices) log('info', message);
  else if (!isDeepStrictEqual(machine, machineOf(first))) {
    log(
      'warning',
      'This attempt has another engine, device, thread count or version than the first; its results may differ in the last digits from a run that was not interrupted.',
    );
  }
  for (const message of losses) log('warning', message);
  await checkpoints.tellOfUntold();
  return counters;
}
