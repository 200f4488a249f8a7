/** Reads `config.json`: the keys that decide what is computed, each checked, all others kept as they are. */
import { z } from 'zod';
import { UserError } from '../base/errors.ts';
import type { EncoderConfig } from './config.ts';
import { readText } from './fileAccess.ts';

/** The whole of a config.json, written back on export. */
export type RawConfig = Readonly<Record<string, unknown>>;

export interface ParsedConfig {
  readonly config: EncoderConfig;
  readonly raw: RawConfig;
  /** Fixed sine and cosine position tables at initialisation (DistilBERT's `sinusoidal_pos_embds`). */
  readonly sinusoidalPositions: boolean;
  readonly notices: readonly string[];
}

const SUPPORTED = 'bert, roberta, distilbert';
const ACTIVATIONS = ['gelu', 'gelu_new', 'relu'] as const;

const size = z
  .int()
  .positive()
  .max(2 ** 31 - 1);
const probability = z.number().min(0).lt(1);
const activation = z.enum(ACTIVATIONS);
const common = {
  vocab_size: size,
  max_position_embeddings: size.default(512),
  initializer_range: z.number().nonnegative().default(0.02),
  tie_word_embeddings: z.boolean().default(true),
};
/** Defaults are those of transformers' configuration classes. */
const bertSchema = z.object({
  ...common,
  hidden_size: size.default(768),
  num_hidden_layers: size.max(1000).default(12),
  num_attention_heads: size.default(12),
  intermediate_size: size.default(3072),
  hidden_act: activation.default('gelu'),
  hidden_dropout_prob: probability.default(0.1),
  attention_probs_dropout_prob: probability.default(0.1),
  type_vocab_size: size.default(2),
  layer_norm_eps: z.number().positive().default(1e-12),
  pad_token_id: z.int().nonnegative().nullish(),
});
const distilbertSchema = z.object({
  ...common,
  dim: size.default(768),
  n_layers: size.max(1000).default(6),
  n_heads: size.default(12),
  hidden_dim: size.default(3072),
  activation: activation.default('gelu'),
  dropout: probability.default(0.1),
  attention_dropout: probability.default(0.1),
  sinusoidal_pos_embds: z.boolean().default(false),
  pad_token_id: z.int().nonnegative().nullish(),
});

/** Settings that change the computation and that only have one supported value. */
const FIXED: readonly { key: string; allowed: readonly unknown[]; what: string }[] = [
  {
    key: 'position_embedding_type',
    allowed: [undefined, null, 'absolute'],
    what: 'relative position embeddings',
  },
  { key: 'is_decoder', allowed: [undefined, null, false], what: 'decoders' },
  { key: 'add_cross_attention', allowed: [undefined, null, false], what: 'cross-attention' },
  { key: 'is_encoder_decoder', allowed: [undefined, null, false], what: 'encoder-decoder models' },
  { key: 'quantization_config', allowed: [undefined, null], what: 'quantized weights' },
  { key: 'auto_map', allowed: [undefined, null], what: 'models that bring their own code' },
];

export async function readConfig(file: string): Promise<ParsedConfig> {
  return parseConfig(await readText(file), file);
}

/** Parses the text of a config.json. Throws a UserError that names `file` and the key. */
export function parseConfig(text: string, file: string): ParsedConfig {
  const raw = parseObject(text, file);
  const notices: string[] = [];
  const modelType = findModelType(raw, file, notices);
  for (const { key, allowed, what } of FIXED) {
    if (!allowed.includes(raw[key])) {
      throw unsupported(file, `"${key}" is ${JSON.stringify(raw[key])}: ${what} are not supported`);
    }
  }
  const parsed =
    modelType === 'distilbert' ? parseDistilbert(raw, file) : parseBert(raw, modelType, file);
  checkConsistency(parsed.config, raw, file);
  return { ...parsed, raw: { ...raw, model_type: modelType }, notices };
}

function parseObject(text: string, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError(
      'model/config',
      `${file} is not JSON.`,
      'Fetch the file again; it must be the config.json of a Hugging Face model.',
    );
  }
  const result = z.record(z.string(), z.unknown()).safeParse(value);
  if (!result.success) throw invalid(file, 'it is not a JSON object');
  return result.data;
}

function findModelType(
  raw: RawConfig,
  file: string,
  notices: string[],
): EncoderConfig['modelType'] {
  const given = raw.model_type;
  if (given === undefined || given === null) {
    const named = Array.isArray(raw.architectures) ? String(raw.architectures[0]) : 'Bert';
    const inferred = /^(DistilBert|Roberta|Bert)(?=For|Model|$)/.exec(named)?.[1].toLowerCase();
    if (isSupported(inferred)) {
      notices.push(`config.json names no model_type; it is read as ${inferred}.`);
      return inferred;
    }
    throw new UserError(
      'model/unsupported-architecture',
      `${file} names no model_type, and its architecture ${named} is not supported.`,
      `Supported model types: ${SUPPORTED}.`,
    );
  }
  if (isSupported(given)) return given;
  throw new UserError(
    'model/unsupported-architecture',
    `${file}: the model type ${JSON.stringify(given)} is not supported.`,
    `Supported model types: ${SUPPORTED}.`,
  );
}

