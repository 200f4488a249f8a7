/** How well a vocabulary fits a corpus: what `corpus report` and the Corpora screen show. */
import { documentBatches } from './documentBatches.ts';
import type { SplitWord } from './splitWords.ts';
import { SplitWordCounter } from './splitWords.ts';
import type { CorpusReader, ReportProgress, Tokenizer } from './types.ts';

const WORDS_SHOWN = 50;
/** The first bin of the histogram is [0, 32) tokens; each further one ends at twice the length. */
const FIRST_BIN_END = 32;

export interface VocabularyReport {
  readonly documents: number;
  readonly tokens: number;
  /** Words as the tokenizer's pre-tokenizer cuts them: white space and punctuation end a word. */
  readonly words: number;
  readonly tokensPerWord: number;
  readonly unknownTokens: number;
  /** Unknown tokens as a share of all tokens, 0 … 1. */
  readonly unknownRate: number;
  /** At most 50, by extra pieces; for the person's eyes only, never for a log. See splitWords.ts. */
  readonly mostSplitWords: SplitWord[];
  /** Documents by their number of tokens, in [from, to). */
  readonly lengthHistogram: { from: number; to: number; documents: number }[];
  readonly exactDuplicates: number;
  readonly nearDuplicates: number;
  readonly nearDuplicateClusters: number;
}

/** Tokenises the whole corpus, all splits, in bounded memory, and counts. */
export async function reportVocabulary(
  { corpus, tokenizer }: { readonly corpus: CorpusReader; readonly tokenizer: Tokenizer },
  report: ReportProgress = () => {},
  signal?: AbortSignal,
): Promise<VocabularyReport> {
  const { manifest } = corpus;
  const splitWords = new SplitWordCounter();
  const histogram: number[] = [];
  let documents = 0;
  let tokens = 0;
  let words = 0;
  let unknownTokens = 0;
  for (const batch of documentBatches(corpus.documents())) {
    signal?.throwIfAborted();
    const encodings = await tokenizer.encodeBatch(batch.map((document) => document.text));
    for (const [index, encoding] of encodings.entries()) {
      const { ids, wordStarts } = encoding;
      tokens += ids.length;
      for (const wordStart of wordStarts) words += wordStart;
      for (const id of ids) if (id === tokenizer.specialTokens.unk) unknownTokens++;
      const bin = binOf(ids.length);
      histogram[bin] = (histogram[bin] ?? 0) + 1;
      splitWords.add(encoding, batch[index].group);
    }
    documents += batch.length;
    report({ stage: 'tokenising', done: documents, total: manifest.documents, unit: 'documents' });
  }
  return {
    documents,
    tokens,
    words,
    tokensPerWord: words === 0 ? 0 : tokens / words,
    unknownTokens,
    unknownRate: tokens === 0 ? 0 : unknownTokens / tokens,
    mostSplitWords: splitWords.mostSplit(tokenizer, WORDS_SHOWN),
    lengthHistogram: Array.from(histogram, (count: number | undefined, bin) => ({
      from: bin === 0 ? 0 : FIRST_BIN_END * 2 ** (bin - 1),
      to: FIRST_BIN_END * 2 ** bin,
      documents: count ?? 0,
    })),
    exactDuplicates: manifest.exactDuplicates,
    nearDuplicates: manifest.nearDuplicates,
    nearDuplicateClusters: manifest.nearDuplicateClusters,
  };
}

function binOf(tokens: number): number {
  return tokens < FIRST_BIN_END ? 0 : Math.floor(Math.log2(tokens / FIRST_BIN_END)) + 1;
}
