/** Model work, inside a job process. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryPathFor } from '../../base/files.ts';
import { maximumSequenceLength } from '../../model/config.ts';
import { initModelFolder } from '../../model/exportModel.ts';
import { importModel, verifyModelFolder } from '../../model/importModel.ts';
import type { ModelFolder } from '../../model/modelFolder.ts';
import { mlmParameters, parameterCount } from '../../model/parameters.ts';
import { openTokenizer } from '../../text/tokenizer.ts';
import type { OpenTokenizer } from '../../text/tokenizer.ts';
import type { JobReply, JobRequest, ModelDescription } from '../jobContract.ts';
import type { ReportProgress } from '../../text/types.ts';

export async function importWork(
  request: JobRequest<'models/import'>,
  _: ReportProgress,
  signal: AbortSignal,
): Promise<JobReply<'models/import'>> {
  const { model, folder, made } = await importModel(request, {
    // At its source, so that what is wrong with it is said of the folder that the person named.
    beforeCopy: async (source) => void (await openTokenizer(source)),
    signal,
  });
  return { ...describe(model, await openTokenizer(folder), folder), made };
}

export async function initWork(
  request: JobRequest<'models/init'>,
): Promise<JobReply<'models/init'>> {
  const { modelsFolder, name, ...rest } = request;
  const workplace = temporaryPathFor(join(modelsFolder, 'new'));
  try {
    await mkdir(workplace, { mode: 0o700 });
    const made = await initModelFolder({ ...rest, folder: join(workplace, folderNameFor(name)) });
    const tokenizer = await openTokenizer(made.path);
    const folder = join(modelsFolder, made.hash);
    // The same configuration, tokenizer and seed made this model before.
    const isNew = !existsSync(folder);
    if (isNew) await rename(made.path, folder);
    return { ...describe(made, tokenizer, folder), made: isNew };
  } finally {
    await rm(workplace, { recursive: true, force: true });
  }
}

export async function verifyWork(
  request: JobRequest<'models/verify'>,
): Promise<JobReply<'models/verify'>> {
  await verifyModelFolder(request.folder, request.hash);
  return {};
}

function describe(
  model: ModelFolder,
  opened: OpenTokenizer,
  folder: string,
): Omit<ModelDescription, 'made'> {
  const { config } = model;
  return {
    hash: model.hash,
    architecture: config.modelType,
    parameters: parameterCount(mlmParameters(config)),
    vocabSize: config.vocabSize,
    hiddenSize: config.hiddenSize,
    layers: config.numHiddenLayers,
    maxSeqLength: maximumSequenceLength(config),
    tokenizerKind: opened.tokenizer.kind,
    tokenizerHash: opened.tokenizer.hash,
    cased: opened.cased,
    folder,
    notices: [...model.notices, ...opened.notices],
  };
}

/** A person's name for a model as a folder name: it ends up as the title of the model card. */
function folderNameFor(name: string): string {
  const safe = name.replace(/[^\p{L}\p{N}._ -]/gu, '-').replace(/^[.\s]+/, '');
  return safe === '' ? 'model' : safe.slice(0, 80);
}
