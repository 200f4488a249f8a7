/** Writes model folders that Hugging Face transformers loads, each whole or not at all. */
import { rmdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { asUserError, UserError } from '../base/errors.ts';
import { createFolderAtomically, writeFileAtomically } from '../base/files.ts';
import type { Weights } from '../engine/types.ts';
import type { EncoderConfig } from './config.ts';
import { readConfig } from './configFile.ts';
import type { RawConfig } from './configFile.ts';
import { copyFileContents } from './fileAccess.ts';
import { initialWeights } from './initialize.ts';
import { modelCard } from './modelCard.ts';
import type { ModelProvenance } from './modelCard.ts';
import { listFolder } from './modelFiles.ts';
import { loadModelFolder } from './modelFolder.ts';
import type { CarriedTensor, ModelFolder } from './modelFolder.ts';
import { mlmParameters, parameterCount } from './parameters.ts';
import { float32Tensor, writeSafetensors } from './safetensors.ts';
import type { TensorToWrite } from './safetensors.ts';
import { decoderBiasNames, modernName, publishedName } from './tensorNames.ts';
import { inspectTokenizerFiles } from './tokenizerFiles.ts';

const MASKED_LM_CLASS: Readonly<Record<EncoderConfig['modelType'], string>> = {
  bert: 'BertForMaskedLM',
  roberta: 'RobertaForMaskedLM',
  distilbert: 'DistilBertForMaskedLM',
};
/** Larger than any encoder published; a configuration beyond it is a slip. */
const MOST_PARAMETERS = 4e9;

export interface ExportRequest {
  /** The folder that training began with: configuration, tokenizer and carried tensors are its own. */
  readonly base: ModelFolder;
  /** Canonical names (parameters.ts), complete. */
  readonly weights: Weights;
  /** Must not exist, or be an empty folder. */
  readonly folder: string;
  readonly provenance: ModelProvenance;
}

/**
 * Writes weights, configuration, tokenizer files and a model card. Throws a UserError, and leaves
 * nothing behind, when the folder holds something already or the disk is full.
 */
export async function exportModel({
  base,
  weights,
  folder,
  provenance,
}: ExportRequest): Promise<void> {
  await fillNewFolder(folder, async (temporary) => {
    await writeModel(temporary, base.config, base.rawConfig, weights, base.carried, provenance);
    for (const name of base.tokenizer?.names ?? []) {
      await copyFileContents(join(base.path, name), join(temporary, name));
    }
  });
}

export interface InitRequest {
  /** A config.json. */
  readonly configPath: string;
  /** A folder with the tokenizer's files. */
  readonly tokenizerPath: string;
  readonly folder: string;
  readonly seed: number;
  readonly version: string;
  readonly createdAt: string;
}

/**
 * Makes a model with random weights from a configuration and a tokenizer, and returns it as loaded
 * from its folder. Throws a UserError when the two do not fit.
 */
export async function initModelFolder(request: InitRequest): Promise<ModelFolder> {
  const { configPath, tokenizerPath, folder, seed } = request;
  const { config, raw, sinusoidalPositions } = await readConfig(configPath);
  const count = parameterCount(mlmParameters(config));
  if (count > MOST_PARAMETERS) {
    throw new UserError(
      'model/config',
      `${configPath} describes a model of ${count} parameters.`,
      'Check its sizes; models of up to 4 billion parameters can be made.',
    );
  }
  const names = await listFolder(tokenizerPath);
  const tokenizer = await inspectTokenizerFiles(tokenizerPath, names);
  if (tokenizer === null) {
    throw new UserError(
      'model/tokenizer',
      `${tokenizerPath} has no tokenizer: neither tokenizer.json, vocab.txt, nor vocab.json with merges.txt.`,
      'Name a folder that holds the files of a tokenizer.',
    );
  }
  if (tokenizer.vocabularySize > config.vocabSize) {
    throw new UserError(
      'model/vocabulary-mismatch',
      `The tokenizer in ${tokenizerPath} has ${tokenizer.vocabularySize} tokens but ${configPath} says vocab_size ${config.vocabSize}.`,
      `Set vocab_size to ${tokenizer.vocabularySize}.`,
    );
  }
  const weights = initialWeights(config, seed, sinusoidalPositions);
  const provenance: ModelProvenance = {
    name: basename(folder),
    baseModel: { name: 'none', hash: 'none' },
    strategy: 'none (random initialisation)',
    seed,
    steps: 0,
    settings: {},
    corpora: [],
    evaluations: [],
    version: request.version,
    createdAt: request.createdAt,
  };
  await fillNewFolder(folder, async (temporary) => {
    await writeModel(temporary, config, raw, weights, [], provenance);
    for (const name of tokenizer.names) {
      await copyFileContents(join(tokenizerPath, name), join(temporary, name));
    }
  });
  return loadModelFolder(folder);
}

async function writeModel(
  folder: string,
  config: EncoderConfig,
  rawConfig: RawConfig,
  weights: Weights,
  carried: readonly CarriedTensor[],
  provenance: ModelProvenance,
): Promise<void> {
  const tensors = tensorsToWrite(config, weights, carried);
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  const configJson = JSON.stringify(exportedConfig(config, rawConfig), null, 2);
  await writeFileAtomically(join(folder, 'config.json'), `${configJson}\n`);
  await writeFileAtomically(join(folder, 'README.md'), modelCard(config.modelType, provenance));
}

/** transformers renamed `torch_dtype` to `dtype`; a configuration keeps the name it has. */
function exportedConfig(config: EncoderConfig, raw: RawConfig): RawConfig {
  return {
    ...raw,
    architectures: [MASKED_LM_CLASS[config.modelType]],
    ...(raw.dtype === undefined || raw.torch_dtype !== undefined ? { torch_dtype: 'float32' } : {}),
    ...(raw.dtype === undefined ? {} : { dtype: 'float32' }),
  };
}

function tensorsToWrite(
  config: EncoderConfig,
  weights: Weights,
  carried: readonly CarriedTensor[],
): TensorToWrite[] {
  const { modelType } = config;
  const tensors = mlmParameters(config).map(({ name, shape }) => {
    const values = weights.get(name);
    if (values === undefined) throw new Error(`The weights of "${name}" are missing`);
    return float32Tensor(publishedName(modelType, name), shape, values);
  });
  const bias = decoderBiasNames(modelType);
  if (!config.tieWordEmbeddings && bias.layer !== bias.head) {
    // Without tying, transformers holds the head's bias twice and computes with the layer's.
    const head = tensors.find(({ name }) => name === bias.head);
    if (head !== undefined) tensors.push({ ...head, name: bias.layer });
  }
  for (const { name, type, shape, bytes } of carried) {
    // A bare encoder's pooler is found again only under the prefix that the rest has now.
    tensors.push({ name: modernName(modelType, name), type, shape, bytes: () => bytes });
  }
  return tensors;
}

async function fillNewFolder(
  folder: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  await removeIfEmpty(folder);
  await createFolderAtomically(resolve(folder), fill);
}

/** An empty folder may be the one that the person just made for this; anything else is theirs. */
async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') {
      throw new UserError(
        'export/folder-exists',
        `${folder} exists already and is not an empty folder.`,
        'Name a new folder; nothing is overwritten.',
      );
    }
    throw asUserError(error, folder);
  }
}
