import type { EncoderConfig } from '../model/config.ts';
import { planBatches } from '../text/batchPlan.ts';
import { collate } from '../text/collator.ts';
import type { Tokenizer } from '../text/types.ts';
import { openWindows } from '../text/windows.ts';
import type { StreamKind } from '../strategies/types.ts';
import type { TrainingSettings } from './configuration.ts';
import { splitForMemory } from './microBatches.ts';
import type { BatchStream } from './resources.ts';

/** A domain's order and masks are drawn apart from the other's: strategies with one seed see the same target. */
const RANDOM_STREAMS = {
  target: { order: 'targetOrder', masks: 'targetMasks' },
  source: { order: 'sourceOrder', masks: 'sourceMasks' },
} as const;

export interface BatchStreamOptions {
  readonly kind: StreamKind;
  readonly shardFolder: string;
  /** `contentHash` of the corpus that the shards were made from. */
  readonly corpusHash: string;
  readonly tokenizer: Tokenizer;
  readonly config: EncoderConfig;
  readonly settings: TrainingSettings;
  readonly seed: number;
}

/** The masked batches of a corpus's training split. Throws a UserError when it has no text. */
export function openBatchStream(options: BatchStreamOptions): BatchStream & { close(): void } {
  const { kind, tokenizer, config, settings, seed } = options;
  const random = RANDOM_STREAMS[kind];
  const windows = openWindows({
    shards: options.shardFolder,
    split: 'train',
    packing: settings.packing,
    maxSeqLength: settings.max_seq_length,
    tokenizer,
    corpusHash: options.corpusHash,
  });
  try {
    const plan = planBatches(windows, {
      seed,
      stream: random.order,
      batchSize: settings.per_device_train_batch_size,
      accumulationSteps: settings.gradient_accumulation_steps,
      maxSeqLength: settings.max_seq_length,
    });
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
                place: { seed, stream: random.masks, step, microBatch },
              },
            ),
          ),
      close: () => windows.close(),
    };
  } catch (error) {
    windows.close();
    throw error;
  }
}
