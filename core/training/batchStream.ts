import type { EncoderConfig } from '../model/config.ts';
import type { StreamKind } from '../strategies/types.ts';
import { planBatches } from '../text/batchPlan.ts';
import type { BatchPlan } from '../text/batchPlan.ts';
import { collate } from '../text/collator.ts';
import type { Tokenizer, WindowSource } from '../text/types.ts';
import { openWindows } from '../text/windows.ts';
import type { ShardWindows } from '../text/windows.ts';
import type { TrainingSettings } from './configuration.ts';
import { splitForMemory } from './microBatches.ts';
import { bufferWindows, compositionOf, drawBuffer } from './rehearsalBuffer.ts';
import { sourceShare } from './rehearsalSettings.ts';
import type { BufferComposition, RehearsalSettings } from './rehearsalSettings.ts';
import type { BatchStream } from './resources.ts';

/** A domain's order and masks are drawn apart from the other's: strategies with one seed see the same target. */
const RANDOM_STREAMS = {
  target: { order: 'targetOrder', masks: 'targetMasks' },
  source: { order: 'sourceOrder', masks: 'sourceMasks' },
} as const;

/** A corpus that has been tokenised for the model. */
export interface TokenizedCorpus {
  readonly shardFolder: string;
  /** `contentHash` of the corpus that the shards were made from. */
  readonly contentHash: string;
}

export interface BatchStreamOptions {
  readonly tokenizer: Tokenizer;
  readonly config: EncoderConfig;
  readonly settings: TrainingSettings;
  readonly seed: number;
}

/** A stream with what its batches are drawn from. */
export interface OpenedStream extends BatchStream {
  readonly plan: BatchPlan;
  close(): void;
}

/** The masked batches of a corpus's training split. Throws a UserError when it has no text. */
export function openTargetStream(
  corpus: TokenizedCorpus,
  options: BatchStreamOptions,
): OpenedStream {
  const windows = openTrainWindows(corpus, options);
  return closingOnError(windows, () => {
    const batchSize = options.settings.per_device_train_batch_size;
    const plan = planStream('target', windows, batchSize, options);
    return {
      ...streamOf('target', windows, plan, options),
      plan,
      close: () => windows.close(),
    };
  });
}

/**
 * The masked batches of the rehearsal buffer: for each micro-batch of the target, one with `ratio`
 * times as many sequences, at least one. Throws a UserError when the corpus has no text to train on.
 */
export function openSourceStream(
  corpus: TokenizedCorpus & { readonly buffer: RehearsalSettings },
  ratio: number,
  options: BatchStreamOptions,
): OpenedStream & { composition(steps: number): BufferComposition } {
  const windows = openTrainWindows(corpus, options);
  return closingOnError(windows, () => {
    const chosen = drawBuffer(windows, corpus.buffer, options.seed);
    const buffer = bufferWindows(windows, chosen);
    const share = sourceShare(ratio, options.settings.per_device_train_batch_size);
    const plan = planStream('source', buffer, share.source, options);
    return {
      ...streamOf('source', buffer, plan, options),
      plan,
      composition: (steps) => ({
        ...compositionOf(windows, chosen, corpus.buffer, plan, steps),
        share,
      }),
      close: () => windows.close(),
    };
  });
}

function openTrainWindows(
  { shardFolder, contentHash }: TokenizedCorpus,
  { tokenizer, settings }: BatchStreamOptions,
): ShardWindows {
  return openWindows({
    shards: shardFolder,
    split: 'train',
    packing: settings.packing,
    maxSeqLength: settings.max_seq_length,
    tokenizer,
    corpusHash: contentHash,
  });
}

function closingOnError<T>(windows: WindowSource, make: () => T): T {
  try {
    return make();
  } catch (error) {
    windows.close();
    throw error;
  }
}

function planStream(
  kind: StreamKind,
  windows: WindowSource,
  batchSize: number,
  { settings, seed }: BatchStreamOptions,
): BatchPlan {
  return planBatches(windows, {
    seed,
    stream: RANDOM_STREAMS[kind].order,
    batchSize,
    accumulationSteps: settings.gradient_accumulation_steps,
    maxSeqLength: settings.max_seq_length,
  });
}

function streamOf(
  kind: StreamKind,
  windows: WindowSource,
  plan: BatchPlan,
  { tokenizer, config, settings, seed }: BatchStreamOptions,
): BatchStream {
  return {
    stepsPerEpoch: plan.stepsPerEpoch,
    batchesAt: (step) =>
      plan
        .stepAt(step)
        .flatMap((batch) =>
          splitForMemory([...batch.windows], config, batch.padTo).map((indices) => ({
            indices,
            padTo: batch.padTo,
          })),
        )
        .map(({ indices, padTo }, microBatch) =>
          collate(
            indices.map((index) => windows.window(index)),
            {
              tokenizer,
              mlmProbability: settings.mlm_probability,
              wholeWordMask: settings.whole_word_mask,
              padTo,
              place: { seed, stream: RANDOM_STREAMS[kind].masks, step, microBatch },
            },
          ),
        ),
  };
}
