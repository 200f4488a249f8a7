/**
 * A model in a folder of Hugging Face layout, read whole: configuration, weights under canonical
 * names, and the tensors that training does not use, carried along unchanged.
 */
import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import type { ParameterSpec, Weights } from '../engine/types.ts';
import type { EncoderConfig } from './config.ts';
import { readConfig } from './configFile.ts';
import type { RawConfig } from './configFile.ts';
import { initialHeadWeights } from './initialize.ts';
import { hashModelFolder, listFolder } from './modelFiles.ts';
import { encoderParameters, mlmHeadParameters } from './parameters.ts';
import { decoderBiasNames, modernName, publishedName } from './tensorNames.ts';
import { describeShape, readFloat32 } from './tensors.ts';
import type { ElementType, StoredTensor, TensorSource } from './tensors.ts';
import { inspectTokenizerFiles } from './tokenizerFiles.ts';
import type { TokenizerFiles } from './tokenizerFiles.ts';
import { findWeightFiles, openWeightFiles } from './weightFiles.ts';

/** Seed of a head that the folder does not have, so that every load makes the same one. */
const NEW_HEAD_SEED = 0;

/** A tensor that training does not touch: a pooler, a next-sentence head, a buffer. */
export interface CarriedTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface ModelFolder {
  readonly path: string;
  readonly config: EncoderConfig;
  /** config.json with every key, as an export starts from it. */
  readonly rawConfig: RawConfig;
  /** Canonical names (parameters.ts), complete. */
  readonly weights: Weights;
  readonly carried: readonly CarriedTensor[];
  /** Null when the folder has none. */
  readonly tokenizer: TokenizerFiles | null;
  /** True when the folder had no masked-language-model head and a random one was made. */
  readonly newHead: boolean;
  /** What a person should know, one sentence each. */
  readonly notices: readonly string[];
  /** SHA-256 over weights, configuration and tokenizer files. */
  readonly hash: string;
}

/**
 * Reads and checks a model folder. Throws a UserError that names the file and the key or tensor
 * when it is not a model, not supported, incomplete or contradictory.
 */
export async function loadModelFolder(path: string): Promise<ModelFolder> {
  const names = await listFolder(path);
  if (!names.includes('config.json')) {
    throw new UserError(
      'model/not-a-model',
      `${path} is not a model folder: it has no config.json.`,
      'Name a folder in Hugging Face layout: config.json, weights and tokenizer files side by side.',
    );
  }
  const parsed = await readConfig(join(path, 'config.json'));
  const tokenizer = await inspectTokenizerFiles(path, names);
  const notices = [...parsed.notices];
  checkTokenizerSize(tokenizer, parsed.config, path, notices);

  const files = await findWeightFiles(path, names);
  const source = await openWeightFiles(path, files);
  try {
    const read = await readWeights(source, parsed.config, path);
    const rawConfig: RawConfig =
      read.config.tieWordEmbeddings === parsed.config.tieWordEmbeddings
        ? parsed.raw
        : { ...parsed.raw, tie_word_embeddings: read.config.tieWordEmbeddings };
    return {
      path,
      ...read,
      rawConfig,
      tokenizer,
      notices: [...notices, ...read.notices],
      hash: await hashModelFolder(path),
    };
  } finally {
    await source.close();
  }
}

/** The encoder's and the head's weights, and what is left over. Shapes are checked before any byte is read. */
async function readWeights(
  source: TensorSource,
  config: EncoderConfig,
  path: string,
): Promise<Pick<ModelFolder, 'config' | 'weights' | 'carried' | 'newHead' | 'notices'>> {
  const unused = byModernName(source, config);
  const weights = new Map<string, Float32Array>();
  const encoder = takeParameters(unused, encoderParameters(config), config, path);
  await readInto(weights, encoder);

  const head = await readHead(unused, config, weights, path);
  const carried = await Promise.all([...unused.values()].map(carry));
  const notices = [...head.notices];
  if (carried.length > 0) {
    const shown = enumerate(carried.map(({ name }) => name));
    notices.push(`Carried along unchanged, because training does not use it: ${shown}.`);
  }
  return { config: head.config, weights, carried, newHead: head.isNew, notices };
}

function byModernName(source: TensorSource, config: EncoderConfig): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const tensor of source.tensors.values()) {
    const name = modernName(config.modelType, tensor.name);
    const other = tensors.get(name);
    if (other !== undefined) {
      throw new UserError(
        'model/duplicate-tensor',
        `${tensor.file} holds both "${other.name}" and "${tensor.name}", two names of one tensor.`,
        'Save the model again with a current version of transformers.',
      );
    }
    tensors.set(name, tensor);
  }
  return tensors;
}

type Taken = readonly { readonly spec: ParameterSpec; readonly tensor: StoredTensor }[];

/** Removes the tensors of these parameters from `unused`; throws when one is missing or misshapen. */
function takeParameters(
  unused: Map<string, StoredTensor>,
  specs: readonly ParameterSpec[],
  config: EncoderConfig,
  path: string,
): Taken {
  const missing: string[] = [];
  const taken: { spec: ParameterSpec; tensor: StoredTensor }[] = [];
  for (const spec of specs) {
    const name = publishedName(config.modelType, spec.name);
    const tensor = unused.get(name);
    if (tensor === undefined) {
      missing.push(name);
      continue;
    }
    checkShape(tensor, spec, config);
    unused.delete(name);
    taken.push({ spec, tensor });
  }
  if (missing.length > 0) {
    throw new UserError(
      'model/tensors-missing',
      `${path} lacks ${missing.length === 1 ? 'the tensor' : 'the tensors'} ${enumerate(missing)}.`,
      'Check that config.json belongs to these weights and that the folder was copied completely.',
    );
  }
  return taken;
}

