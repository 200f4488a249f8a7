/**
 * Published tensor names of each architecture ↔ canonical parameter names (parameters.ts). Reading
 * accepts what transformers ever wrote; writing uses what it writes today.
 */
import type { EncoderConfig } from './config.ts';

type ModelType = EncoderConfig['modelType'];

/** Bias of the decoder: a parameter of the head itself, or of the decoder layer (an alias when tied). */
export interface DecoderBiasNames {
  readonly head: string;
  readonly layer: string;
}

interface HeadNames {
  readonly dense: string;
  readonly layerNorm: string;
  readonly decoder: string;
  readonly bias: DecoderBiasNames;
}

const HEADS: Readonly<Record<ModelType, HeadNames>> = {
  bert: {
    dense: 'cls.predictions.transform.dense',
    layerNorm: 'cls.predictions.transform.LayerNorm',
    decoder: 'cls.predictions.decoder.weight',
    bias: { head: 'cls.predictions.bias', layer: 'cls.predictions.decoder.bias' },
  },
  roberta: {
    dense: 'lm_head.dense',
    layerNorm: 'lm_head.layer_norm',
    decoder: 'lm_head.decoder.weight',
    bias: { head: 'lm_head.bias', layer: 'lm_head.decoder.bias' },
  },
  distilbert: {
    dense: 'vocab_transform',
    layerNorm: 'vocab_layer_norm',
    decoder: 'vocab_projector.weight',
    bias: { head: 'vocab_projector.bias', layer: 'vocab_projector.bias' },
  },
};

/** Parts of a DistilBERT layer and their names in BERT. */
const DISTILBERT_PARTS: readonly (readonly [published: string, canonical: string])[] = [
  ['attention.q_lin', 'attention.self.query'],
  ['attention.k_lin', 'attention.self.key'],
  ['attention.v_lin', 'attention.self.value'],
  ['attention.out_lin', 'attention.output.dense'],
  ['sa_layer_norm', 'attention.output.LayerNorm'],
  ['ffn.lin1', 'intermediate.dense'],
  ['ffn.lin2', 'output.dense'],
  ['output_layer_norm', 'output.LayerNorm'],
];

/** The name that transformers gives a canonical parameter today, in its class for masked language models. */
export function publishedName(modelType: ModelType, canonical: string): string {
  const head = HEADS[modelType];
  if (canonical === 'head.decoder.weight') return head.decoder;
  if (canonical === 'head.decoder.bias') return head.bias.head;
  const [, layer, kind] = /^(.*)\.(weight|bias)$/.exec(canonical) ?? [];
  if (layer === 'head.dense') return `${head.dense}.${kind}`;
  if (layer === 'head.LayerNorm') return `${head.layerNorm}.${kind}`;
  if (modelType !== 'distilbert') return `${modelType}.${canonical}`;
  const [, index, part] = /^encoder\.layer\.(\d+)\.(.*)$/.exec(layer) ?? [];
  if (index === undefined) return `distilbert.${canonical}`;
  const published = DISTILBERT_PARTS.find(([, name]) => name === part)?.[0];
  if (published === undefined) throw new Error(`DistilBERT has no ${canonical}`);
  return `distilbert.transformer.layer.${index}.${published}.${kind}`;
}

/**
 * The present-day name of a tensor: LayerNorm's `gamma` and `beta` become `weight` and `bias`, and
 * what belongs to the encoder gets its prefix.
 */
export function modernName(modelType: ModelType, name: string): string {
  const renamed = name.replace(
    /(^|\.|_)(LayerNorm|layer_norm)\.(gamma|beta)$/,
    (_, before: string, layer: string, kind: string) =>
      `${before}${layer}.${kind === 'gamma' ? 'weight' : 'bias'}`,
  );
  return belongsToEncoder(renamed) ? `${modelType}.${renamed}` : renamed;
}

/** True for a name of the bare encoder, as `BertModel.save_pretrained` writes it without prefix. */
function belongsToEncoder(name: string): boolean {
  return /^(embeddings|encoder|transformer|pooler)\./.test(name);
}

export function decoderBiasNames(modelType: ModelType): DecoderBiasNames {
  return HEADS[modelType].bias;
}
