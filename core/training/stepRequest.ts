import type { AdamWUpdate, LossTerm, ParameterSpec, StepRequest } from '../engine/types.ts';
import { depthFactors } from '../strategies/lrc.ts';
import type { Objective, StreamKind } from '../strategies/types.ts';
import type { TrainingSettings } from './configuration.ts';
import type { BatchStream } from './resources.ts';

export interface StepMaterial {
  readonly objective: Objective;
  readonly streams: Readonly<Partial<Record<StreamKind, BatchStream>>>;
  readonly settings: TrainingSettings;
  readonly seed: number;
  readonly parameters: readonly ParameterSpec[];
}

/** Under this name the divergence from the base model is among the losses of a step. */
const DISTILLATION = 'distillation';

/**
 * Optimizer step `step` (0 is the first) of an objective. The terms have the names of their streams,
 * and so has a projection's reference. It is a function of the step: nothing is carried over.
 */
export function stepRequest(
  material: StepMaterial,
  step: number,
  learningRate: number,
): StepRequest {
  const { objective, settings, seed } = material;
  const { projection, penalties } = objective;
  const batches = (stream: StreamKind): LossTerm['batches'] => {
    const opened = material.streams[stream];
    if (opened === undefined) throw new Error(`The ${stream} stream is not open.`);
    return opened.batchesAt(step);
  };
  return {
    terms: objective.terms.map(({ stream, weight }) => ({
      name: stream,
      weight,
      batches: batches(stream),
      ...(stream === 'target' && objective.distillation !== null
        ? { distillation: { name: DISTILLATION, ...objective.distillation } }
        : {}),
    })),
    ...(projection === null
      ? {}
      : { projection: { name: projection, weight: 1, batches: batches(projection) } }),
    ...(penalties.length === 0
      ? {}
      : { penalties: penalties.map(({ name, strength }) => ({ name, strength })) }),
    dropout: { seed, step },
    update: adamWUpdate(material, settings, learningRate),
  };
}

/** Tokens that a step reads, padding left out. */
export function tokensOf({ terms, projection }: StepRequest): number {
  const all = projection === undefined ? terms : [...terms, projection];
  let tokens = 0;
  for (const { batches } of all) {
    for (const { attentionMask } of batches) for (const is of attentionMask) tokens += is;
  }
  return tokens;
}

function adamWUpdate(
  { objective, parameters }: StepMaterial,
  settings: TrainingSettings,
  learningRate: number,
): AdamWUpdate {
  // Depth 0 are the embeddings, the last is the head.
  const layers = parameters.reduce((deepest, { depth }) => Math.max(deepest, depth), 0) - 1;
  const factors = depthFactors(objective.layerDecay, layers);
  return {
    learningRate,
    beta1: settings.adam_beta1,
    beta2: settings.adam_beta2,
    epsilon: settings.adam_epsilon,
    weightDecay: settings.weight_decay,
    maxGradNorm: settings.max_grad_norm === 0 ? null : settings.max_grad_norm,
    ...(factors === undefined ? {} : { depthFactors: factors }),
  };
}
