/** Scores a model on a frozen-mask set: the loss at its positions, summed by document. */
import type { MlmBatch, Session } from '../engine/types.ts';
import { UserError } from '../base/errors.ts';
import { lengthBuckets } from '../text/batchPlan.ts';
import type { CorpusReader, Encoding, Tokenizer } from '../text/types.ts';
import type { FrozenMaskSet, Span } from './frozenMasks.ts';

/** Sums by document, in the order of the set; a document that the tokenizer left empty has zeros. */
export interface FrozenMaskScores {
  /** (documents), index in the corpus. */
  readonly document: Uint32Array;
  /** (documents), Σ −log p over the masked tokens, nats. */
  readonly lossSum: Float64Array;
  /** (documents), masked tokens. */
  readonly tokens: Uint32Array;
  /** (documents), masked words. */
  readonly words: Uint32Array;
}

/** A window of a set in one tokenizer's ids, every masked position replaced by the mask token. */
interface ScoredWindow {
  /** Row in the scores. */
  readonly row: number;
  readonly inputIds: Int32Array;
  readonly columns: Int32Array;
  readonly labels: Int32Array;
}

/** A set made ready for one tokenizer: it is scored many times in a run. */
export interface PreparedFrozenMasks {
  readonly document: Uint32Array;
  readonly words: Uint32Array;
  readonly batches: readonly { readonly batch: MlmBatch; readonly rows: Uint32Array }[];
}

/** Tokens of a batch, padding included. */
const TOKENS_PER_BATCH = 4096;

/**
 * Reads the set's documents again and finds the masked tokens: those that share a character with a
 * masked word. With a tokenizer other than the set's own a window may come out longer than
 * `maxSequenceLength`; it is then cut.
 * Throws `evaluation/wrong-corpus` when the corpus is not the one that the spans belong to.
 */
export async function prepareFrozenMasks(
  set: FrozenMaskSet,
  corpus: CorpusReader,
  tokenizer: Tokenizer,
  maxSequenceLength: number = set.header.maxSequenceLength,
): Promise<PreparedFrozenMasks> {
  if (corpus.manifest.contentHash !== set.header.contentHash) {
    throw new UserError(
      'evaluation/wrong-corpus',
      `The frozen-mask set does not belong to the corpus in ${corpus.folder}.`,
      'Run the project again so that the set is drawn from the corpus as it is now.',
    );
  }
  const windows: ScoredWindow[] = [];
  for (const [row, { document, windows: spans }] of set.documents.entries()) {
    const encoding = await tokenizer.encode(corpus.document(document).text);
    for (const { span, masked } of spans) {
      const tokens = tokensIn(encoding, span);
      const isMasked = tokens.map((token) => overlapsAny(encoding, token, masked));
      windows.push(...cut(row, encoding, tokens, isMasked, tokenizer, maxSequenceLength - 2));
    }
  }
  return {
    document: Uint32Array.from(set.documents, ({ document }) => document),
    words: Uint32Array.from(set.documents, (document) =>
      document.windows.reduce((sum, { masked }) => sum + masked.length, 0),
    ),
    batches: batchesOf(windows, tokenizer.specialTokens.pad, maxSequenceLength),
  };
}

/**
 * The model's loss at every position of the set, dropout off. `interrupted` is asked between
 * batches; when it says yes, the scores are undefined.
 */
export async function scoreFrozenMasks(
  session: Session,
  prepared: PreparedFrozenMasks,
  interrupted: () => boolean = () => false,
): Promise<FrozenMaskScores | undefined> {
  const lossSum = new Float64Array(prepared.document.length);
  const tokens = new Uint32Array(prepared.document.length);
  for (const { batch, rows } of prepared.batches) {
    if (interrupted()) return undefined;
    const losses = await session.evaluate(batch);
    for (const [i, position] of batch.positions.entries()) {
      const row = rows[Math.floor(position / batch.sequenceLength)];
      lossSum[row] += losses[i];
      tokens[row]++;
    }
  }
  return { document: prepared.document, lossSum, tokens, words: prepared.words };
}

export interface FrozenMaskTotals {
  /** Σ loss / Σ tokens, nats. */
  readonly nll: number;
  /** exp(nll), the pseudo-perplexity. */
  readonly perplexity: number;
  /** Σ loss / Σ words, nats: comparable across tokenizers. */
  readonly nllPerWord: number;
  readonly tokens: number;
  readonly words: number;
}

