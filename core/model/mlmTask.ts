/** Lays batches out for the masked-language-model programs. */
import type { InputArray } from '../engine/executor.ts';
import type { MlmTask, PreparedBatch, Purpose } from '../engine/gradientAccumulator.ts';
import type { MlmBatch } from '../engine/types.ts';
import type { EncoderConfig } from './config.ts';
import { firstPosition } from './config.ts';
import { PADDING_BIAS } from './encoder.ts';
import { distillationProgram, logitsProgram, lossProgram } from './mlmProgram.ts';
import type { MlmShape } from './mlmProgram.ts';
import { mlmParameters } from './parameters.ts';

export function createMlmTask(config: EncoderConfig): MlmTask {
  return {
    parameters: mlmParameters(config),
    prepare: (batch, purpose) => prepare(config, batch, purpose),
  };
}

function prepare(config: EncoderConfig, batch: MlmBatch, purpose: Purpose): PreparedBatch {
  const shape: MlmShape = {
    batch: batch.batchSize,
    sequence: batch.sequenceLength,
    padded: batch.attentionMask.includes(0),
    dropout: purpose.kind === 'train' && purpose.dropout,
    scored: scoredSlots(batch.positions.length),
  };
  const inputs = new Map<string, InputArray>([
    ['inputIds', sequenceFirst(batch, batch.inputIds)],
    ['positionIds', sequenceFirst(batch, positionIds(config, batch))],
    ...scoredPositions(batch, shape.scored),
  ]);
  if (config.typeVocabSize > 0) {
    const types = batch.tokenTypeIds ?? new Int32Array(batch.inputIds.length);
    inputs.set('tokenTypeIds', sequenceFirst(batch, types));
  }
  if (shape.padded) inputs.set('keyBias', keyBias(batch));
  if (purpose.kind === 'logits') return { program: logitsProgram(config, shape), inputs };
  const weights = (weight: number): Float32Array =>
    new Float32Array(shape.scored).fill(weight, 0, batch.positions.length);
  inputs.set('positionWeights', weights(purpose.kind === 'train' ? purpose.positionWeight : 1));
  inputs.set('labels', padded(batch.labels, shape.scored));
  const distillation = purpose.kind === 'train' ? purpose.distillation : undefined;
  if (distillation === undefined) return { program: lossProgram(config, shape), inputs };
  inputs.set('divergenceWeights', weights(distillation.positionWeight));
  const { temperature } = distillation;
  return { program: distillationProgram(config, shape, temperature), inputs };
}

/**
 * Slots for `count` scored positions, the next multiple of 8: rows that suit the processor's
 * vectors, and few enough sizes that the executor's memory plans repeat.
 */
export function scoredSlots(count: number): number {
  return Math.max(8, Math.ceil(count / 8) * 8);
}

/** From (batch, sequence) to the programs' order (sequence, batch). */
function sequenceFirst({ batchSize, sequenceLength }: MlmBatch, values: Int32Array): Int32Array {
  const result = new Int32Array(values.length);
  for (let window = 0; window < batchSize; window++) {
    for (let column = 0; column < sequenceLength; column++) {
      result[column * batchSize + window] = values[window * sequenceLength + column];
    }
  }
  return result;
}

/** (batch, sequence). RoBERTa numbers tokens that are not padding and gives padding its own id. */
export function positionIds(config: EncoderConfig, batch: MlmBatch): Int32Array {
  const { batchSize, sequenceLength, inputIds } = batch;
  const ids = new Int32Array(batchSize * sequenceLength);
  const first = firstPosition(config);
  for (let window = 0; window < batchSize; window++) {
    let position = first;
    for (let column = 0; column < sequenceLength; column++) {
      const index = window * sequenceLength + column;
      if (config.modelType !== 'roberta') ids[index] = column;
      else ids[index] = inputIds[index] === config.padTokenId ? config.padTokenId : position++;
    }
  }
  return ids;
}

function keyBias({ attentionMask }: MlmBatch): Float32Array {
  return Float32Array.from(attentionMask, (token) => (token === 1 ? 0 : PADDING_BIAS));
}

function scoredPositions(batch: MlmBatch, scored: number): [string, InputArray][] {
  const { batchSize, sequenceLength, positions } = batch;
  const rows = positions.map(
    (position) => (position % sequenceLength) * batchSize + Math.floor(position / sequenceLength),
  );
  const slots = new Int32Array(batchSize * sequenceLength).fill(scored);
  rows.forEach((row, slot) => {
    slots[row] = slot;
  });
  return [
    ['positions', padded(rows, scored)],
    ['slots', slots],
  ];
}

function padded(values: Int32Array, length: number): Int32Array {
  const result = new Int32Array(length);
  result.set(values);
  return result;
}
