import type { MlmBatch, Session, Weights } from '../engine/types.ts';
import type { PreparedFrozenMasks } from '../evaluation/scoring.ts';
import type { FisherHealth, FisherSettings } from '../strategies/fisherSettings.ts';
import type { Objective, StreamKind } from '../strategies/types.ts';
import type { RunSpecification } from './configuration.ts';
import type { BufferComposition } from './rehearsalSettings.ts';

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
  /** Holds the base model's weights, a fresh optimizer, and the anchor and importances of the objective. */
  readonly session: Session;
  /** Reads the base model's weights once more. */
  readBase(): Promise<Weights>;
  readonly threads: number;
  readonly versions: Readonly<Record<string, string>>;
  /** What a person should know about the model or data; goes into the run's log. */
  readonly notices: readonly string[];
  readonly streams: Readonly<Partial<Record<StreamKind, BatchStream>>>;
  /** The buffer that the source stream draws from, over a run of so many optimizer steps. */
  readonly rehearsal?: (steps: number) => BufferComposition;
  /** The Fisher diagonal that a penalty weighs by. */
  readonly fisher?: {
    readonly id: string;
    readonly settings: FisherSettings;
    readonly health: FisherHealth;
  };
  readonly evaluations: readonly PreparedEvaluation[];
  close(): Promise<void>;
}

export type OpenResources = (
  specification: RunSpecification,
  objective: Objective,
) => Promise<TrainingResources>;
