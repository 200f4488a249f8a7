/** Makes the WordPiece vocabulary of the demo's base model. */

const SPECIAL_TOKENS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const CONTINUATION = '##';

/** Lower-cased words and single signs with their counts, as BERT's basic tokenizer splits text. */
export function countWords(texts: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu)) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}

/**
 * Entries in the order of their ids: special tokens, every character that occurs (alone and as a
 * continuation), every general word, and pieces that spell the other words, by byte-pair merges
 * (Sennrich, Haddow and Birch 2016) until there are `size` entries. So the base model knows general
 * words whole and meets the words of the clinic in pieces, as a published one does.
 */
export function makeVocabulary(
  generalWords: ReadonlyMap<string, number>,
  otherWords: ReadonlyMap<string, number>,
  size: number,
): string[] {
  const words = new Map([...generalWords, ...otherWords]);
  const characters = [...new Set([...words.keys()].flatMap((word) => [...word]))].sort();
  const entries = new Set<string>([
    ...SPECIAL_TOKENS,
    ...characters,
    ...characters.map((character) => CONTINUATION + character),
    ...[...generalWords.keys()].sort(),
  ]);
  const spellings = [...otherWords]
    .filter(([word]) => !generalWords.has(word))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([word, count]) => ({ pieces: spell(word), count }));
  while (entries.size < size) {
    const pair = mostFrequentPair(spellings);
    if (pair === undefined) break;
    const merged = merge(...pair);
    entries.add(merged);
    for (const spelling of spellings) replacePair(spelling.pieces, pair, merged);
  }
  return [...entries];
}

type Pair = readonly [left: string, right: string];
interface Spelling {
  readonly pieces: string[];
  readonly count: number;
}

function spell(word: string): string[] {
  return [...word].map((character, index) => (index === 0 ? character : CONTINUATION + character));
}

function merge(left: string, right: string): string {
  return left + right.slice(CONTINUATION.length);
}

/** The first in alphabetical order among equals, so that the result does not hang on insertion order. */
function mostFrequentPair(spellings: readonly Spelling[]): Pair | undefined {
  const counts = new Map<string, number>();
  for (const { pieces, count } of spellings) {
    for (let i = 1; i < pieces.length; i++) {
      const key = `${pieces[i - 1]} ${pieces[i]}`;
      counts.set(key, (counts.get(key) ?? 0) + count);
    }
  }
  let best: string | undefined;
  let most = 0;
  for (const [key, count] of counts) {
    if (count > most || (count === most && best !== undefined && key < best)) {
      best = key;
      most = count;
    }
  }
  if (best === undefined) return undefined;
  const [left, right] = best.split(' ');
  return [left, right];
}

function replacePair(pieces: string[], [left, right]: Pair, merged: string): void {
  for (let i = 0; i + 1 < pieces.length; i++) {
    if (pieces[i] === left && pieces[i + 1] === right) pieces.splice(i, 2, merged);
  }
}
