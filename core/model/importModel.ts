/** Takes a model folder into the home folder, by copy or by reference. */
import { rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { createFolderAtomically, temporaryPathFor } from '../base/files.ts';
import { copyFileContents } from './fileAccess.ts';
import { hashModelFolder, listModelFiles } from './modelFiles.ts';
import { loadModelFolder } from './modelFolder.ts';
import type { ModelFolder } from './modelFolder.ts';

export interface ImportRequest {
  /** A folder in Hugging Face layout. */
  readonly source: string;
  /** The `models` folder of the home folder. */
  readonly modelsFolder: string;
  /** Leave the files where they are and remember only their hash. */
  readonly link: boolean;
}

export interface ImportSteps {
  /** What else has to hold of the source before anything is copied; throws when it does not. */
  readonly beforeCopy?: (source: string) => Promise<void>;
  /** Leaves nothing behind when it aborts before the copy is in its place. */
  readonly signal?: AbortSignal;
}

export interface ImportedModel {
  /** As read from the source. */
  readonly model: ModelFolder;
  /** `models/<hash>`, or the source itself when linked. */
  readonly folder: string;
  /** Whether the folder was not there before. */
  readonly made: boolean;
}

/**
 * Checks a model completely, then copies the files that the product uses to `models/<sha256>`. The
 * copy is read back and compared; a source that disappears half-way leaves nothing. A model that is
 * there already is not copied again.
 */
export async function importModel(
  request: ImportRequest,
  { beforeCopy, signal }: ImportSteps = {},
): Promise<ImportedModel> {
  const source = resolve(request.source);
  const model = await loadModelFolder(source);
  if (model.tokenizer === null) {
    throw new UserError(
      'model/tokenizer',
      `${source} has no tokenizer: neither tokenizer.json, vocab.txt, nor vocab.json with merges.txt.`,
      "Put the tokenizer's files into the folder; they are published with the model.",
    );
  }
  await beforeCopy?.(source);
  if (request.link) return { model, folder: source, made: false };

  const folder = join(request.modelsFolder, model.hash);
  if (await isFolder(folder)) {
    if (await isIntact(folder, model.hash)) return { model, folder, made: false };
    await discard(folder);
  }
  await createFolderAtomically(folder, async (temporary) => {
    for (const name of await listModelFiles(source)) {
      await copyFileContents(join(source, name), join(temporary, name), signal);
    }
    if ((await hashModelFolder(temporary)) !== model.hash) {
      throw new UserError(
        'model/changed-while-copied',
        `${source} changed while it was copied, or was not read correctly.`,
        'Check the disk or stick it is on and import it again.',
      );
    }
    signal?.throwIfAborted();
  });
  return { model, folder, made: true };
}

/** For linked models, before every use: throws a UserError when the folder is not what was imported. */
export async function verifyModelFolder(folder: string, hash: string): Promise<void> {
  if ((await hashModelFolder(folder)) === hash) return;
  throw new UserError(
    'model/changed',
    `${folder} is not the model that was imported: its files have changed.`,
    'Restore the files, or import the folder again as a new model.',
  );
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** A copy that cannot even be hashed is damaged too. */
async function isIntact(folder: string, hash: string): Promise<boolean> {
  try {
    return (await hashModelFolder(folder)) === hash;
  } catch {
    return false;
  }
}

/** A damaged copy makes room for the one it should have been; removed under a temporary name. */
async function discard(folder: string): Promise<void> {
  const temporary = temporaryPathFor(folder);
  await rename(folder, temporary);
  await rm(temporary, { recursive: true, force: true });
}