function isSupported(type: unknown): type is EncoderConfig['modelType'] {
  return type === 'bert' || type === 'roberta' || type === 'distilbert';
}

function parseBert(
  raw: RawConfig,
  modelType: 'bert' | 'roberta',
  file: string,
): Pick<ParsedConfig, 'config' | 'sinusoidalPositions'> {
  const values = check(bertSchema, raw, file);
  return {
    config: {
      modelType,
      vocabSize: values.vocab_size,
      hiddenSize: values.hidden_size,
      numHiddenLayers: values.num_hidden_layers,
      numAttentionHeads: values.num_attention_heads,
      intermediateSize: values.intermediate_size,
      hiddenAct: values.hidden_act,
      hiddenDropoutProb: values.hidden_dropout_prob,
      attentionProbsDropoutProb: values.attention_probs_dropout_prob,
      maxPositionEmbeddings: values.max_position_embeddings,
      typeVocabSize: values.type_vocab_size,
      layerNormEps: values.layer_norm_eps,
      initializerRange: values.initializer_range,
      padTokenId: values.pad_token_id ?? (modelType === 'roberta' ? 1 : 0),
      tieWordEmbeddings: values.tie_word_embeddings,
    },
    sinusoidalPositions: false,
  };
}

function parseDistilbert(
  raw: RawConfig,
  file: string,
): Pick<ParsedConfig, 'config' | 'sinusoidalPositions'> {
  const values = check(distilbertSchema, raw, file);
  return {
    config: {
      modelType: 'distilbert',
      vocabSize: values.vocab_size,
      hiddenSize: values.dim,
      numHiddenLayers: values.n_layers,
      numAttentionHeads: values.n_heads,
      intermediateSize: values.hidden_dim,
      hiddenAct: values.activation,
      hiddenDropoutProb: values.dropout,
      attentionProbsDropoutProb: values.attention_dropout,
      maxPositionEmbeddings: values.max_position_embeddings,
      typeVocabSize: 0,
      layerNormEps: 1e-12,
      initializerRange: values.initializer_range,
      padTokenId: values.pad_token_id ?? 0,
      tieWordEmbeddings: values.tie_word_embeddings,
    },
    sinusoidalPositions: values.sinusoidal_pos_embds,
  };
}

function check<Schema extends z.ZodType>(
  schema: Schema,
  raw: RawConfig,
  file: string,
): z.output<Schema> {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const key = String(result.error.issues[0].path[0]);
  const value = raw[key];
  if (value === undefined) throw invalid(file, `"${key}" is missing`);
  if (key === 'hidden_act' || key === 'activation') {
    const supported = ACTIVATIONS.join(', ');
    throw unsupported(
      file,
      `the activation "${key}": ${JSON.stringify(value)} is not supported (supported: ${supported})`,
    );
  }
  throw invalid(file, `"${key}" is ${JSON.stringify(value)}, which is not a valid value`);
}

function checkConsistency(config: EncoderConfig, raw: RawConfig, file: string): void {
  const { hiddenSize, numAttentionHeads, padTokenId, vocabSize, modelType } = config;
  if (hiddenSize % numAttentionHeads !== 0) {
    throw invalid(
      file,
      `the hidden size ${hiddenSize} is not a multiple of the ${numAttentionHeads} attention heads`,
    );
  }
  if (raw.embedding_size !== undefined && raw.embedding_size !== hiddenSize) {
    throw unsupported(
      file,
      `"embedding_size" is ${JSON.stringify(raw.embedding_size)} and the hidden size ${hiddenSize}: factored embeddings are not supported`,
    );
  }
  if (padTokenId >= vocabSize) {
    throw invalid(
      file,
      `"pad_token_id" is ${padTokenId} but the vocabulary has ${vocabSize} entries`,
    );
  }
  if (modelType === 'roberta' && config.maxPositionEmbeddings <= padTokenId + 1) {
    throw invalid(file, `"max_position_embeddings" leaves no position after the padding's`);
  }
}

function invalid(file: string, reason: string): UserError {
  return new UserError(
    'model/config',
    `${file} is not usable: ${reason}.`,
    'Compare it with the config.json that the model was published with.',
  );
}

function unsupported(file: string, reason: string): UserError {
  return new UserError(
    'model/unsupported-feature',
    `${file}: ${reason}.`,
    `Choose a BERT, RoBERTa or DistilBERT encoder in its usual form.`,
  );
}
