/** Fills masks, inside a job process that keeps the weights of the last two askings. */
import { availableMemory } from 'node:process';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { openExecutor } from '../../engine/openExecutor.ts';
import type { Executor } from '../../engine/executor.ts';
import type { MlmBatch, Weights } from '../../engine/types.ts';
import { MaskDistribution, windowAround, withMaskToken } from '../../evaluation/fillMask.ts';
import type { Ranked } from '../../evaluation/fillMask.ts';
import { maximumSequenceLength } from '../../model/config.ts';
import type { EncoderConfig } from '../../model/config.ts';
import { readConfig } from '../../model/configFile.ts';
import { createMlmTask } from '../../model/mlmTask.ts';
import { loadModelFolder } from '../../model/modelFolder.ts';
import { mlmParameters, parameterCount } from '../../model/parameters.ts';
import { lengthBuckets } from '../../text/batchPlan.ts';
import { openTokenizer } from '../../text/tokenizer.ts';
import { pieceKey, tokenPiece } from '../../text/tokenPiece.ts';
import type { ReportProgress, Tokenizer } from '../../text/types.ts';
import { requireIntact } from '../../training/checkpoint.ts';
import { readCheckpointWeights } from '../../training/trainingState.ts';
import type { JobReply, JobRequest } from '../jobContract.ts';
import type { Fill, Prediction } from '../schemas/fillMask.ts';

type Request = JobRequest<'models/fill-mask'>;
type Wanted = Request['predictors'][number];

interface Loaded {
  readonly config: EncoderConfig;
  readonly weights: Weights;
  readonly tokenizer: Tokenizer;
  readonly executor: Executor;
  /** Ids of the vocabulary by pieceKey; made when a token of another vocabulary is looked for. */
  idsByKey: ReadonlyMap<string, number> | undefined;
}

/** The two sides of one screen. */
const MOST_LOADED = 2;
/** Of a text between the tokens that open and close it. */
const FRAME_TOKENS = 2;
const BYTES_PER_VALUE = 4;
/** Library, tokenizer, graph and activations of one sequence. */
const MARGIN_BYTES = 256 * 2 ** 20;

/** Longest not asked for first. */
const loaded = new Map<string, Loaded>();