export function totalsOf(scores: FrozenMaskScores): FrozenMaskTotals {
  const sum = (values: Iterable<number>): number => {
    let total = 0;
    for (const value of values) total += value;
    return total;
  };
  const [loss, tokens, words] = [sum(scores.lossSum), sum(scores.tokens), sum(scores.words)];
  const nll = loss / tokens;
  return { nll, perplexity: Math.exp(nll), nllPerWord: loss / words, tokens, words };
}

/** A token belongs to the window that holds its last character: byte-level tokens may begin with a space. */
function tokensIn(encoding: Encoding, [start, end]: Span): number[] {
  const tokens: number[] = [];
  for (let token = firstTokenEndingAfter(encoding, start); token < encoding.ids.length; token++) {
    const last = Math.max(encoding.starts[token], encoding.ends[token] - 1);
    if (last >= end) break;
    if (last >= start) tokens.push(token);
  }
  return tokens;
}

function firstTokenEndingAfter(encoding: Encoding, position: number): number {
  let low = 0;
  let high = encoding.ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (encoding.ends[middle] <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}

function overlapsAny(encoding: Encoding, token: number, spans: readonly Span[]): boolean {
  const [start, end] = [encoding.starts[token], encoding.ends[token]];
  return spans.some((span) => start < span[1] && end > span[0]);
}

function* cut(
  row: number,
  encoding: Encoding,
  tokens: readonly number[],
  isMasked: readonly boolean[],
  tokenizer: Tokenizer,
  length: number,
): Generator<ScoredWindow> {
  const { cls, sep, mask } = tokenizer.specialTokens;
  for (let from = 0; from < tokens.length; from += length) {
    const part = tokens.slice(from, from + length);
    const scored = part.flatMap((_, i) => (isMasked[from + i] === true ? [i] : []));
    if (scored.length === 0) continue;
    const ids = part.map((token, i) => (isMasked[from + i] === true ? mask : encoding.ids[token]));
    yield {
      row,
      inputIds: Int32Array.from([cls, ...ids, sep]),
      columns: Int32Array.from(scored, (i) => i + 1),
      labels: Int32Array.from(scored, (i) => encoding.ids[part[i] ?? 0]),
    };
  }
}

/** Longest windows first, so that neighbours have one padded length and only the last batch is short. */
function batchesOf(
  windows: readonly ScoredWindow[],
  pad: number,
  maxSequenceLength: number,
): { batch: MlmBatch; rows: Uint32Array }[] {
  const ordered = windows.toSorted((a, b) => b.inputIds.length - a.inputIds.length);
  const buckets = lengthBuckets(maxSequenceLength);
  const batches: { batch: MlmBatch; rows: Uint32Array }[] = [];
  for (let from = 0; from < ordered.length;) {
    const longest = ordered[from]?.inputIds.length ?? 0;
    const sequenceLength = buckets.find((bucket) => bucket >= longest) ?? longest;
    const batchSize = Math.max(1, Math.floor(TOKENS_PER_BATCH / sequenceLength));
    const part = ordered.slice(from, from + batchSize);
    batches.push({
      batch: padded(part, sequenceLength, pad),
      rows: Uint32Array.from(part, ({ row }) => row),
    });
    from += part.length;
  }
  return batches;
}

function padded(windows: readonly ScoredWindow[], sequenceLength: number, pad: number): MlmBatch {
  const inputIds = new Int32Array(windows.length * sequenceLength).fill(pad);
  const attentionMask = new Uint8Array(inputIds.length);
  for (const [row, window] of windows.entries()) {
    inputIds.set(window.inputIds, row * sequenceLength);
    attentionMask.fill(1, row * sequenceLength, row * sequenceLength + window.inputIds.length);
  }
  return {
    batchSize: windows.length,
    sequenceLength,
    inputIds,
    attentionMask,
    positions: Int32Array.from(
      windows.flatMap(({ columns }, row) =>
        Array.from(columns, (column) => row * sequenceLength + column),
      ),
    ),
    labels: Int32Array.from(windows.flatMap(({ labels }) => Array.from(labels))),
  };
}
