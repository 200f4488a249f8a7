/**
 * Frozen-mask sets: which words of which documents are masked in an evaluation, decided once and
 * stored, so that every run is scored on exactly the same positions and two runs differ by their
 * weights alone. Positions are words as character spans, not tokens, so that models with different
 * tokenizers can be compared in nats a masked word.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { UserError, asUserError } from '../base/errors.ts';
import { hashBytes, writeFileAtomically } from '../base/files.ts';
import { RandomStream } from '../base/random.ts';
import type { CorpusReader, Encoding, SplitName, Tokenizer } from '../text/types.ts';

/** [start, end) in UTF-16 code units of the document. */
const spanSchema = z.tuple([z.int().nonnegative(), z.int().positive()]);
export type Span = z.infer<typeof spanSchema>;

const headerSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** `contentHash` of the corpus that the spans belong to. */
  contentHash: z.string(),
  split: z.enum(['train', 'validation', 'test']),
  /** The tokenizer that found the words and the windows. */
  tokenizerHash: z.string(),
  seed: z.int().nonnegative(),
  maskProbability: z.number(),
  maxSequenceLength: z.int(),
  maxTokens: z.int(),
  documents: z.int(),
  windows: z.int(),
  words: z.int(),
  tokensRead: z.int(),
});

const documentSchema = z.strictObject({
  /** Index in the corpus. */
  document: z.int().nonnegative(),
  windows: z.array(z.strictObject({ span: spanSchema, masked: z.array(spanSchema).min(1) })),
});
export type FrozenDocument = z.infer<typeof documentSchema>;

/** What a set was made from and how large it came out; the first line of its file. */
export type FrozenMaskHeader = z.infer<typeof headerSchema>;

export interface FrozenMaskSet {
  readonly header: FrozenMaskHeader;
  /** Ascending by index; documents without a masked word are left out. */
  readonly documents: readonly FrozenDocument[];
}

export interface FrozenMaskOptions {
  readonly split: SplitName;
  readonly seed: number;
  /** Chance of every word to be masked, and so the expected share of masked tokens. */
  readonly maskProbability: number;
  /** Longest window in tokens, the two special tokens included. */
  readonly maxSequenceLength: number;
  /** Bound on the tokens read, without special tokens. */
  readonly maxTokens: number;
}

/**
 * Draws a set from one split of a corpus. Documents are taken in a shuffled order until `maxTokens`
 * tokens are read; each is cut into windows at word starts, and each word of a window is masked with
 * `maskProbability`, independently: what is masked does not depend on the length of a word or
 * document. The result is a function of the corpus, the tokenizer and the options.
 * Throws `evaluation/empty-split` when nothing was masked.
 */
export async function drawFrozenMasks(
  corpus: CorpusReader,
  tokenizer: Tokenizer,
  options: FrozenMaskOptions,
): Promise<FrozenMaskSet> {
  const order = Uint32Array.from({ length: corpus.manifest.documents }, (_, index) => index);
  new RandomStream(options.seed, 'frozenMasks', 0).shuffle(order);
  const documents: FrozenDocument[] = [];
  let tokensRead = 0;
  for (const index of order) {
    if (tokensRead >= options.maxTokens) break;
    const document = corpus.document(index);
    if (document.split !== options.split) continue;
    const encoding = await tokenizer.encode(document.text);
    const tokenCount = Math.min(encoding.ids.length, options.maxTokens - tokensRead);
    tokensRead += tokenCount;
    const random = new RandomStream(options.seed, 'frozenMasks', 1, index);
    const windows = drawWindows(encoding, tokenCount, tokenizer.specialIds, options, random);
    if (windows.length > 0) documents.push({ document: index, windows });
  }
  if (documents.length === 0) {
    throw new UserError(
      'evaluation/empty-split',
      `The ${options.split} split of the corpus in ${corpus.folder} has no words to mask.`,
      'Import more documents, or raise evaluation.mask_probability or evaluation.max_tokens.',
    );
  }
  documents.sort((a, b) => a.document - b.document);
  const windows = documents.flatMap((document) => document.windows);
  return {
    header: {
      formatVersion: 1,
      contentHash: corpus.manifest.contentHash,
      split: options.split,
      tokenizerHash: tokenizer.hash,
      seed: options.seed,
      maskProbability: options.maskProbability,
      maxSequenceLength: options.maxSequenceLength,
      maxTokens: options.maxTokens,
      documents: documents.length,
      windows: windows.length,
      words: windows.reduce((sum, { masked }) => sum + masked.length, 0),
      tokensRead,
    },
    documents,
  };
}

type FrozenWindow = FrozenDocument['windows'][number];

function drawWindows(
  encoding: Encoding,
  tokenCount: number,
  specialIds: ReadonlySet<number>,
  options: FrozenMaskOptions,
  random: RandomStream,
): FrozenWindow[] {
  const windows: FrozenWindow[] = [];
  for (const [from, to] of windowBounds(encoding, tokenCount, options.maxSequenceLength - 2)) {
    const masked: Span[] = [];
    for (const word of wordsIn(encoding, from, to, specialIds)) {
      if (random.nextFloat() < options.maskProbability) masked.push(word);
    }
    if (masked.length === 0) continue;
    windows.push({ span: [encoding.starts[from], encoding.ends[to - 1]], masked });
  }
  return windows;
}

/** [from, to) in tokens: at most `length` long, ending before a word start where there is one. */
function* windowBounds(
  encoding: Encoding,
  tokenCount: number,
  length: number,
): Generator<[number, number]> {
  for (let from = 0; from < tokenCount;) {
    let to = Math.min(from + length, tokenCount);
    if (to < encoding.ids.length) {
      let boundary = to;
      while (boundary > from && encoding.wordStarts[boundary] === 0) boundary--;
      if (boundary > from) to = boundary;
    }
    yield [from, to];
    from = to;
  }
}

/** Character spans of the words that lie in tokens [from, to), special tokens left out. */
function* wordsIn(
  encoding: Encoding,
  from: number,
  to: number,
  specialIds: ReadonlySet<number>,
): Generator<Span> {
  for (let first = from; first < to;) {
    let next = first + 1;
    while (next < to && encoding.wordStarts[next] === 0) next++;
    const [start, end] = [encoding.starts[first], encoding.ends[next - 1]];
    const isSpecial = encoding.ids.subarray(first, next).some((id) => specialIds.has(id));
    if (end > start && !isSpecial) yield [start, end];
    first = next;
  }
}

/** Writes the set as JSON lines, the header first; returns the SHA-256 of the file. */
export async function writeFrozenMasks(path: string, set: FrozenMaskSet): Promise<string> {
  const lines = [set.header, ...set.documents].map((line) => `${JSON.stringify(line)}\n`).join('');
  await writeFileAtomically(path, lines);
  return hashBytes(lines);
}

/** Throws `evaluation/changed-set` when the file is not the one whose SHA-256 is given. */
export function readFrozenMasks(path: string, sha256: string): FrozenMaskSet {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw asUserError(error, path);
  }
  if (hashBytes(content) !== sha256) {
    throw new UserError(
      'evaluation/changed-set',
      `The frozen-mask set ${path} is not the one the run was made with.`,
      'Restore the file, or run the project again so that a new set is drawn.',
    );
  }
  const [header, ...documents] = content
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  return { header: headerSchema.parse(header), documents: documentSchema.array().parse(documents) };
}
