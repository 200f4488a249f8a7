/** Times what an evaluation takes: drawing a frozen-mask set, making it ready, and scoring it. */
import { setImmediate } from 'node:timers/promises';
import type { MlmBatch, Session } from '../../../engine/types.ts';
import { drawFrozenMasks } from '../../../evaluation/frozenMasks.ts';
import { prepareFrozenMasks } from '../../../evaluation/scoring.ts';
import type { PreparedFrozenMasks } from '../../../evaluation/scoring.ts';
import { openCorpus } from '../../../text/corpusReader.ts';
import type { Tokenizer } from '../../../text/types.ts';
import type { EvaluationMeasurement, ProbeRequest } from '../../probeContract.ts';
import { errorOfMean } from '../../spans.ts';

/** Enough for the lengths that a set has, and a few seconds of work for a large model. */
const TOKENS = 24_000;
const SECONDS = 8;
const FEWEST_BATCHES = 2;

export interface EvaluationProbe {
  readonly session: Session;
  readonly tokenizer: Tokenizer;
  readonly settings: ProbeRequest['settings'];
  readonly evaluation: ProbeRequest['evaluation'];
  readonly signal: AbortSignal;
}

/** Draws a small set from the validation split of a corpus and scores some of its batches. */
export async function measureEvaluation(
  probe: EvaluationProbe,
  folder: string,
): Promise<EvaluationMeasurement> {
  const { tokenizer, settings, evaluation, signal } = probe;
  const maxSequenceLength = settings.max_seq_length;
  const corpus = openCorpus(folder);
  try {
    const drawing = performance.now();
    const set = await drawFrozenMasks(corpus, tokenizer, {
      split: 'validation',
      seed: evaluation.seed,
      maskProbability: evaluation.maskProbability,
      maxSequenceLength,
      maxTokens: Math.min(TOKENS, evaluation.maxTokens),
    });
    const preparing = performance.now();
    signal.throwIfAborted();
    const masks = await prepareFrozenMasks(set, corpus, tokenizer, maxSequenceLength);
    const scoring = performance.now();
    signal.throwIfAborted();
    const { tokensRead, documents } = set.header;
    const each = (milliseconds: number): number => milliseconds / 1000 / Math.max(1, tokensRead);
    return {
      folder,
      tokensPerDocument: tokensRead / documents,
      draw: each(preparing - drawing),
      prepare: each(scoring - preparing),
      ...(await timeScoring(probe, masks)),
    };
  } finally {
    corpus.close();
  }
}

async function timeScoring(
  { session, signal }: EvaluationProbe,
  { batches }: PreparedFrozenMasks,
): Promise<Pick<EvaluationMeasurement, 'score' | 'graphs' | 'spread'>> {
  const seen = new Set<string>();
  const paces: number[] = [];
  let tokens = 0;
  let seconds = 0;
  let graphs = 0;
  const started = performance.now();
  for (const batch of spreadOut(batches.map((one) => one.batch))) {
    const isLate = (performance.now() - started) / 1000 > SECONDS;
    if (isLate && paces.length >= FEWEST_BATCHES) break;
    const shape = `${batch.batchSize} × ${batch.sequenceLength} ${batch.attentionMask.includes(0)}`;
    const first = seen.has(shape) ? undefined : await secondsOf(session, batch);
    const own = await secondsOf(session, batch);
    if (first !== undefined) graphs += Math.max(0, first - own);
    seen.add(shape);
    const read = batch.attentionMask.reduce((total, is) => total + is, 0);
    tokens += read;
    seconds += own;
    paces.push(own / Math.max(1, read));
    await setImmediate();
    signal.throwIfAborted();
  }
  return { score: seconds / Math.max(1, tokens), graphs, spread: errorOfMean(paces) };
}

async function secondsOf(session: Session, batch: MlmBatch): Promise<number> {
  const started = performance.now();
  await session.evaluate(batch);
  return (performance.now() - started) / 1000;
}

/** Batches come longest first: first, last, middle … so that the ones that are reached stand for all. */
function spreadOut(batches: readonly MlmBatch[]): MlmBatch[] {
  const order: number[] = [0, batches.length - 1];
  for (let parts = 2; order.length < 2 * batches.length; parts *= 2) {
    for (let part = 1; part < parts; part += 2) {
      order.push(Math.floor((part * batches.length) / parts));
    }
  }
  return [...new Set(order)].flatMap((index) => batches[index] ?? []);
}
