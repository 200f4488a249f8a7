/** Norms, tensors by their published names, and batches in the forms both sides read. */
import { RandomStream } from '../../core/base/random.ts';
import type { MlmBatch, Weights } from '../../core/engine/types.ts';
import type { EncoderConfig } from '../../core/model/config.ts';
import { openSafetensors } from '../../core/model/safetensors.ts';
import { decoderBiasNames, publishedName } from '../../core/model/tensorNames.ts';
import { readFloat32 } from '../../core/model/tensors.ts';

export function norm(values: Iterable<number>): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  return Math.sqrt(squares);
}

export function difference(a: Float32Array, b: Float32Array): Float64Array {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`);
  return Float64Array.from(a, (value, index) => value - b[index]);
}

export function largest(values: Iterable<number>): number {
  let maximum = 0;
  for (const value of values) maximum = Math.max(maximum, Math.abs(value));
  return maximum;
}

export async function readTensors(path: string): Promise<Map<string, Float32Array>> {
  const file = await openSafetensors(path);
  try {
    const tensors = new Map<string, Float32Array>();
    for (const tensor of file.tensors.values()) {
      tensors.set(tensor.name, await readFloat32(tensor));
    }
    return tensors;
  } finally {
    await file.close();
  }
}

/** Tensors of a file of transformers under the canonical names of `names`. */
export function canonical(
  published: ReadonlyMap<string, Float32Array>,
  names: Iterable<string>,
  config: EncoderConfig,
): Map<string, Float32Array> {
  const tensors = new Map<string, Float32Array>();
  for (const name of names) {
    // Untied models compute with the bias of the decoder layer; the head's own is idle.
    const isIdle = name === 'head.decoder.bias' && !config.tieWordEmbeddings;
    const key = isIdle
      ? decoderBiasNames(config.modelType).layer
      : publishedName(config.modelType, name);
    const values = published.get(key);
    if (values === undefined) throw new Error(`transformers has no ${key}`);
    tensors.set(name, values);
  }
  return tensors;
}

/** The largest ‖a − b‖ / ‖b‖ over all tensors. */
export function largestRelativeDifference(a: Weights, b: Weights): number {
  let worst = 0;
  for (const [name, expected] of b) {
    const actual = a.get(name);
    if (actual === undefined) throw new Error(`no ${name}`);
    worst = Math.max(worst, norm(difference(actual, expected)) / Math.max(norm(expected), 1e-30));
  }
  return worst;
}

export interface BatchShape {
  readonly batchSize: number;
  readonly sequenceLength: number;
  readonly padding: 'left' | 'right';
}

/** Random tokens in rows of random length, a fifth of them scored; token types 0 and 1 where there are any. */
export function randomBatch(config: EncoderConfig, shape: BatchShape, seed: number): MlmBatch {
  const { batchSize, sequenceLength, padding } = shape;
  const random = new RandomStream(seed, 'targetMasks');
  const size = batchSize * sequenceLength;
  const inputIds = new Int32Array(size).fill(config.padTokenId);
  const attentionMask = new Uint8Array(size);
  const tokenTypeIds = new Int32Array(size);
  const scored: [position: number, label: number][] = [];
  for (let row = 0; row < batchSize; row++) {
    // The first row is full, so that the length of the batch is that of its longest row.
    const length = row === 0 ? sequenceLength : 3 + random.nextInteger(sequenceLength - 3);
    const start = padding === 'left' ? sequenceLength - length : 0;
    for (let column = start; column < start + length; column++) {
      const position = row * sequenceLength + column;
      inputIds[position] = 5 + random.nextInteger(config.vocabSize - 5);
      attentionMask[position] = 1;
      if (config.typeVocabSize > 1) tokenTypeIds[position] = column > start + length / 2 ? 1 : 0;
      if (column === start || random.nextInteger(5) === 0) {
        scored.push([position, 5 + random.nextInteger(config.vocabSize - 5)]);
      }
    }
  }
  return {
    ...{ batchSize, sequenceLength, inputIds, attentionMask, tokenTypeIds },
    positions: Int32Array.from(scored, ([position]) => position),
    labels: Int32Array.from(scored, ([, label]) => label),
  };
}

/** The keyword arguments of a masked language model of transformers. */
export function forTransformers(
  { batchSize, sequenceLength, ...batch }: MlmBatch,
  config: EncoderConfig,
): Record<string, number[][]> {
  const rows = (values: ArrayLike<number>): number[][] =>
    Array.from({ length: batchSize }, (_, row) =>
      Array.from(values).slice(row * sequenceLength, (row + 1) * sequenceLength),
    );
  const labels = new Int32Array(batchSize * sequenceLength).fill(-100);
  batch.positions.forEach((position, index) => (labels[position] = batch.labels[index]));
  return {
    input_ids: rows(batch.inputIds),
    attention_mask: rows(batch.attentionMask),
    labels: rows(labels),
    ...(config.typeVocabSize > 0 && batch.tokenTypeIds !== undefined
      ? { token_type_ids: rows(batch.tokenTypeIds) }
      : {}),
  };
}
