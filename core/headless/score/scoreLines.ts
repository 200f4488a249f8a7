/** Scores masked examples with a model, a bounded number of them in memory at a time. */
import type { MlmBatch, Session } from '../../engine/types.ts';
import { NOT_SCORED } from './maskedLines.ts';
import type { MaskedLine } from './maskedLines.ts';

/** Lines that are sorted by length together. */
const LINES_AT_ONCE = 512;
/** Tokens of a batch, padding included: enough to keep the cores busy, small enough for a laptop. */
const TOKENS_A_BATCH = 4096;
/** Lengths are rounded up to a multiple, so that few shapes of graph are needed. */
const LENGTH_STEP = 16;

export interface LineScore {
  readonly line: number;
  /** Σ −log p(label) over the scored positions, nats. */
  readonly sum: number;
  readonly count: number;
}

/** One score a line, in the order of the lines. */
export async function scoreLines(
  session: Pick<Session, 'evaluate'>,
  lines: AsyncIterable<MaskedLine>,
  padTokenId: number,
  maxSequenceLength: number,
  report: (linesDone: number) => void,
): Promise<LineScore[]> {
  const scores: LineScore[] = [];
  const scoreChunk = async (chunk: readonly MaskedLine[]): Promise<void> => {
    const found = new Map<number, LineScore>();
    for (const rows of batchesOf(chunk, maxSequenceLength)) {
      const batch = toBatch(rows, paddedLength(rows, maxSequenceLength), padTokenId);
      const losses = await session.evaluate(batch);
      for (const score of sumByLine(rows, batch, losses)) found.set(score.line, score);
      report(scores.length + found.size);
    }
    scores.push(...chunk.flatMap(({ line }) => found.get(line) ?? []));
  };
  let chunk: MaskedLine[] = [];
  for await (const line of lines) {
    chunk.push(line);
    if (chunk.length < LINES_AT_ONCE) continue;
    await scoreChunk(chunk);
    chunk = [];
  }
  await scoreChunk(chunk);
  return scores;
}

/** Neighbours in length share a batch; all rows of a batch pad to one length. */
export function batchesOf(lines: readonly MaskedLine[], maxSequenceLength: number): MaskedLine[][] {
  const byLength = Map.groupBy(lines, (line) => paddedLength([line], maxSequenceLength));
  return [...byLength].flatMap(([length, rows]) => {
    const size = Math.max(1, Math.floor(TOKENS_A_BATCH / length));
    const count = Math.ceil(rows.length / size);
    return Array.from({ length: count }, (_, i) => rows.slice(i * size, (i + 1) * size));
  });
}

function paddedLength(rows: readonly MaskedLine[], maxSequenceLength: number): number {
  const longest = Math.max(...rows.map(({ inputIds }) => inputIds.length));
  return Math.min(maxSequenceLength, Math.ceil(longest / LENGTH_STEP) * LENGTH_STEP);
}

/** Rows padded at the right to `sequenceLength`; (batch, sequence) as MlmBatch says. */
export function toBatch(
  rows: readonly MaskedLine[],
  sequenceLength: number,
  padTokenId: number,
): MlmBatch {
  const size = rows.length * sequenceLength;
  const inputIds = new Int32Array(size).fill(padTokenId);
  const attentionMask = new Uint8Array(size);
  const tokenTypeIds = new Int32Array(size);
  const positions: number[] = [];
  const labels: number[] = [];
  rows.forEach((row, index) => {
    const start = index * sequenceLength;
    inputIds.set(row.inputIds, start);
    attentionMask.set(row.attentionMask, start);
    if (row.tokenTypeIds) tokenTypeIds.set(row.tokenTypeIds, start);
    row.labels.forEach((label, column) => {
      if (label === NOT_SCORED) return;
      positions.push(start + column);
      labels.push(label);
    });
  });
  return {
    batchSize: rows.length,
    sequenceLength,
    inputIds,
    attentionMask,
    tokenTypeIds,
    positions: Int32Array.from(positions),
    labels: Int32Array.from(labels),
  };
}

function sumByLine(
  rows: readonly MaskedLine[],
  batch: MlmBatch,
  losses: Float32Array,
): LineScore[] {
  const scores = rows.map(({ line }) => ({ line, sum: 0, count: 0 }));
  batch.positions.forEach((position, index) => {
    const score = scores[Math.floor(position / batch.sequenceLength)];
    score.sum += losses[index];
    score.count++;
  });
  return scores;
}
