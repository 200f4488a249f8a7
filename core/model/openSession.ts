import { availableParallelism } from 'node:os';
import { createHostKernels } from '../engine/kernels/createHostKernels.ts';
import { openExecutor } from '../engine/openExecutor.ts';
import { TrainingSession } from '../engine/trainingSession.ts';
import type { Session, SessionOptions, Weights } from '../engine/types.ts';
import type { EncoderConfig } from './config.ts';
import { createMlmTask } from './mlmTask.ts';

export interface OpenMlmSessionOptions {
  readonly config: EncoderConfig;
  /** By canonical name; copied. */
  readonly weights: Weights;
  readonly session: SessionOptions;
  /** Replaces both dropout probabilities of the configuration. */
  readonly dropout?: number | undefined;
}

/**
 * Opens a masked language model for training and evaluation on the engine asked for. Throws a
 * UserError when that engine is not available here.
 */
export async function openMlmSession(options: OpenMlmSessionOptions): Promise<Session> {
  const { weights, session, dropout } = options;
  const config: EncoderConfig =
    dropout === undefined
      ? options.config
      : { ...options.config, hiddenDropoutProb: dropout, attentionProbsDropoutProb: dropout };
  const kernels = createHostKernels({ threads: session.threads ?? availableParallelism() });
  const executor = await openExecutor(session, (length) => kernels.allocate(length));
  return new TrainingSession({ task: createMlmTask(config), executor, kernels, weights });
}
