/** Cuts the tokens of a split into windows, each with its own special tokens (see `Packing`). */
import type { ShardSplit } from './shardReader.ts';
import { openShardSplit } from './shardReader.ts';
import type { Packing, SplitName, Tokenizer, TokenWindow, WindowSource } from './types.ts';

/** The opening and the closing special token of a window. */
const SPECIAL_TOKENS_A_WINDOW = 2;
/** A chunk gives up at most this share of its length to end where a word ends. */
const WORD_SEARCH_SHARE = 1 / 4;
/** The last chunk of a long document has at least this many tokens, or a quarter of a window. */
const MIN_TAIL_TOKENS = 16;

/** Windows on disk, with the place of every token in the text of its document. */
export interface ShardWindows extends WindowSource {
  /** Documents of the split that have text. */
  readonly documentCount: number;
  /** Indices in the corpus of the documents in a window, in order, at least one; it is not read. */
  documentsOf(index: number): readonly number[];
  /**
   * For each token of a window, special ones included: index of its document in the corpus and
   * its characters [start, end) there, UTF-16 code units. Special tokens have an empty span.
   */
  spans(index: number): WindowSpans;
}

export interface WindowSpans {
  readonly documents: Uint32Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

export interface WindowOptions {
  /** Folder written by buildShards. */
  readonly shards: string;
  readonly split: SplitName;
  readonly packing: Packing;
  /** Longest window in tokens, special tokens included; at least 3. */
  readonly maxSeqLength: number;
  readonly tokenizer: Pick<Tokenizer, 'hash' | 'specialTokens'>;
  /** `contentHash` of the corpus, when the caller knows it. */
  readonly corpusHash?: string;
}

/**
 * Opens the windows of a split.
 *
 * - `document`: windows never cross documents. A document longer than a window is cut into chunks
 *   from its start; a chunk ends where a word ends if one does in its last quarter, and leaves
 *   the last chunk at least 16 tokens. Empty documents have no window.
 * - `concatenate`: the documents in order, a closing special token between two, cut into windows
 *   of equal length; the last one may be shorter.
 *
 * Memory: one record a document, and for `document` 12 bytes a window; tokens are read from disk
 * when a window is asked for. Throws a UserError when the shards are damaged or belong to another
 * tokenizer or corpus.
 */
export function openWindows(options: WindowOptions): ShardWindows {
  const capacity = options.maxSeqLength - SPECIAL_TOKENS_A_WINDOW;
  if (!Number.isInteger(capacity) || capacity < 1) {
    throw new RangeError(`A window of ${options.maxSeqLength} tokens has no room for text.`);
  }
  const shard = openShardSplit(options.shards, options.split, {
    tokenizerHash: options.tokenizer.hash,
    ...(options.corpusHash === undefined ? {} : { corpusHash: options.corpusHash }),
  });
  try {
    const layout =
      options.packing === 'document'
        ? documentLayout(shard, capacity)
        : concatenatedLayout(shard, capacity);
    return new DiskWindows(shard, layout, options.tokenizer.specialTokens);
  } catch (error) {
    shard.close();
    throw error;
  }
}

/** Where the content of each window comes from: runs of tokens, one a document. */
interface Layout {
  readonly windowCount: number;
  /** Tokens between the outer special tokens, separators included. */
  contentLength(index: number): number;
  /** Runs in order, a closing special token between two; an empty run adds only that. */
  runs(index: number): readonly Run[];
}

interface Run {
  /** Number of the document in the split. */
  readonly document: number;
  /** Tokens of the split, `to` excluded. */
  readonly from: number;
  readonly to: number;
}

function documentLayout(shard: ShardSplit, capacity: number): Layout {
  const documents = new GrowingUint32();
  /** First token of each window within its document, and its number of tokens. */
  const froms = new GrowingUint32();
  const lengths = new GrowingUint32();
  for (let document = 0; document < shard.documentEnds.length; document++) {
    const begin = documentBegin(shard, document);
    const size = shard.documentEnds[document] - begin;
    for (let from = 0; from < size;) {
      const to = chunkEnd(shard, begin, from, size, capacity);
      documents.push(document);
      froms.push(from);
      lengths.push(to - from);
      from = to;
    }
  }
  return {
    windowCount: documents.length,
    contentLength: (index) => lengths.values[index],
    runs: (index) => {
      const document = documents.values[index];
      const from = documentBegin(shard, document) + froms.values[index];
      return [{ document, from, to: from + lengths.values[index] }];
    },
  };
}

/** End of the chunk that starts at `from`, in tokens of its document. */
function chunkEnd(
  shard: ShardSplit,
  begin: number,
  from: number,
  size: number,
  capacity: number,
): number {
  if (size - from <= capacity) return size;
  const minimumTail = Math.min(MIN_TAIL_TOKENS, Math.floor(capacity / 4));
  const latest = Math.min(from + capacity, size - minimumTail);
  const earliest = Math.max(from + 1, latest - Math.floor(capacity * WORD_SEARCH_SHARE));
  const wordStarts = shard.readWordStarts(begin + earliest, begin + latest + 1);
  const last = wordStarts.lastIndexOf(1);
  return last === -1 ? latest : earliest + last;
}

function concatenatedLayout(shard: ShardSplit, capacity: number): Layout {
  const documents = nonEmptyDocuments(shard);
  // Position in the stream where each document ends; one separator follows all but the last.
  const ends = Float64Array.from(
    documents,
    (document, order) => shard.documentEnds[document] + order,
  );
  const total = ends.at(-1) ?? 0;
  const windowCount = Math.ceil(total / capacity);
  return {
    windowCount,
    contentLength: (index) => Math.min(capacity, total - index * capacity),
    runs: (index) => {
      const from = index * capacity;
      const to = Math.min(from + capacity, total);
      const runs: Run[] = [];
      // The separator after a document counts as its end, so the first may be an empty run.
      for (let order = firstAtLeast(ends, from); order < documents.length; order++) {
        const document = documents[order];
        const end = shard.documentEnds[document];
        const first = Math.max(from - order, documentBegin(shard, document));
        if (first + order > to) break;
        runs.push({ document, from: first, to: Math.min(end, to - order) });
        if (ends[order] >= to) break;
      }
      return runs;
    },
  };
}

function nonEmptyDocuments(shard: ShardSplit): Uint32Array {
  const documents = new GrowingUint32();
  for (let document = 0; document < shard.documentEnds.length; document++) {
    if (shard.documentEnds[document] > documentBegin(shard, document)) documents.push(document);
  }
  return documents.values.subarray(0, documents.length);
}

function documentBegin(shard: ShardSplit, document: number): number {
  return document === 0 ? 0 : shard.documentEnds[document - 1];
}

/** Index of the first value that is at least `bound`, in ascending values. */
function firstAtLeast(values: Float64Array, bound: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

class DiskWindows implements ShardWindows {
  readonly split: SplitName;
  readonly windowCount: number;
  readonly tokenCount: number;
  readonly documentCount: number;
  readonly #shard: ShardSplit;
  readonly #layout: Layout;
  readonly #specialTokens: Tokenizer['specialTokens'];

  constructor(shard: ShardSplit, layout: Layout, specialTokens: Tokenizer['specialTokens']) {
    this.split = shard.name;
    this.windowCount = layout.windowCount;
    this.tokenCount = shard.tokens;
    this.documentCount = nonEmptyDocuments(shard).length;
    this.#shard = shard;
    this.#layout = layout;
    this.#specialTokens = specialTokens;
  }

  windowLength(index: number): number {
    this.#check(index);
    return this.#layout.contentLength(index) + SPECIAL_TOKENS_A_WINDOW;
  }

  window(index: number): TokenWindow {
    const length = this.windowLength(index);
    const { cls, sep } = this.#specialTokens;
    // Whatever no run covers is a separator or the closing token.
    const inputIds = new Int32Array(length).fill(sep);
    const wordStarts = new Uint8Array(length);
    inputIds[0] = cls;
    const runs = this.#layout.runs(index);
    this.#place(runs, ({ from, to }, at) => {
      inputIds.set(this.#shard.readIds(from, to), at);
      wordStarts.set(this.#shard.readWordStarts(from, to), at);
      // A chunk may begin inside a word; what is left of it there is a word to this window.
      wordStarts[at] = 1;
    });
    const document = this.#shard.documentIndices[firstWithTokens(runs).document];
    return { inputIds, wordStarts, document };
  }

  documentsOf(index: number): readonly number[] {
    this.#check(index);
    const runs = this.#layout.runs(index);
    const withTokens = runs.filter(({ from, to }) => to > from);
    // A window may be a separator alone; it is of the document before it.
    return (withTokens.length > 0 ? withTokens : runs.slice(0, 1)).map(
      ({ document }) => this.#shard.documentIndices[document],
    );
  }

  spans(index: number): WindowSpans {
    const length = this.windowLength(index);
    const documents = new Uint32Array(length);
    const starts = new Uint32Array(length);
    const ends = new Uint32Array(length);
    const runs = this.#layout.runs(index);
    documents.fill(this.#shard.documentIndices[firstWithTokens(runs).document]);
    this.#place(runs, ({ document, from, to }, at) => {
      const spans = this.#shard.readSpans(from, to);
      starts.set(spans.starts, at);
      ends.set(spans.ends, at);
      documents.fill(this.#shard.documentIndices[document], at, at + to - from);
    });
    return { documents, starts, ends };
  }

  close(): void {
    this.#shard.close();
  }

  /** Calls `visit` for every run that has tokens, with its place in the window. */
  #place(runs: readonly Run[], visit: (run: Run, at: number) => void): void {
    let at = 1;
    for (const run of runs) {
      if (run.to > run.from) visit(run, at);
      at += run.to - run.from + 1;
    }
  }

  #check(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= this.windowCount) {
      throw new RangeError(`There is no window ${index} of ${this.windowCount}.`);
    }
  }
}

function firstWithTokens(runs: readonly Run[]): Run {
  return runs.find((run) => run.to > run.from) ?? runs[0];
}

class GrowingUint32 {
  values = new Uint32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Uint32Array(this.length * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length++] = value;
  }
}
