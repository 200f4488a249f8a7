/** Finds the weights of a model folder, in one file or in shards, and opens them as one source. */
import { basename, join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../base/errors.ts';
import { readText } from './fileAccess.ts';
import { openSafetensors } from './safetensors.ts';
import type { StoredTensor, TensorSource } from './tensors.ts';
import { openTorchFile } from './torchFile.ts';

interface WeightFormat {
  readonly file: string;
  readonly index: string;
  open(path: string): Promise<TensorSource>;
}

/** In order of preference, as transformers prefers them. */
const FORMATS: readonly WeightFormat[] = [
  { file: 'model.safetensors', index: 'model.safetensors.index.json', open: openSafetensors },
  { file: 'pytorch_model.bin', index: 'pytorch_model.bin.index.json', open: openTorchFile },
];

export interface WeightFiles {
  readonly format: WeightFormat;
  /** Names in the folder: the weights, or the index and its shards. */
  readonly names: readonly string[];
  /** Shard by tensor name; null for a single file. */
  readonly shards: ReadonlyMap<string, string> | null;
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/** Throws a UserError when `names` (the files of the folder) has no weights among them. */
export async function findWeightFiles(
  folder: string,
  names: readonly string[],
): Promise<WeightFiles> {
  for (const format of FORMATS) {
    if (names.includes(format.file)) return { format, names: [format.file], shards: null };
    if (names.includes(format.index)) {
      const shards = await readIndex(join(folder, format.index), names);
      return { format, names: [format.index, ...new Set(shards.values())], shards };
    }
  }
  const other = names.find((name) => /^(tf_model\.h5|flax_model\.msgpack|.*\.ckpt.*)$/.test(name));
  throw new UserError(
    'model/no-weights',
    `${folder} has no model.safetensors and no pytorch_model.bin.`,
    other === undefined
      ? 'Name a folder in Hugging Face layout: config.json, weights and tokenizer files side by side.'
      : `${other} is not read; convert the model to safetensors with transformers first.`,
  );
}

async function readIndex(path: string, names: readonly string[]): Promise<Map<string, string>> {
  let value: unknown;
  try {
    value = JSON.parse(await readText(path));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const result = indexSchema.safeParse(value);
  if (!result.success) throw badIndex(path, 'it has no map from tensors to files');
  const shards = new Map(Object.entries(result.data.weight_map));
  for (const [tensor, file] of shards) {
    if (file !== basename(file) || !names.includes(file)) {
      throw badIndex(path, `it places tensor "${tensor}" in ${file}, which is not in the folder`);
    }
  }
  return shards;
}

/** Opens every file; tensors of a sharded model are those its index lists. */
export async function openWeightFiles(folder: string, files: WeightFiles): Promise<TensorSource> {
  const { format, shards } = files;
  if (shards === null) return format.open(join(folder, format.file));
  const sources = new Map<string, TensorSource>();
  const close = async (): Promise<void> => {
    for (const source of sources.values()) await source.close();
  };
  try {
    for (const name of new Set(shards.values())) {
      sources.set(name, await format.open(join(folder, name)));
    }
    const tensors = new Map<string, StoredTensor>();
    for (const [name, shard] of shards) {
      const tensor = sources.get(shard)?.tensors.get(name);
      if (tensor === undefined) {
        throw badIndex(join(folder, format.index), `tensor "${name}" is not in ${shard}`);
      }
      tensors.set(name, tensor);
    }
    return { tensors, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function badIndex(path: string, reason: string): UserError {
  return new UserError(
    'model/shard-index',
    `${path} is not usable: ${reason}.`,
    'Copy the whole folder again; an index and its shards belong together.',
  );
}
