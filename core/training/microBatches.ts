import type { EncoderConfig } from '../model/config.ts';

/**
 * Memory that the activations of one micro-batch may take, bytes. It is a constant and not a share of
 * this machine's memory because dropout is drawn by micro-batch: a run must be cut alike everywhere.
 */
const MICRO_BATCH_BYTES = 2 ** 31;

/** Share of the positions that are scored, with room for the bucket they are padded to. */
const SCORED_SHARE = 0.2;

/**
 * Estimated memory of one window of a training step, bytes. The factors are fitted to peaks measured
 * at BERT-base, 8 × 128 and 4 × 512: values kept for the backward pass, by their width.
 */
export function bytesPerWindow(config: EncoderConfig, sequenceLength: number): number {
  const { hiddenSize, intermediateSize, numAttentionHeads, numHiddenLayers, vocabSize } = config;
  const layer = 27 * hiddenSize + 5 * intermediateSize + 3 * numAttentionHeads * sequenceLength;
  const head = 3 * SCORED_SHARE * vocabSize;
  return 4 * sequenceLength * (numHiddenLayers * layer + head);
}

/**
 * Cuts the windows of a batch into micro-batches that fit the memory, as equal as possible so that
 * they share a graph. Order is kept.
 */
export function splitForMemory<Window>(
  windows: readonly Window[],
  config: EncoderConfig,
  sequenceLength: number,
  budget: number = MICRO_BATCH_BYTES,
): Window[][] {
  const most = Math.max(1, Math.floor(budget / bytesPerWindow(config, sequenceLength)));
  const parts = Math.ceil(windows.length / most);
  const size = Math.ceil(windows.length / parts);
  return Array.from({ length: parts }, (_, i) => windows.slice(i * size, (i + 1) * size)).filter(
    (part) => part.length > 0,
  );
}
