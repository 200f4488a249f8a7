/**
 * The source sequences that a Fisher diagonal is estimated from: windows of a corpus's training
 * split, drawn at random and masked as in training.
 */
import { RandomStream } from '../base/random.ts';
import type { MlmBatch } from '../engine/types.ts';
import { lengthBuckets } from '../text/batchPlan.ts';
import { collate } from '../text/collator.ts';
import type { CollatorOptions } from '../text/collator.ts';
import type { WindowSource } from '../text/types.ts';
import type { FisherSettings } from './fisherSettings.ts';

export interface FisherSampleOptions {
  readonly source: WindowSource;
  readonly settings: FisherSettings;
  readonly tokenizer: CollatorOptions['tokenizer'];
  readonly mlmProbability: number;
  readonly wholeWordMask: boolean;
  /** Longest window in tokens, special tokens included. */
  readonly maxSeqLength: number;
  /** Cuts the rows of a batch, padded to a length, into micro-batches that fit the memory. */
  readonly split: (rows: readonly MlmBatch[], padTo: number) => readonly MlmBatch[][];
}

export interface FisherSample {
  /** Sequences drawn. */
  readonly sequences: number;
  /** What estimateFisher takes: the micro-batches of each sequence or batch; made as they are asked for. */
  readonly elements: Iterable<readonly MlmBatch[]>;
}

/**
 * Draws `settings.sequences` windows without replacement, all of them when there are fewer; a larger
 * number adds to those of a smaller one. The masks of a window depend on the seed and its number in
 * the split alone, so both variants see the same. A batch of the variant `batch` is `batch_size`
 * windows in the order drawn. Elements come longest first, padded to the lengths that training batches
 * have, so that few graphs are made.
 */
export function drawFisherSample(options: FisherSampleOptions): FisherSample {
  const { source, settings } = options;
  const drawn = Uint32Array.from({ length: source.windowCount }, (_, window) => window);
  new RandomStream(settings.seed, 'fisherSample').shuffle(drawn);
  const sample = drawn.subarray(0, settings.sequences);
  const size = settings.variant === 'batch' ? settings.batch_size : 1;
  const buckets = lengthBuckets(options.maxSeqLength);
  const groups = Array.from({ length: Math.ceil(sample.length / size) }, (_, index) => {
    const windows = sample.subarray(index * size, (index + 1) * size);
    const longest = windows.reduce((most, at) => Math.max(most, source.windowLength(at)), 0);
    const padTo = buckets.find((bucket) => bucket >= longest);
    if (padTo === undefined) throw new RangeError(`A window has ${longest} tokens.`);
    return { windows, padTo };
  });
  groups.sort((a, b) => b.padTo - a.padTo);
  return {
    sequences: sample.length,
    elements: {
      *[Symbol.iterator]() {
        for (const { windows, padTo } of groups) yield microBatches(options, windows, padTo);
      },
    },
  };
}

/** None when no window has a token that can be masked. */
function microBatches(
  { source, settings, split, ...collation }: FisherSampleOptions,
  windows: Uint32Array,
  padTo: number,
): MlmBatch[] {
  const rows = Array.from(windows, (window) =>
    collate([source.window(window)], {
      ...collation,
      padTo,
      place: { seed: settings.seed, stream: 'fisherMasks', step: window, microBatch: 0 },
    }),
  );
  const scored = rows.filter(({ positions }) => positions.length > 0);
  return scored.length === 0 ? [] : split(scored, padTo).map(stack);
}

/** One batch of several with one length. */
function stack(rows: readonly MlmBatch[]): MlmBatch {
  const sequenceLength = rows[0]?.sequenceLength ?? 0;
  const joined = (part: 'inputIds' | 'labels'): Int32Array =>
    Int32Array.from(rows.flatMap((row) => [...row[part]]));
  return {
    batchSize: rows.length,
    sequenceLength,
    inputIds: joined('inputIds'),
    attentionMask: Uint8Array.from(rows.flatMap(({ attentionMask }) => [...attentionMask])),
    positions: Int32Array.from(
      rows.flatMap(({ positions }, row) => [
        ...positions.map((position) => position + row * sequenceLength),
      ]),
    ),
    labels: joined('labels'),
  };
}
