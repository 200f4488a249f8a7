/**
 * What the equations of a run mean exactly, in words. Published code differs in these points (a ½ or
 * none, LayerNorm in or out, squared gradients of sequences or of batches), so a number of one
 * convention cannot be compared with one of another without saying which.
 */
import { objectiveOf } from '../strategies/parts.ts';
import type { Objective } from '../strategies/types.ts';
import type { RunSpecification, TrainingSettings } from './configuration.ts';
import { isTrained } from './objective.ts';
import { sourceShare } from './rehearsalSettings.ts';
import type { RehearsalSettings } from './rehearsalSettings.ts';

type Conventions = Record<string, string>;

/** By topic; only topics that matter to the run. */
export function conventionsOf(specification: RunSpecification): Conventions {
  const { strategy, parts, interpolation } = specification;
  const objective = objectiveOf(strategy, parts);
  const evaluation = 'frozen masks: every frozen position is the mask token; dropout off';
  if (interpolation !== undefined) {
    return {
      objective: 'none: weights on the line between the base model and a finished run',
      weights: `(1 − α) θ* + α θ with α ${interpolation.alpha}; θ* are the weights of the base model, θ those of run ${interpolation.run} at its end, step ${interpolation.step}; computed in double precision and rounded to single once`,
      trained_objective: isTrained(objective) ? equationOf(objective) : 'none',
      evaluation,
    };
  }
  if (!isTrained(objective)) return { objective: 'none: the base model as it is', evaluation };
  return {
    objective: equationOf(objective),
    loss: 'a term is the sum of −log p over the masked tokens of an optimizer step divided by their number, nats; dropout on',
    ...textConventions(specification, objective),
    ...penaltyConventions(specification, objective),
    ...neighbourConventions(objective),
    ...guardConventions(specification),
    order:
      'gradients of all terms are accumulated, then projected, then penalties are added, then the whole is clipped by its global norm, then AdamW steps',
    optimizer:
      'AdamW; weight decay is decoupled and applies to matrices and embeddings, not to biases and LayerNorm',
    evaluation,
  };
}

function equationOf({ terms, penalties, projection, distillation }: Objective): string {
  const parts = terms.map(({ stream, weight }) => {
    const loss = stream === 'target' ? 'ℓ_t' : 'ℓ_s';
    return weight === 1 ? loss : `${weight} ${loss}`;
  });
  for (const { strength, importance } of penalties) {
    parts.push(`(${strength}/2) Σ ${importance === 'fisher' ? 'F ' : ''}(θ − θ*)²`);
  }
  if (distillation !== null) {
    const { weight, temperature } = distillation;
    parts.push(`${weight} · ${temperature}² KL(p_θ* ‖ p_θ)`);
  }
  const equation = `minimise ${parts.join(' + ')}`;
  return projection === null ? equation : `${equation}, the gradient not opposing that of ℓ_s`;
}

function textConventions(
  { settings, rehearsal }: RunSpecification,
  objective: Objective,
): Conventions {
  const { mlm_probability: share, whole_word_mask: words, packing } = settings;
  return {
    packing:
      packing === 'document'
        ? 'document: windows never cross documents, long documents are cut into chunks, every window has its own special tokens'
        : 'concatenate: documents in one stream with a separator between, cut into windows that each have their own special tokens',
    masking: `${share} of the ${words ? 'tokens, whole words at a time' : 'tokens, each independently'}; of the chosen 80 % become the mask token, 10 % a random one, 10 % stay`,
    ...(objective.sourceRatio === null || rehearsal === undefined
      ? {}
      : { rehearsal: rehearsalConvention(objective.sourceRatio, settings, rehearsal.buffer) }),
  };
}

function rehearsalConvention(
  asked: number,
  { per_device_train_batch_size: batchSize }: TrainingSettings,
  buffer: RehearsalSettings,
): string {
  const { source, target, ratio } = sourceShare(asked, batchSize);
  const rounded = ratio === asked ? '' : `, the nearest to the ratio ${asked} that was asked for`;
  const policy = buffer.policy === 'uniform' ? 'uniformly' : 'by document';
  return `${Number(ratio.toPrecision(3))} source sequences for each target sequence: ${source} with the ${target} of a micro-batch${rounded}; from a buffer of at most ${buffer.size} drawn ${policy} with the seed of the run; every sequence once before any twice; packed and masked as the target`;
}

function penaltyConventions({ fisher }: RunSpecification, { penalties }: Objective): Conventions {
  if (penalties.length === 0) return {};
  const conventions: Conventions = {
    penalty: '(λ/2) Σ importance (θ − θ*)², the ½ included; θ* are the weights of the base model',
    penalty_gradient:
      "λ importance (θ − θ*) in closed form, added to the gradient of the losses before clipping, so that it goes through Adam's moments (coupled)",
  };
  for (const { name, layerNorm } of penalties) {
    conventions[`${name}_layer_norm`] = layerNorm
      ? 'LayerNorm weights and biases are penalised'
      : 'LayerNorm weights and biases are not penalised';
  }
  if (penalties.some(({ importance }) => importance === 'fisher') && fisher !== undefined) {
    const { variant, sequences, batch_size: batchSize } = fisher.settings;
    const unit =
      variant === 'per_sequence'
        ? "the mean over sequences of the squared gradient of a sequence's mean masked-token loss"
        : `the mean over batches of ${batchSize} sequences of the squared gradient of the batch's mean masked-token loss`;
    conventions['fisher'] =
      `empirical diagonal: ${unit}; labels are the true tokens, dropout off, at most ${sequences} source sequences`;
  }
  return conventions;
}

function neighbourConventions(objective: Objective): Conventions {
  return {
    ...(objective.projection === null
      ? {}
      : {
          projection:
            'GEM with one memory: g becomes g − (g · m / m · m) m where g · m < 0, m being the gradient of a source batch at the same weights; once an optimizer step, before clipping',
        }),
    ...(objective.distillation === null
      ? {}
      : {
          distillation: `temperature² KL(base ‖ θ) with temperature ${objective.distillation.temperature}, mean over the masked positions of the target batches; the base model reads the same masked batch with dropout off`,
        }),
    ...(objective.layerDecay === 1
      ? {}
      : {
          layer_rates: `the learning rate of a layer is ${objective.layerDecay} of that of the layer above it; the embeddings count as the layer below the first, the head has the whole rate`,
        }),
  };
}

function guardConventions({ settings }: RunSpecification): Conventions {
  const { forgetting_guard: guard, eval_steps: evalSteps } = settings;
  if (guard === undefined) return {};
  const end =
    guard.action === 'stop'
      ? 'training ends with the weights of that step'
      : 'training ends with the weights of the step with the least target loss on the validation sets among those within the bound, the base model included; a run that diverges counts as beyond every bound';
  return {
    forgetting_guard: `every ${evalSteps} steps and after the last: when the source loss on the validation sets, Σ loss / Σ tokens, exceeds the base model's by more than ${guard.max_forgetting} nats a masked token, ${end}`,
  };
}
