/**
 * Which windows form which micro-batch, for a seed and an epoch: every window once an epoch, in
 * random order, with windows of like length together so that little is padding. Any step is found
 * directly, so a run resumes at any of them without replaying the ones before.
 */
import { UserError } from '../base/errors.ts';
import { RandomStream } from '../base/random.ts';
import type { WindowSource } from './types.ts';

/** Windows are sorted by length within so many micro-batches drawn at random, as transformers does. */
const BATCHES_SORTED_TOGETHER = 50;

export interface BatchPlanOptions {
  readonly seed: number;
  readonly stream: 'targetOrder' | 'sourceOrder';
  /** Windows a micro-batch. */
  readonly batchSize: number;
  /** Micro-batches an optimizer step. */
  readonly accumulationSteps: number;
  /** Longest window in tokens, special tokens included. */
  readonly maxSeqLength: number;
}

export interface PlannedBatch {
  /** Indices into the window source. */
  readonly windows: Uint32Array;
  /** Length in tokens to pad to: the smallest of lengthBuckets that holds the longest window. */
  readonly padTo: number;
  /** Some of its windows are shorter: such a batch needs a graph that masks the padding. */
  readonly isPadded: boolean;
}

export interface BatchPlan {
  readonly batchesPerEpoch: number;
  /** Optimizer steps; the last one of an epoch may have fewer micro-batches. */
  readonly stepsPerEpoch: number;
  /** Micro-batch `index` of an epoch, both from 0. */
  batchAt(epoch: number, index: number): PlannedBatch;
  /** The micro-batches of an optimizer step, from 0 through all epochs. */
  stepAt(step: number): readonly PlannedBatch[];
  /** Windows drawn in the first `steps` steps, and how often the least and the most drawn one comes. */
  drawsIn(steps: number): {
    readonly draws: number;
    readonly fewest: number;
    readonly most: number;
  };
}

/**
 * The padded lengths in use: few, because every shape of a batch costs the engine a graph.
 * Multiples of 32 to 128, of 64 to 256, of 128 beyond, and the longest window itself.
 */
export function lengthBuckets(maxSeqLength: number): readonly number[] {
  const buckets: number[] = [];
  for (let length = 32; length < maxSeqLength;) {
    buckets.push(length);
    length += length < 128 ? 32 : length < 256 ? 64 : 128;
  }
  return [...buckets, maxSeqLength];
}

/**
 * Plans the micro-batches of a source. In each epoch the windows are shuffled; those that are left
 * over after whole batches form one smaller batch, the last of the epoch, of mixed lengths; the
 * others are sorted by length within each 50 batches' worth, cut into batches, and the batches are
 * shuffled. The last batch is thus as random a sample as any.
 *
 * Memory: 4 bytes a window for the epoch in use. Throws a UserError when there is no window.
 */
export function planBatches(source: WindowSource, options: BatchPlanOptions): BatchPlan {
  const { batchSize, accumulationSteps } = options;
  if (source.windowCount === 0) {
    throw new UserError(
      'corpus/empty-split',
      `The ${source.split} split of the corpus has no text to train on.`,
      'Import a corpus with more documents, or fewer empty ones.',
    );
  }
  const buckets = lengthBuckets(options.maxSeqLength);
  const batchesPerEpoch = Math.ceil(source.windowCount / batchSize);
  const stepsPerEpoch = Math.ceil(batchesPerEpoch / accumulationSteps);
  let current: { readonly epoch: number; readonly order: EpochOrder } | undefined;

  const batchAt = (epoch: number, index: number): PlannedBatch => {
    if (index < 0 || index >= batchesPerEpoch) {
      throw new RangeError(`There is no micro-batch ${index} of ${batchesPerEpoch} in an epoch.`);
    }
    if (current?.epoch !== epoch) current = { epoch, order: orderOf(source, options, epoch) };
    const { windows, batches } = current.order;
    const batch = index < batches.length ? batches[index] : index;
    const chosen = windows.slice(batch * batchSize, (batch + 1) * batchSize);
    const lengths = [...chosen].map((at) => source.windowLength(at));
    const longest = Math.max(...lengths);
    const padTo = buckets.find((bucket) => bucket >= longest);
    if (padTo === undefined) throw new RangeError(`A window has ${longest} tokens.`);
    return { windows: chosen, padTo, isPadded: lengths.some((length) => length < padTo) };
  };

  return {
    batchesPerEpoch,
    stepsPerEpoch,
    batchAt,
    stepAt(step) {
      const epoch = Math.floor(step / stepsPerEpoch);
      const first = (step % stepsPerEpoch) * accumulationSteps;
      const count = Math.min(accumulationSteps, batchesPerEpoch - first);
      return Array.from({ length: count }, (_, index) => batchAt(epoch, first + index));
    },
    drawsIn(steps) {
      const epochs = Math.floor(steps / stepsPerEpoch);
      // Of an epoch begun, all batches but the last are whole, and no window is in two of them.
      const begun = (steps % stepsPerEpoch) * accumulationSteps * batchSize;
      return {
        draws: epochs * source.windowCount + begun,
        fewest: epochs,
        most: epochs + (begun > 0 ? 1 : 0),
      };
    },
  };
}

interface EpochOrder {
  /** (windows): each whole batch in a row, then what is left over. */
  readonly windows: Uint32Array;
  /** (whole batches): the order in which they are visited. */
  readonly batches: Uint32Array;
}

function orderOf(
  source: WindowSource,
  { seed, stream, batchSize }: BatchPlanOptions,
  epoch: number,
): EpochOrder {
  const windows = Uint32Array.from({ length: source.windowCount }, (_, index) => index);
  new RandomStream(seed, stream, epoch, 0).shuffle(windows);
  const whole = Math.floor(windows.length / batchSize);
  const sortedTogether = BATCHES_SORTED_TOGETHER * batchSize;
  for (let from = 0; from < whole * batchSize; from += sortedTogether) {
    windows
      .subarray(from, Math.min(from + sortedTogether, whole * batchSize))
      .sort((a, b) => source.windowLength(a) - source.windowLength(b));
  }
  const batches = Uint32Array.from({ length: whole }, (_, index) => index);
  new RandomStream(seed, stream, epoch, 1).shuffle(batches);
  return { windows, batches };
}
