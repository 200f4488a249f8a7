/**
 * The encoder of BERT (Devlin et al. 2019), RoBERTa (Liu et al. 2019) and DistilBERT (Sanh et al.
 * 2019), placed step for step, dropout included, as Hugging Face transformers does.
 *
 * Rows of every activation run over (sequence, batch), sequence first: row = column × batch + window.
 */
import { attention, tf } from '../engine/ops.ts';
import type { Tensor2D, Tensor4D } from '../engine/ops.ts';
import type { Environment, InputSpec, Lookup } from '../engine/program.ts';
import type { EncoderConfig } from './config.ts';
import { expandAndContract, normalize, project } from './layers.ts';
import type { LayerContext } from './layers.ts';

export interface EncoderShape {
  readonly batch: number;
  readonly sequence: number;
  /** Some token is padding, so attention needs the input `keyBias`. */
  readonly padded: boolean;
  readonly dropout: boolean;
}

/** Sites of a layer's dropouts; part of what places a mask in its random stream. */
const SITE = { embeddings: 0, probabilities: 0, attentionOutput: 1, layerOutput: 2 } as const;

/** Score of a padding key: low enough that its probability is zero, and finite. */
export const PADDING_BIAS = -1e9;

export function encoderInputs(config: EncoderConfig, shape: EncoderShape): InputSpec[] {
  const { batch, sequence, padded, dropout } = shape;
  const rows = batch * sequence;
  const inputs: InputSpec[] = [
    { name: 'inputIds', shape: [rows], type: 'int32' },
    { name: 'positionIds', shape: [rows], type: 'int32' },
  ];
  if (config.typeVocabSize > 0) inputs.push({ name: 'tokenTypeIds', shape: [rows], type: 'int32' });
  if (padded) inputs.push({ name: 'keyBias', shape: [batch, sequence], type: 'float32' });
  if (dropout) inputs.push(...dropoutInputs(config, shape));
  return inputs;
}

function dropoutInputs(config: EncoderConfig, { batch, sequence }: EncoderShape): InputSpec[] {
  const { hiddenDropoutProb, attentionProbsDropoutProb, numAttentionHeads: heads } = config;
  const mask = (
    layer: number,
    site: number,
    name: string,
    probability: number,
    shape: readonly number[],
  ): InputSpec[] =>
    probability === 0
      ? []
      : [{ name, shape, type: 'float32', dropout: { layer, site, probability } }];
  const hidden = [batch * sequence, config.hiddenSize];
  const square = [batch, heads, sequence, sequence];
  const inputs = mask(0, SITE.embeddings, 'dropout.embeddings', hiddenDropoutProb, hidden);
  for (let layer = 1; layer <= config.numHiddenLayers; layer++) {
    const at = `dropout.layer.${layer - 1}`;
    inputs.push(
      ...mask(layer, SITE.probabilities, `${at}.probabilities`, attentionProbsDropoutProb, square),
      // DistilBERT has no dropout after its attention's output projection.
      ...(config.modelType === 'distilbert'
        ? []
        : mask(layer, SITE.attentionOutput, `${at}.attention`, hiddenDropoutProb, hidden)),
      ...mask(layer, SITE.layerOutput, `${at}.output`, hiddenDropoutProb, hidden),
    );
  }
  return inputs;
}

export function encoderLookups(config: EncoderConfig): Lookup[] {
  const lookup = (table: string, rows: number, indices: string): Lookup => ({
    name: table,
    parameter: { name: `embeddings.${table}.weight`, shape: [rows, config.hiddenSize] },
    indices,
  });
  const lookups = [
    lookup('word_embeddings', config.vocabSize, 'inputIds'),
    lookup('position_embeddings', config.maxPositionEmbeddings, 'positionIds'),
  ];
  if (config.typeVocabSize > 0) {
    lookups.push(lookup('token_type_embeddings', config.typeVocabSize, 'tokenTypeIds'));
  }
  return lookups;
}

/** Hidden states of the last layer, (sequence × batch, hidden). */
export function encode(
  config: EncoderConfig,
  shape: EncoderShape,
  environment: Environment,
): Tensor2D {
  const masks = new Set(
    encoderInputs(config, shape).flatMap(({ name, dropout }) => (dropout ? [name] : [])),
  );
  const context: Context = { config, shape, environment, masks };
  let hidden = embed(context);
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    hidden = encoderLayer(context, layer, hidden);
  }
  return hidden;
}

interface Context extends LayerContext {
  readonly shape: EncoderShape;
  readonly masks: ReadonlySet<string>;
}

function embed(context: Context): Tensor2D {
  const { config, environment } = context;
  const words = environment.rows('word_embeddings');
  const positions = environment.rows('position_embeddings');
  const sum = tf.add(words, positions);
  const embedded =
    config.typeVocabSize > 0 ? tf.add(sum, environment.rows('token_type_embeddings')) : sum;
  const normalized = normalize(context, 'embeddings.LayerNorm', embedded as Tensor2D);
  return dropout(context, 'dropout.embeddings', normalized);
}

/** Attention and feed-forward block, each with dropout, residual and layer normalization after. */
function encoderLayer(context: Context, layer: number, hidden: Tensor2D): Tensor2D {
  const name = `encoder.layer.${layer}`;
  const mask = `dropout.layer.${layer}`;
  const attended = selfAttention(context, layer, hidden);
  const projected = project(context, `${name}.attention.output.dense`, attended);
  const middle = normalize(
    context,
    `${name}.attention.output.LayerNorm`,
    tf.add(dropout(context, `${mask}.attention`, projected), hidden),
  );
  const narrow = expandAndContract(context, name, middle);
  return normalize(
    context,
    `${name}.output.LayerNorm`,
    tf.add(dropout(context, `${mask}.output`, narrow), middle),
  );
}

function selfAttention(context: Context, layer: number, hidden: Tensor2D): Tensor2D {
  const { config, shape, environment, masks } = context;
  const { numAttentionHeads: heads, hiddenSize } = config;
  const perHead: [number, number, number, number] = [
    shape.sequence,
    shape.batch,
    heads,
    hiddenSize / heads,
  ];
  const part = (name: string): Tensor4D =>
    project(context, `encoder.layer.${layer}.attention.self.${name}`, hidden).reshape(perHead);
  const maskName = `dropout.layer.${layer}.probabilities`;
  const attended = attention(part('query'), part('key'), part('value'), {
    keyBias: shape.padded ? (environment.input('keyBias') as Tensor2D) : undefined,
    dropoutMask: masks.has(maskName) ? (environment.input(maskName) as Tensor4D) : undefined,
  });
  return attended.reshape([shape.sequence * shape.batch, hiddenSize]);
}

function dropout({ environment, masks }: Context, name: string, x: Tensor2D): Tensor2D {
  return masks.has(name) ? tf.mul(x, environment.input(name)) : x;
}
