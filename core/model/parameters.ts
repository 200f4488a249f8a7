import type { ParameterSpec } from '../engine/types.ts';
import type { EncoderConfig } from './config.ts';

/**
 * Canonical parameter names, one set for all three architectures: BERT's Hugging Face names without
 * the `bert.` prefix for the encoder, and `head.` for the masked-language-model head (transform
 * dense, its LayerNorm, decoder bias and, when not tied, decoder weight). checkpoints map the
 * published names of each architecture to these and back.
 */
export function encoderParameters(config: EncoderConfig): ParameterSpec[] {
  const { hiddenSize: hidden, intermediateSize: intermediate } = config;
  const specs: ParameterSpec[] = [];
  const embedding = (name: string, rows: number): void => {
    const shape = [rows, hidden];
    specs.push({ name, shape, kind: 'embedding', decay: true, depth: 0 });
  };
  embedding('embeddings.word_embeddings.weight', config.vocabSize);
  embedding('embeddings.position_embeddings.weight', config.maxPositionEmbeddings);
  if (config.typeVocabSize > 0) {
    embedding('embeddings.token_type_embeddings.weight', config.typeVocabSize);
  }
  specs.push(...layerNorm('embeddings.LayerNorm', hidden, 0));
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    const prefix = `encoder.layer.${layer}`;
    const depth = layer + 1;
    for (const part of ['query', 'key', 'value']) {
      specs.push(...dense(`${prefix}.attention.self.${part}`, hidden, hidden, depth));
    }
    specs.push(...dense(`${prefix}.attention.output.dense`, hidden, hidden, depth));
    specs.push(...layerNorm(`${prefix}.attention.output.LayerNorm`, hidden, depth));
    specs.push(...dense(`${prefix}.intermediate.dense`, intermediate, hidden, depth));
    specs.push(...dense(`${prefix}.output.dense`, hidden, intermediate, depth));
    specs.push(...layerNorm(`${prefix}.output.LayerNorm`, hidden, depth));
  }
  return specs;
}

/** Parameters of the masked-language-model head; the decoder weight only when it is not tied. */
export function mlmHeadParameters(config: EncoderConfig): ParameterSpec[] {
  const { hiddenSize: hidden, vocabSize } = config;
  const depth = config.numHiddenLayers + 1;
  const specs = [
    ...dense('head.dense', hidden, hidden, depth),
    ...layerNorm('head.LayerNorm', hidden, depth),
    { name: 'head.decoder.bias', shape: [vocabSize], kind: 'bias', decay: false, depth },
  ] as ParameterSpec[];
  if (!config.tieWordEmbeddings) {
    const shape = [vocabSize, hidden];
    specs.push({ name: 'head.decoder.weight', shape, kind: 'matrix', decay: true, depth });
  }
  return specs;
}

/** Every trainable tensor of the masked language model, in a fixed order. */
export function mlmParameters(config: EncoderConfig): ParameterSpec[] {
  return [...encoderParameters(config), ...mlmHeadParameters(config)];
}

export function parameterCount(specs: readonly ParameterSpec[]): number {
  return specs.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

function dense(name: string, out: number, input: number, depth: number): ParameterSpec[] {
  return [
    { name: `${name}.weight`, shape: [out, input], kind: 'matrix', decay: true, depth },
    { name: `${name}.bias`, shape: [out], kind: 'bias', decay: false, depth },
  ];
}

function layerNorm(name: string, size: number, depth: number): ParameterSpec[] {
  return [
    { name: `${name}.weight`, shape: [size], kind: 'layerNorm', decay: false, depth },
    { name: `${name}.bias`, shape: [size], kind: 'layerNorm', decay: false, depth },
  ];
}
