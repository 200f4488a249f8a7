/**
 * Masked-language-modelling batches (Devlin et al. 2019, section 3.1), as transformers'
 * DataCollatorForLanguageModeling forms them, from a counter-based generator: a batch is a pure
 * function of its windows and its place in the run.
 */
import { RandomStream } from '../base/random.ts';
import type { MlmBatch } from '../engine/types.ts';
import type { Tokenizer, TokenWindow } from './types.ts';

/** Of the chosen tokens, this share becomes the mask token … */
const MASK_SHARE = 0.8;
/** … and this share a token drawn at random; the rest stays as it is. */
const RANDOM_SHARE = 0.1;

/** Where in a run a batch is: the same place always gives the same masks. */
export interface MaskPlace {
  readonly seed: number;
  readonly stream: 'targetMasks' | 'sourceMasks' | 'fisherMasks';
  /** Optimizer step; of `fisherMasks` the number of the window in its split. */
  readonly step: number;
  /** Micro-batch within the step. */
  readonly microBatch: number;
}

export interface CollatorOptions {
  readonly tokenizer: Pick<Tokenizer, 'vocabSize' | 'specialTokens' | 'specialIds'>;
  /** Share of tokens to choose, between 0 and 1. */
  readonly mlmProbability: number;
  readonly wholeWordMask: boolean;
  readonly place: MaskPlace;
  /** Length in tokens that every window is padded to at the right; at least the longest window. */
  readonly padTo: number;
}

/**
 * Pads the windows to (batch, padTo) and masks them.
 *
 * - Every token that is not special is chosen independently with `mlmProbability`. With
 *   `wholeWordMask`, words are chosen instead: in each window, words in random order until
 *   round(mlmProbability × maskable tokens), at least 1, are covered; a word that would go beyond
 *   is passed over, as in BERT's own whole-word masking.
 * - Each chosen token becomes the mask token (80 %), a token drawn uniformly from the vocabulary
 *   without its special tokens (10 %; transformers draws from all of it), or stays (10 %). With
 *   `wholeWordMask` the draw is per token too.
 * - A batch with any maskable token has at least one scored position.
 */
export function collate(windows: readonly TokenWindow[], options: CollatorOptions): MlmBatch {
  const { tokenizer, padTo, place } = options;
  const batchSize = windows.length;
  const inputIds = new Int32Array(batchSize * padTo).fill(tokenizer.specialTokens.pad);
  const attentionMask = new Uint8Array(batchSize * padTo);
  for (const [row, window] of windows.entries()) {
    if (window.inputIds.length > padTo) {
      throw new RangeError(`A window of ${window.inputIds.length} tokens exceeds ${padTo}.`);
    }
    inputIds.set(window.inputIds, row * padTo);
    attentionMask.fill(1, row * padTo, row * padTo + window.inputIds.length);
  }

  const random = new RandomStream(place.seed, place.stream, place.step, place.microBatch);
  const choose = options.wholeWordMask ? chooseWords : chooseTokens;
  let chosen = choose(windows, options, random);
  if (chosen.length === 0) chosen = chooseOne(windows, options, random);

  const positions = Int32Array.from(chosen).sort();
  const labels = positions.map((position) => inputIds[position]);
  for (const position of positions) {
    inputIds[position] = replacement(inputIds[position], tokenizer, random);
  }
  return { batchSize, sequenceLength: padTo, inputIds, attentionMask, positions, labels };
}

function chooseTokens(
  windows: readonly TokenWindow[],
  { tokenizer, mlmProbability, padTo }: CollatorOptions,
  random: RandomStream,
): number[] {
  const chosen: number[] = [];
  for (const [row, window] of windows.entries()) {
    for (const [column, id] of window.inputIds.entries()) {
      if (tokenizer.specialIds.has(id)) continue;
      if (random.nextFloat() < mlmProbability) chosen.push(row * padTo + column);
    }
  }
  return chosen;
}

function chooseWords(
  windows: readonly TokenWindow[],
  { tokenizer, mlmProbability, padTo }: CollatorOptions,
  random: RandomStream,
): number[] {
  const chosen: number[] = [];
  for (const [row, window] of windows.entries()) {
    const words = wordsOf(window, tokenizer.specialIds);
    const maskable = words.reduce((sum, word) => sum + word.length, 0);
    const wanted = Math.max(1, Math.round(mlmProbability * maskable));
    let count = 0;
    for (const word of random.shuffle(words)) {
      if (count + word.length > wanted) continue;
      count += word.length;
      chosen.push(...word.map((column) => row * padTo + column));
      if (count === wanted) break;
    }
  }
  return chosen;
}

/** Columns of the tokens of each word; a special token ends a word and belongs to none. */
function wordsOf(window: TokenWindow, specialIds: ReadonlySet<number>): number[][] {
  const words: number[][] = [];
  let inWord = false;
  for (const [column, id] of window.inputIds.entries()) {
    if (specialIds.has(id)) {
      inWord = false;
    } else if (inWord && window.wordStarts[column] === 0) {
      words[words.length - 1].push(column);
    } else {
      words.push([column]);
      inWord = true;
    }
  }
  return words;
}

/** One maskable token of all, so that a batch without any chosen token still has a loss. */
function chooseOne(
  windows: readonly TokenWindow[],
  { tokenizer, padTo, wholeWordMask }: CollatorOptions,
  random: RandomStream,
): number[] {
  const candidates = windows.flatMap((window, row) => {
    const words = wordsOf(window, tokenizer.specialIds);
    const units = wholeWordMask ? words : words.flat().map((column) => [column]);
    return units.map((columns) => columns.map((column) => row * padTo + column));
  });
  return candidates.length === 0 ? [] : candidates[random.nextInteger(candidates.length)];
}

function replacement(
  id: number,
  { vocabSize, specialTokens, specialIds }: CollatorOptions['tokenizer'],
  random: RandomStream,
): number {
  const share = random.nextFloat();
  if (share < MASK_SHARE) return specialTokens.mask;
  if (share >= MASK_SHARE + RANDOM_SHARE) return id;
  for (;;) {
    const drawn = random.nextInteger(vocabSize);
    if (!specialIds.has(drawn)) return drawn;
  }
}
