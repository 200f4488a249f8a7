/** The models and batches that the benchmark trains. */
import { RandomStream } from '../../core/base/random.ts';
import type { AdamWUpdate, MlmBatch } from '../../core/engine/types.ts';
import type { EncoderConfig } from '../../core/model/config.ts';

export interface BenchmarkModel {
  readonly name: string;
  readonly layers: number;
  readonly hidden: number;
  readonly batch: number;
  /** Steps a contender takes before the next one's turn. */
  readonly stepsPerTurn: number;
}

export const MODELS: readonly BenchmarkModel[] = [
  { name: 'L2', layers: 2, hidden: 128, batch: 32, stepsPerTurn: 4 },
  { name: 'L4', layers: 4, hidden: 256, batch: 16, stepsPerTurn: 3 },
  { name: 'L12', layers: 12, hidden: 768, batch: 8, stepsPerTurn: 1 },
];

export const SEQUENCE = 128;
export const SCORED_PER_WINDOW = 20;
export const VOCABULARY = 30_522;
export const DROPOUT = 0.1;
const HEAD_SIZE = 64;

export const UPDATE: AdamWUpdate = {
  learningRate: 5e-5,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  maxGradNorm: 1,
};

export function modelNamed(name: string): BenchmarkModel {
  const model = MODELS.find((each) => each.name === name);
  if (model === undefined) {
    throw new Error(`No model ${name}; there are ${MODELS.map((each) => each.name).join(', ')}.`);
  }
  return model;
}

export function encoderConfig({ layers, hidden }: BenchmarkModel): EncoderConfig {
  return {
    modelType: 'bert',
    vocabSize: VOCABULARY,
    hiddenSize: hidden,
    numHiddenLayers: layers,
    numAttentionHeads: hidden / HEAD_SIZE,
    intermediateSize: 4 * hidden,
    hiddenAct: 'gelu',
    hiddenDropoutProb: DROPOUT,
    attentionProbsDropoutProb: DROPOUT,
    maxPositionEmbeddings: 512,
    typeVocabSize: 2,
    layerNormEps: 1e-12,
    initializerRange: 0.02,
    padTokenId: 0,
    tieWordEmbeddings: true,
  };
}

/** Random token ids; every window has the same number of scored positions, evenly spread. */
export function randomBatch({ batch }: BenchmarkModel, step: number): MlmBatch {
  const stream = new RandomStream(1, 'targetOrder', step);
  const length = batch * SEQUENCE;
  const positions = Int32Array.from({ length: batch * SCORED_PER_WINDOW }, (_, i) => {
    const window = Math.floor(i / SCORED_PER_WINDOW);
    const column = Math.floor(((i % SCORED_PER_WINDOW) * SEQUENCE) / SCORED_PER_WINDOW);
    return window * SEQUENCE + column;
  });
  return {
    batchSize: batch,
    sequenceLength: SEQUENCE,
    inputIds: Int32Array.from({ length }, () => stream.nextInteger(VOCABULARY)),
    attentionMask: new Uint8Array(length).fill(1),
    positions,
    labels: positions.map(() => stream.nextInteger(VOCABULARY)),
  };
}

/**
 * Floating-point operations of the matrix products of a step, forward and backward (twice the
 * forward), with logits at scored positions only: what a step needs, whoever takes it.
 */
export function stepOperations({ layers, hidden, batch }: BenchmarkModel): number {
  const tokens = batch * SEQUENCE;
  const scored = batch * SCORED_PER_WINDOW;
  const projections = 2 * tokens * (4 * hidden * hidden + 2 * hidden * 4 * hidden);
  const attention = 2 * 2 * tokens * SEQUENCE * hidden;
  const head = 2 * scored * (hidden * hidden + hidden * VOCABULARY);
  return 3 * (layers * (projections + attention) + head);
}
