/** Heads on top of the encoder's hidden states. */
import { crossEntropy, distilledCrossEntropy, takeRows, tf } from '../engine/ops.ts';
import type { DistilledLosses, Tensor1D, Tensor2D } from '../engine/ops.ts';
import type { Environment, InputSpec, Lookup } from '../engine/program.ts';
import type { TensorSpec } from '../engine/program.ts';
import { TEACHER_LOGITS } from '../engine/gradientAccumulator.ts';
import type { EncoderConfig } from './config.ts';
import { activate, normalize, project } from './layers.ts';

/** Shape of the scored positions: `scored` slots, the last of them possibly padding. */
export interface ScoredShape {
  /** Rows of the encoder's result. */
  readonly rows: number;
  readonly scored: number;
}

/** `positions` holds rows of the hidden states, `slots` for each row its place in `positions`. */
export function scoredInputs({ rows, scored }: ScoredShape): InputSpec[] {
  return [
    { name: 'positions', shape: [scored], type: 'int32' },
    { name: 'slots', shape: [rows], type: 'int32' },
  ];
}

/** Inputs of the loss: the true tokens and the weight of each position in the mean (0 = padding). */
export function labelInputs({ scored }: ScoredShape): InputSpec[] {
  return [
    { name: 'labels', shape: [scored], type: 'int32' },
    { name: 'positionWeights', shape: [scored], type: 'float32' },
  ];
}

/** Inputs of the divergence: the teacher's logits and the weight of each position (0 = padding). */
export function teacherInputs(config: EncoderConfig, { scored }: ScoredShape): InputSpec[] {
  return [
    { name: TEACHER_LOGITS, shape: [scored, config.vocabSize], type: 'float32' },
    { name: 'divergenceWeights', shape: [scored], type: 'float32' },
  ];
}

export function decoderWeight(config: EncoderConfig): TensorSpec {
  const name = config.tieWordEmbeddings
    ? 'embeddings.word_embeddings.weight'
    : 'head.decoder.weight';
  return { name, shape: [config.vocabSize, config.hiddenSize] };
}

function decoderBias(config: EncoderConfig): TensorSpec {
  return { name: 'head.decoder.bias', shape: [config.vocabSize] };
}

/** Decoder rows at the labels; see crossEntropy. */
export function labelLookups(config: EncoderConfig): Lookup[] {
  return [
    { name: 'label_weights', parameter: decoderWeight(config), indices: 'labels' },
    { name: 'label_biases', parameter: decoderBias(config), indices: 'labels' },
  ];
}

/**
 * The masked-language-model head up to its decoder, at the scored positions only: (rows, hidden) →
 * (scored, hidden). RoBERTa's uses the exact GELU whatever the encoder's activation is.
 */
export function transformScored(
  config: EncoderConfig,
  hidden: Tensor2D,
  environment: Environment,
): Tensor2D {
  const context = { config, environment };
  const positions = environment.input('positions') as Tensor1D;
  const taken = takeRows(hidden, positions, environment.input('slots') as Tensor1D);
  const projected = project(context, 'head.dense', taken);
  const activation = config.modelType === 'roberta' ? 'gelu' : config.hiddenAct;
  return normalize(context, 'head.LayerNorm', activate(activation, projected));
}

/** −log p(label) at every scored position (scored), nats. */
export function maskedTokenLosses(
  config: EncoderConfig,
  transformed: Tensor2D,
  environment: Environment,
): Tensor1D {
  return crossEntropy(
    transformed,
    environment.parameter(decoderWeight(config).name) as Tensor2D,
    environment.parameter(decoderBias(config).name) as Tensor1D,
    environment.rows('label_weights') as Tensor2D,
    environment.rows('label_biases') as Tensor1D,
  );
}

/** The losses of maskedTokenLosses, and the divergence from the teacher; see distilledCrossEntropy. */
export function distilledTokenLosses(
  config: EncoderConfig,
  transformed: Tensor2D,
  environment: Environment,
  temperature: number,
): DistilledLosses {
  return distilledCrossEntropy(
    {
      hidden: transformed,
      weight: environment.parameter(decoderWeight(config).name) as Tensor2D,
      bias: environment.parameter(decoderBias(config).name) as Tensor1D,
      labelWeight: environment.rows('label_weights') as Tensor2D,
      labelBias: environment.rows('label_biases') as Tensor1D,
    },
    { logits: environment.input(TEACHER_LOGITS) as Tensor2D, temperature },
  );
}

/** Logits at every scored position (scored, vocabulary). */
export function maskedTokenLogits(
  config: EncoderConfig,
  transformed: Tensor2D,
  environment: Environment,
): Tensor2D {
  const weight = environment.parameter(decoderWeight(config).name) as Tensor2D;
  const products = tf.matMul(transformed, weight, false, true);
  return tf.add(products, environment.parameter(decoderBias(config).name));
}
