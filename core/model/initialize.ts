/** Random weights by the conventions of Hugging Face's `_init_weights`. */
import { RandomStream } from '../base/random.ts';
import type { ParameterSpec } from '../engine/types.ts';
import type { EncoderConfig } from './config.ts';
import { mlmParameters } from './parameters.ts';
import { elementCount } from './tensors.ts';

/**
 * A value for every parameter of the masked language model: matrices and embeddings from
 * N(0, initializer_range²), biases 0, LayerNorm 1 and 0, the padding rows of embeddings 0. The
 * result depends on the seed and the configuration only.
 *
 * @param sinusoidalPositions fixed sine and cosine tables instead of random positions (Vaswani et
 *   al. 2017, section 3.5), for DistilBERT configurations that ask for them.
 */
export function initialWeights(
  config: EncoderConfig,
  seed: number,
  sinusoidalPositions = false,
): Map<string, Float32Array> {
  const weights = new Map<string, Float32Array>();
  for (const [index, spec] of mlmParameters(config).entries()) {
    weights.set(spec.name, initialValues(spec, index, config, seed));
  }
  if (sinusoidalPositions) {
    const { maxPositionEmbeddings, hiddenSize } = config;
    const table = sinusoids(maxPositionEmbeddings, hiddenSize);
    weights.set('embeddings.position_embeddings.weight', table);
  }
  return weights;
}

/** Only the head's parameters, equal to those that initialWeights gives for the same seed. */
export function initialHeadWeights(config: EncoderConfig, seed: number): Map<string, Float32Array> {
  const weights = new Map<string, Float32Array>();
  for (const [index, spec] of mlmParameters(config).entries()) {
    if (spec.name.startsWith('head.')) {
      weights.set(spec.name, initialValues(spec, index, config, seed));
    }
  }
  return weights;
}

function initialValues(
  { name, shape, kind }: ParameterSpec,
  index: number,
  config: EncoderConfig,
  seed: number,
): Float32Array {
  const values = new Float32Array(elementCount(shape));
  if (kind === 'layerNorm') return name.endsWith('.weight') ? values.fill(1) : values;
  if (kind === 'bias') return values;
  const random = new RandomStream(seed, 'initialWeights', index);
  for (let i = 0; i < values.length; i++) values[i] = config.initializerRange * random.nextNormal();
  if (hasPaddingRow(name, config)) {
    const start = config.padTokenId * config.hiddenSize;
    values.fill(0, start, start + config.hiddenSize);
  }
  return values;
}

/** RoBERTa's position table has a padding row too: its positions begin after it. */
function hasPaddingRow(name: string, config: EncoderConfig): boolean {
  return (
    name === 'embeddings.word_embeddings.weight' ||
    (name === 'embeddings.position_embeddings.weight' && config.modelType === 'roberta')
  );
}

/** (positions, hidden): sin(p / 10000^(2i/hidden)) in even columns 2i, the cosine in odd ones. */
function sinusoids(positions: number, hidden: number): Float32Array {
  const table = new Float32Array(positions * hidden);
  for (let position = 0; position < positions; position++) {
    for (let column = 0; column < hidden; column++) {
      const angle = position / 10000 ** ((2 * Math.floor(column / 2)) / hidden);
      table[position * hidden + column] = column % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    }
  }
  return table;
}
