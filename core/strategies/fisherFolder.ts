/**
 * A Fisher diagonal on disk: `fisher.safetensors` with one tensor a parameter, and `fisher.json`,
 * written last, which says what it was estimated from. A folder without `fisher.json` is no estimate.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../base/errors.ts';
import { createFolderAtomically, hashFile, writeFileAtomically } from '../base/files.ts';
import type { ParameterSpec, Weights } from '../engine/types.ts';
import { writeWeightsFile } from '../model/checkpointFiles.ts';
import { readText } from '../model/fileAccess.ts';
import { openSafetensors } from '../model/safetensors.ts';
import { readFloat32 } from '../model/tensors.ts';
import type { StoredTensor } from '../model/tensors.ts';
import { FISHER_FORMAT_VERSION, fisherConventionSchema } from './fisherConvention.ts';
import type { FisherConvention } from './fisherConvention.ts';
import { fisherHealthSchema } from './fisherSettings.ts';

export const FISHER_WEIGHTS_FILE = 'fisher.safetensors';
export const FISHER_FILE = 'fisher.json';

export const fisherFileSchema = z.strictObject({
  formatVersion: z.literal(FISHER_FORMAT_VERSION),
  ...fisherConventionSchema.shape,
  health: fisherHealthSchema,
  /** Of fisher.safetensors. */
  sha256: z.string(),
  createdAt: z.string(),
});
export type FisherFile = z.infer<typeof fisherFileSchema>;

/** What an estimate has to be made from to be of use to a run. */
export type FisherOrigin = Pick<FisherConvention, 'modelHash' | 'tokenizerHash' | 'corpusHash'>;

/**
 * Reads an estimate whole and checks it: the SHA-256 of its values, and that each is finite and not
 * negative. `diagonal` has the canonical names of the parameters.
 * @throws UserError `fisher/unreadable` when the folder does not describe an estimate,
 *   `fisher/damaged` when its values are not what was written
 */
export async function readFisher(
  folder: string,
): Promise<{ file: FisherFile; diagonal: Map<string, Float32Array> }> {
  const file = await readFisherFile(folder);
  return { file, diagonal: await readDiagonal(folder, file.sha256) };
}

/** What the folder says of its estimate. @throws UserError `fisher/unreadable` */
export async function readFisherFile(folder: string): Promise<FisherFile> {
  const path = join(folder, FISHER_FILE);
  try {
    return fisherFileSchema.parse(JSON.parse(await readText(path)));
  } catch (cause) {
    if (isOfTheSystem(cause)) throw cause;
    throw new UserError(
      'fisher/unreadable',
      `${path} does not describe a Fisher diagonal.`,
      'Run the project file again; the estimate is then made anew.',
      { cause },
    );
  }
}

async function readDiagonal(folder: string, sha256: string): Promise<Map<string, Float32Array>> {
  const path = join(folder, FISHER_WEIGHTS_FILE);
  const diagonal = new Map<string, Float32Array>();
  try {
    const source = await openSafetensors(path);
    try {
      if ((await hashFile(path)) !== sha256) throw damaged(path, 'they are not what was written');
      for (const tensor of source.tensors.values()) {
        diagonal.set(tensor.name, await readSquares(tensor));
      }
    } finally {
      await source.close();
    }
  } catch (cause) {
    if (!(cause instanceof UserError) || cause.code === 'fisher/damaged') throw cause;
    if (isOfTheSystem(cause)) throw cause;
    throw damaged(path, cause.message.replace(/\.$/, ''), cause);
  }
  return diagonal;
}

async function readSquares(tensor: StoredTensor): Promise<Float32Array> {
  if (tensor.type !== 'F32') throw damaged(tensor.file, `"${tensor.name}" is ${tensor.type}`);
  const values = await readFloat32(tensor);
  for (let i = 0; i < values.length; i++) {
    if (!(values[i] >= 0 && values[i] < Infinity)) {
      throw damaged(tensor.file, `"${tensor.name}" has ${values[i]} among its values`);
    }
  }
  return values;
}

function damaged(path: string, reason: string, cause?: unknown): UserError {
  return new UserError(
    'fisher/damaged',
    `The values of the Fisher diagonal in ${path} cannot be used: ${reason}.`,
    'Run the project file again; the estimate is then made anew.',
    { cause },
  );
}

/** A disk or a permission that fails says nothing of the files; a file that is missing does. */
function isOfTheSystem(error: unknown): boolean {
  return (
    error instanceof UserError &&
    error.code.startsWith('system/') &&
    !['system/enoent', 'system/enotdir'].includes(error.code)
  );
}

/**
 * Refuses an estimate of another base model, tokenizer or corpus.
 * @throws UserError `fisher/other-model`, `fisher/other-tokenizer`, `fisher/other-corpus`
 */
export function requireFisherOf(file: FisherFile, folder: string, origin: FisherOrigin): void {
  const other =
    file.modelHash !== origin.modelHash
      ? (['other-model', 'from another base model'] as const)
      : file.tokenizerHash !== origin.tokenizerHash
        ? (['other-tokenizer', 'with another tokenizer'] as const)
        : file.corpusHash !== origin.corpusHash
          ? (['other-corpus', 'from another corpus'] as const)
          : undefined;
  if (other === undefined) return;
  throw new UserError(
    `fisher/${other[0]}`,
    `The Fisher diagonal in ${folder} was estimated ${other[1]} than the one of this run.`,
    'Run the project file again; an estimate that fits is then found or made.',
  );
}

/** Writes an estimate; the folder appears when all of it is on disk. It must not exist yet. */
export async function writeFisher(
  folder: string,
  parameters: readonly ParameterSpec[],
  diagonal: Weights,
  description: Omit<FisherFile, 'formatVersion' | 'sha256'>,
): Promise<FisherFile> {
  let file: FisherFile | undefined;
  await createFolderAtomically(folder, async (temporary) => {
    const { sha256 } = await writeWeightsFile(
      join(temporary, FISHER_WEIGHTS_FILE),
      parameters,
      diagonal,
    );
    file = fisherFileSchema.parse({ formatVersion: FISHER_FORMAT_VERSION, ...description, sha256 });
    await writeFileAtomically(join(temporary, FISHER_FILE), `${JSON.stringify(file, null, 2)}\n`);
  });
  if (file === undefined) throw new Error(`${folder} was not written`);
  return file;
}
