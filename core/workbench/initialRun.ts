/** A run at the beginning of its life, as the history records it. */
import type { NewRunRecord } from '../store/runs.ts';
import type { RunSpecification } from '../training/configuration.ts';
import { relativeToHome } from './home.ts';
import type { Home } from './home.ts';
import { storeSpecification } from './storedSpecification.ts';

/** What the specification does not say of a run. */
export type RunIdentity = Pick<
  NewRunRecord,
  'projectId' | 'name' | 'purpose' | 'state' | 'configurationHash' | 'createdAt'
>;

/** Nothing is known yet of its steps; its place in the queue is given when it is stored. */
export function initialRun(
  home: Home,
  specification: RunSpecification,
  identity: RunIdentity,
): NewRunRecord {
  return {
    ...identity,
    id: specification.runId,
    strategy: specification.strategy,
    seed: specification.seed,
    folder: relativeToHome(home, specification.runFolder),
    configuration: storeSpecification(home, specification),
    modelHash: specification.modelHash,
    tokenizerHash: specification.tokenizerHash,
    step: 0,
    totalSteps: null,
    engine: null,
    device: null,
    threads: null,
    versions: null,
    error: null,
    startedAt: null,
    endedAt: null,
    queuePosition: null,
    continueOnStart: false,
    jobPid: null,
    lastAttempt: 0,
    lastSequence: -1,
    settledAttempt: 0,
  };
}