function checkShape(tensor: StoredTensor, spec: ParameterSpec, config: EncoderConfig): void {
  if (describeShape(tensor.shape) === describeShape(spec.shape)) return;
  if (spec.name === 'embeddings.word_embeddings.weight' && tensor.shape[1] === spec.shape[1]) {
    throw new UserError(
      'model/vocabulary-mismatch',
      `${tensor.file} has word embeddings for ${tensor.shape[0]} tokens but config.json says vocab_size ${config.vocabSize}.`,
      'Use the config.json and the weights of one and the same model.',
    );
  }
  throw new UserError(
    'model/tensor-shape',
    `${tensor.file}: tensor "${tensor.name}" has the shape ${describeShape(tensor.shape)}, not ${describeShape(spec.shape)}.`,
    'Use the config.json and the weights of one and the same model.',
  );
}

async function readInto(weights: Map<string, Float32Array>, taken: Taken): Promise<void> {
  for (const { spec, tensor } of taken) {
    const values = await readFloat32(tensor);
    if (!allFinite(values)) {
      throw new UserError(
        'model/not-finite',
        `${tensor.file}: tensor "${tensor.name}" holds values that are not finite numbers.`,
        'The model is damaged or was saved after its training diverged; use another copy.',
      );
    }
    weights.set(spec.name, values);
  }
}

/**
 * Adds the head's weights, random ones when the folder has none. A decoder that config.json calls
 * tied but that differs from the word embeddings is kept apart, as transformers does.
 */
async function readHead(
  unused: Map<string, StoredTensor>,
  config: EncoderConfig,
  weights: Map<string, Float32Array>,
  path: string,
): Promise<{ config: EncoderConfig; isNew: boolean; notices: string[] }> {
  const { modelType } = config;
  const bias = decoderBiasNames(modelType);
  // The layer's bias is the one that is computed with, should a file have two that differ.
  const layerBias = unused.get(bias.layer);
  if (layerBias !== undefined) unused.set(bias.head, layerBias);
  if (bias.layer !== bias.head) unused.delete(bias.layer);

  const specs = mlmHeadParameters({ ...config, tieWordEmbeddings: true });
  const isNew = specs.every(({ name }) => !unused.has(publishedName(modelType, name)));
  if (!isNew) await readInto(weights, takeParameters(unused, specs, config, path));

  const decoderName = publishedName(modelType, 'head.decoder.weight');
  const decoder = unused.get(decoderName);
  const untied: EncoderConfig = { ...config, tieWordEmbeddings: false };
  const decoderSpecs = mlmHeadParameters(untied).filter(
    (spec) => !specs.some((tied) => tied.name === spec.name),
  );
  const notices: string[] = [];
  let effective = config;
  if (decoder !== undefined) {
    await readInto(weights, takeParameters(unused, decoderSpecs, config, path));
    const embeddings = weights.get('embeddings.word_embeddings.weight');
    if (config.tieWordEmbeddings && sameBits(weights.get('head.decoder.weight'), embeddings)) {
      weights.delete('head.decoder.weight');
    } else if (config.tieWordEmbeddings) {
      effective = untied;
      notices.push(
        'config.json ties the decoder to the word embeddings, but the weights of the two differ; they are kept apart.',
      );
    }
  } else if (!config.tieWordEmbeddings && !isNew) {
    takeParameters(unused, decoderSpecs, config, path);
  }
  if (isNew) {
    for (const [name, values] of initialHeadWeights(effective, NEW_HEAD_SEED)) {
      if (!weights.has(name)) weights.set(name, values);
    }
    notices.push('The folder has no masked-language-model head; a new, random one was made.');
  }
  return { config: effective, isNew, notices };
}

function allFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

function sameBits(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  const bytes = (values: Float32Array): Buffer =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return bytes(a).equals(bytes(b));
}

async function carry(tensor: StoredTensor): Promise<CarriedTensor> {
  const { name, type, shape } = tensor;
  return { name, type, shape, bytes: await tensor.read() };
}

function checkTokenizerSize(
  tokenizer: TokenizerFiles | null,
  config: EncoderConfig,
  path: string,
  notices: string[],
): void {
  if (tokenizer === null) return;
  const { vocabularySize } = tokenizer;
  if (vocabularySize > config.vocabSize) {
    throw new UserError(
      'model/vocabulary-mismatch',
      `${path}: the tokenizer has ${vocabularySize} tokens but the model has embeddings for ${config.vocabSize}.`,
      'Use the tokenizer files that were published with the model.',
    );
  }
  if (vocabularySize < config.vocabSize) {
    notices.push(
      `The tokenizer has ${vocabularySize} tokens, the model embeddings for ${config.vocabSize}; the others are never used.`,
    );
  }
}

/** The first names of a list and how many more there are. */
function enumerate(names: readonly string[]): string {
  const shown = names
    .slice(0, 3)
    .map((name) => `"${name}"`)
    .join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