export async function fillMaskWork(
  { text, topK, predictors }: Request,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<JobReply<'models/fill-mask'>> {
  const sides: Side[] = [];
  for (const [index, wanted] of predictors.entries()) {
    const side = await loadedSide(wanted, predictors, () => {
      report({ stage: 'loading', done: index, total: predictors.length, unit: 'models' });
    });
    signal.throwIfAborted();
    sides.push(await predict(side, wanted, text));
    signal.throwIfAborted();
  }
  const listed = sides.map(({ model, distributions }) =>
    distributions.map((distribution) =>
      distribution.top(topK).map((ranked) => toFill(model.tokenizer, ranked)),
    ),
  );
  return {
    predictions: sides.map((side, index) => ({
      tokens: side.tokens,
      maxSeqLength: maximumSequenceLength(side.model.config),
      masks: side.distributions.map((distribution, mask) => {
        const fills = listed[index]?.[mask] ?? [];
        const others = sides.flatMap(({ model }, other) => {
          if (other === index) return [];
          return twinIds(side.model, model, listed[other]?.[mask] ?? []);
        });
        const own = new Set(fills.map(({ id }) => id));
        return {
          fills,
          others: others
            .filter((id) => !own.has(id))
            .map((id) => toFill(side.model.tokenizer, distribution.rankOf(id))),
        };
      }),
    })),
  };
}

interface Side {
  readonly model: Loaded;
  readonly tokens: Prediction['tokens'];
  /** One a mask, in the order of the text. */
  readonly distributions: readonly MaskDistribution[];
}

async function loadedSide(
  wanted: Wanted,
  all: readonly Wanted[],
  onLoading: () => void,
): Promise<Loaded> {
  const key = keyOf(wanted);
  const known = loaded.get(key);
  if (known !== undefined) {
    loaded.delete(key);
    loaded.set(key, known);
    return known;
  }
  const needed = new Set(all.map(keyOf));
  for (const other of [...loaded.keys()]) {
    if (loaded.size < MOST_LOADED) break;
    if (!needed.has(other)) await unload(other);
  }
  onLoading();
  const model = await load(wanted);
  loaded.set(key, model);
  return model;
}

async function unload(key: string): Promise<void> {
  await loaded.get(key)?.executor.close();
  loaded.delete(key);
}

function keyOf({ modelHash, checkpointFolder }: Wanted): string {
  return `${modelHash} ${checkpointFolder ?? ''}`;
}

async function load({ name, modelFolder, modelHash, checkpointFolder }: Wanted): Promise<Loaded> {
  await requireMemory(name, modelFolder, checkpointFolder !== null);
  const model = await loadModelFolder(modelFolder);
  if (model.hash !== modelHash) {
    throw new UserError(
      'model/changed',
      `${modelFolder} is not the model that was imported: its files have changed.`,
      'Restore the files, or import the folder again as a new model.',
    );
  }
  const { config } = model;
  let { weights } = model;
  if (checkpointFolder !== null) {
    await requireIntact(checkpointFolder);
    weights = await readCheckpointWeights({ folder: checkpointFolder }, mlmParameters(config));
  }
  const { tokenizer } = await openTokenizer(modelFolder);
  const executor = await openExecutor({ engine: 'cpu' }, (length) => new Float32Array(length));
  return { config, weights, tokenizer, executor, idsByKey: undefined };
}

/** @throws UserError `fill-mask/no-memory` */
async function requireMemory(name: string, folder: string, isTuned: boolean): Promise<void> {
  const { config } = await readConfig(join(folder, 'config.json'));
  const bytes = parameterCount(mlmParameters(config)) * BYTES_PER_VALUE;
  // Of a run, the base model's weights are read too and then let go.
  const needed = bytes * (isTuned ? 2 : 1) + MARGIN_BYTES;
  const free = availableMemory();
  if (free >= needed) return;
  throw new UserError(
    'fill-mask/no-memory',
    `Loading ${name} needs ${gigabytes(needed)} GB of memory, and ${gigabytes(free)} GB are free.`,
    'Close other programs, or wait until the run at work has ended.',
  );
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}

async function predict(model: Loaded, { name }: Wanted, text: string): Promise<Side> {
  const { config, tokenizer } = model;
  const { mask } = tokenizer.specialTokens;
  const { ids } = await tokenizer.encode(withMaskToken(text, tokenizer.tokenOf(mask)));
  const masks = [...ids.keys()].filter((index) => ids[index] === mask);
  const room = maximumSequenceLength(config) - FRAME_TOKENS;
  const window = windowAround(ids.length, masks, room);
  if (window === undefined) throw tooFarApart(name, masks, room);
  const { from, to } = window;
  const tokens = Array.from(ids, (id, index) => ({
    ...tokenPiece(tokenizer, id),
    isMask: id === mask,
    isCut: index < from || index >= to,
  }));
  const columns = masks.map((position) => position - from + 1);
  const distributions = await distributionsAt(model, ids.subarray(from, to), columns);
  return { model, tokens, distributions };
}

function tooFarApart(name: string, masks: readonly number[], room: number): UserError {
  const span = (masks.at(-1) ?? 0) - (masks[0] ?? 0) + 1;
  return new UserError(
    'fill-mask/too-long',
    `From the first mask to the last there are ${span} tokens, and ${name} reads ${room} at a time.`,
    'Shorten the text between the masks, or ask for them one by one.',
  );
}

async function distributionsAt(
  { config, weights, tokenizer, executor }: Loaded,
  ids: Int32Array,
  columns: readonly number[],
): Promise<MaskDistribution[]> {
  const { cls, sep, pad } = tokenizer.specialTokens;
  const length = ids.length + FRAME_TOKENS;
  // A graph is built for each length: few lengths, few graphs.
  const buckets = lengthBuckets(maximumSequenceLength(config));
  const sequenceLength = buckets.find((bucket) => bucket >= length) ?? length;
  const inputIds = new Int32Array(sequenceLength).fill(pad);
  inputIds.set([cls, ...ids, sep]);
  const batch: MlmBatch = {
    batchSize: 1,
    sequenceLength,
    inputIds,
    attentionMask: new Uint8Array(sequenceLength).fill(1, 0, length),
    positions: Int32Array.from(columns),
    labels: new Int32Array(columns.length),
  };
  const { program, inputs } = createMlmTask(config).prepare(batch, { kind: 'logits' });
  const { outputs } = await executor.run(program, { parameters: weights, inputs });
  const logits = outputs.get('logits');
  if (logits === undefined) throw new Error('The program has no logits.');
  return columns.map((_, row) => {
    const start = row * config.vocabSize;
    return new MaskDistribution(logits.slice(start, start + config.vocabSize));
  });
}

function toFill(tokenizer: Tokenizer, ranked: Ranked): Fill {
  return { ...tokenPiece(tokenizer, ranked.id), ...ranked };
}

/** The ids of tokens of another model in the vocabulary of this one, where it has them. */
function twinIds(model: Loaded, other: Loaded, fills: readonly Fill[]): number[] {
  if (model.tokenizer.hash === other.tokenizer.hash) {
    return fills.map(({ id }) => id).filter((id) => id < model.config.vocabSize);
  }
  return fills
    .filter(({ id }) => isNamed(other.tokenizer, id))
    .flatMap((fill) => idsByKey(model).get(pieceKey(fill)) ?? []);
}

function isNamed(tokenizer: Tokenizer, id: number): boolean {
  return id < tokenizer.vocabSize && tokenizer.tokenOf(id) !== '';
}

function idsByKey(model: Loaded): ReadonlyMap<string, number> {
  const { tokenizer } = model;
  model.idsByKey ??= new Map(
    Array.from({ length: tokenizer.vocabSize }, (_, id) => id)
      .filter((id) => isNamed(tokenizer, id))
      .map((id) => [pieceKey(tokenPiece(tokenizer, id)), id]),
  );
  return model.idsByKey;
}
