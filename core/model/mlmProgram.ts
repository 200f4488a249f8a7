/** The masked language model as programs: training loss, losses at scored positions, and logits. */
import { tf } from '../engine/ops.ts';
import type { Scalar } from '../engine/ops.ts';
import type { Program, TensorSpec, Varying } from '../engine/program.ts';
import type { EncoderConfig } from './config.ts';
import { encode, encoderInputs, encoderLookups } from './encoder.ts';
import type { EncoderShape } from './encoder.ts';
import {
  decoderWeight,
  distilledTokenLosses,
  labelInputs,
  labelLookups,
  maskedTokenLogits,
  maskedTokenLosses,
  scoredInputs,
  teacherInputs,
  transformScored,
} from './heads.ts';
import { mlmParameters } from './parameters.ts';

export interface MlmShape extends EncoderShape {
  /** Slots for scored positions, padding included. */
  readonly scored: number;
}

/** Output `losses` (scored) and the loss Σ positionWeights · losses. */
export function lossProgram(config: EncoderConfig, shape: MlmShape): Program {
  const head = { rows: shape.batch * shape.sequence, scored: shape.scored };
  return {
    key: `loss ${keyOf(config, shape)}`,
    varying: scoredDimension(shape, (resized) => lossProgram(config, resized)),
    inputs: [...encoderInputs(config, shape), ...scoredInputs(head), ...labelInputs(head)],
    parameters: wholeParameters(config),
    lookups: [...encoderLookups(config), ...labelLookups(config)],
    compute: (environment) => {
      const hidden = encode(config, shape, environment);
      const transformed = transformScored(config, hidden, environment);
      const losses = maskedTokenLosses(config, transformed, environment);
      const weighted = tf.mul(losses, environment.input('positionWeights'));
      return { loss: tf.sum<Scalar>(weighted), outputs: { losses } };
    },
  };
}

/**
 * Outputs `losses` and `divergences` (scored), the latter temperature² KL(teacher ‖ model), and the
 * loss Σ positionWeights · losses + Σ divergenceWeights · divergences.
 */
export function distillationProgram(
  config: EncoderConfig,
  shape: MlmShape,
  temperature: number,
): Program {
  const { inputs, ...plain } = lossProgram(config, shape);
  const head = { rows: shape.batch * shape.sequence, scored: shape.scored };
  return {
    ...plain,
    key: `distillation ${temperature} ${keyOf(config, shape)}`,
    varying: scoredDimension(shape, (resized) => distillationProgram(config, resized, temperature)),
    inputs: [...inputs, ...teacherInputs(config, head)],
    compute: (environment) => {
      const hidden = encode(config, shape, environment);
      const transformed = transformScored(config, hidden, environment);
      const outputs = distilledTokenLosses(config, transformed, environment, temperature);
      const losses = tf.mul(outputs.losses, environment.input('positionWeights'));
      const divergences = tf.mul(outputs.divergences, environment.input('divergenceWeights'));
      return {
        loss: tf.add(tf.sum<Scalar>(losses), tf.sum<Scalar>(divergences)),
        outputs: { ...outputs },
      };
    },
  };
}

/** Output `logits` (scored, vocabulary). */
export function logitsProgram(config: EncoderConfig, shape: MlmShape): Program {
  const head = { rows: shape.batch * shape.sequence, scored: shape.scored };
  return {
    key: `logits ${keyOf(config, shape)}`,
    varying: scoredDimension(shape, (resized) => logitsProgram(config, resized)),
    inputs: [...encoderInputs(config, shape), ...scoredInputs(head)],
    parameters: wholeParameters(config),
    lookups: encoderLookups(config),
    compute: (environment) => {
      const hidden = encode(config, shape, environment);
      const transformed = transformScored(config, hidden, environment);
      return { outputs: { logits: maskedTokenLogits(config, transformed, environment) } };
    },
  };
}

/** Parameters used whole: all but tables that only serve look-ups. */
function wholeParameters(config: EncoderConfig): TensorSpec[] {
  const decoder = decoderWeight(config).name;
  return mlmParameters(config)
    .filter(({ kind, name }) => kind !== 'embedding' || name === decoder)
    .map(({ name, shape }) => ({ name, shape }));
}

/** The number of scored positions differs from batch to batch. */
function scoredDimension(shape: MlmShape, programOf: (shape: MlmShape) => Program): Varying {
  return {
    size: shape.scored,
    resized: (scored) => programOf({ ...shape, scored }),
  };
}

function keyOf(config: EncoderConfig, { batch, sequence, padded, dropout }: MlmShape): string {
  return JSON.stringify([config, batch, sequence, padded, dropout]);
}
