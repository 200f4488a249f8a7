import type { MlmBatch, Session } from '../engine/types.ts';
import type { PreparedFrozenMasks } from '../evaluation/scoring.ts';
import type { StreamKind } from '../strategies/types.ts';
import type { RunSpecification } from './configuration.ts';

/** The micro-batches of one domain, a pure function of the run's seed and the step. */
export interface BatchStream {
  readonly stepsPerEpoch: number;
  /** Micro-batches of optimizer step `step` (0 is the first), masked. */
  batchesAt(step: number): readonly MlmBatch[];
}

export interface PreparedEvaluation {
  readonly name: string;
  readonly role: 'source' | 'target';
  readonly split: 'validation' | 'test';
  readonly setHash: string;
  readonly masks: PreparedFrozenMasks;
}

/** What a run works with, opened from its specification. */
export interface TrainingResources {
  /** Holds the base model's weights and a fresh optimizer. */
  readonly session: Session;
  readonly threads: number;
  readonly versions: Readonly<Record<string, string>>;
  /** What a person should know about the model or data; goes into the run's log. */
  readonly notices: readonly string[];
  readonly streams: Readonly<Partial<Record<StreamKind, BatchStream>>>;
  readonly evaluations: readonly PreparedEvaluation[];
  close(): Promise<void>;
}

export type OpenResources = (
  specification: RunSpecification,
  /** Streams that the strategy takes batches from. */
  streams: readonly StreamKind[],
) => Promise<TrainingResources>;
