/** Estimates Fisher diagonals, inside a job process. */
import { rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { UserError, isMissing } from '../../base/errors.ts';
import { temporaryPathFor } from '../../base/files.ts';
import { loadModelFolder } from '../../model/modelFolder.ts';
import type { ModelFolder } from '../../model/modelFolder.ts';
import { openMlmSession } from '../../model/openSession.ts';
import { estimateFisher } from '../../strategies/fisher.ts';
import { fisherId } from '../../strategies/fisherConvention.ts';
import { readFisher, writeFisher } from '../../strategies/fisherFolder.ts';
import type { FisherFile } from '../../strategies/fisherFolder.ts';
import { drawFisherSample } from '../../strategies/fisherSample.ts';
import type { FisherSample } from '../../strategies/fisherSample.ts';
import { verifyShardSplit } from '../../text/shardReader.ts';
import { openTokenizer } from '../../text/tokenizer.ts';
import type { ReportProgress, Tokenizer, WindowSource } from '../../text/types.ts';
import { openWindows } from '../../text/windows.ts';
import { splitForMemory } from '../../training/microBatches.ts';
import type { JobReply, JobRequest } from '../jobContract.ts';

type Request = JobRequest<'fisher/estimate'>;

export async function estimateWork(
  request: Request,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<JobReply<'fisher/estimate'>> {
  const existing = await intactEstimate(request);
  if (existing !== undefined) return { health: existing.health };
  const { convention, modelFolder, shardFolder } = request;
  const model = await loadModelFolder(modelFolder);
  const { tokenizer } = await openTokenizer(modelFolder);
  requireSame('model', model.hash, convention.modelHash, modelFolder);
  requireSame('tokenizer', tokenizer.hash, convention.tokenizerHash, modelFolder);
  await verifyShardSplit(shardFolder, 'train');
  signal.throwIfAborted();
  const windows = openWindows({
    shards: shardFolder,
    split: 'train',
    packing: convention.packing,
    maxSeqLength: convention.max_seq_length,
    tokenizer,
    corpusHash: convention.corpusHash,
  });
  try {
    const sample = sampleOf(request, windows, tokenizer, model);
    const file = await estimateInto(request, model, sample, report, signal);
    return { health: file.health };
  } finally {
    windows.close();
  }
}

function sampleOf(
  { convention }: Request,
  source: WindowSource,
  tokenizer: Tokenizer,
  { config }: ModelFolder,
): FisherSample {
  return drawFisherSample({
    source,
    settings: convention.settings,
    tokenizer,
    mlmProbability: convention.mlm_probability,
    wholeWordMask: convention.whole_word_mask,
    maxSeqLength: convention.max_seq_length,
    split: (rows, padTo) => splitForMemory(rows, config, padTo),
  });
}

async function estimateInto(
  request: Request,
  model: ModelFolder,
  { sequences, elements }: FisherSample,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<FisherFile> {
  const { convention, engine, threads = availableParallelism(), folder } = request;
  const session = await openMlmSession({
    config: model.config,
    weights: model.weights,
    session: { engine, threads },
  });
  try {
    const { diagonal, health } = await estimateFisher(session, elements, {
      onSequences: (done) => {
        report({
          stage: 'estimating Fisher diagonal',
          done,
          total: sequences,
          unit: 'sequences',
        });
      },
      signal,
    });
    const description = { ...convention, health, createdAt: new Date().toISOString() };
    try {
      return await writeFisher(folder, session.parameters, diagonal, description);
    } catch (error) {
      // Another process, of an owner that has died since, may have finished the same estimate.
      const other = await intactEstimate(request);
      if (other === undefined) throw error;
      return other;
    }
  } finally {
    await session.close();
  }
}

/** What is in the folder; one that is damaged or of another convention is removed, to be made anew. */
async function intactEstimate({ convention, folder }: Request): Promise<FisherFile | undefined> {
  try {
    const { file } = await readFisher(folder);
    if (fisherId(file) === fisherId(convention)) return file;
  } catch (error) {
    if (!(error instanceof UserError) || !error.code.startsWith('fisher/')) throw error;
  }
  const discarded = temporaryPathFor(folder);
  await rename(folder, discarded).catch(ignoreMissing);
  await rm(discarded, { recursive: true, force: true });
  return undefined;
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

function requireSame(what: string, found: string, expected: string, folder: string): void {
  if (found === expected) return;
  throw new UserError(
    'model/changed',
    `The ${what} in ${folder} is not the one that was imported.`,
    'Restore the files, or import the folder again as a new model.',
  );
}
