/** Which files of a folder are the model, and what identifies it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { asUserError } from '../base/errors.ts';
import { hashFile, hashJson } from '../base/files.ts';
import { inspectTokenizerFiles } from './tokenizerFiles.ts';
import { findWeightFiles } from './weightFiles.ts';

/** The files of a model that the product uses: configuration, weights and tokenizer, in a fixed order. */
export async function listModelFiles(path: string): Promise<string[]> {
  const names = await listFolder(path);
  const weights = await findWeightFiles(path, names);
  const tokenizer = await inspectTokenizerFiles(path, names);
  return ['config.json', ...weights.names, ...(tokenizer?.names ?? [])];
}

/** SHA-256 over the contents of the files that the product uses; their names are part of it. */
export async function hashModelFolder(path: string): Promise<string> {
  const hashes: Record<string, string> = {};
  for (const name of await listModelFiles(path)) hashes[name] = await hashFile(join(path, name));
  return hashJson(hashes);
}

/** The names in a folder, sorted. */
export async function listFolder(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    throw asUserError(error, path);
  }
}
