/** A token as people read it, and as it can be found in another vocabulary. */
import type { Tokenizer } from './types.ts';

export interface TokenPiece {
  /** Without the marks of its tokenizer ("##", "Ġ"). */
  readonly text: string;
  /** False for a piece that continues the word before it. */
  readonly startsWord: boolean;
  /** A token such as [SEP], or an id that the vocabulary has no token for. */
  readonly special: boolean;
}

type Vocabulary = Pick<Tokenizer, 'kind' | 'vocabSize' | 'specialIds' | 'tokenOf' | 'decode'>;

const CONTINUATION = '##';
/** What decoders put in place of bytes that are no whole character. */
const REPLACEMENT = '\u{fffd}';

export function tokenPiece(tokenizer: Vocabulary, id: number): TokenPiece {
  const token = id < tokenizer.vocabSize ? tokenizer.tokenOf(id) : '';
  if (token === '') return { text: `[id ${id}]`, startsWord: true, special: true };
  if (tokenizer.specialIds.has(id)) return { text: token, startsWord: true, special: true };
  if (tokenizer.kind === 'wordpiece') {
    const continues = token.startsWith(CONTINUATION) && token.length > CONTINUATION.length;
    const text = continues ? token.slice(CONTINUATION.length) : token;
    return { text, startsWord: !continues, special: false };
  }
  const decoded = tokenizer.decode([id]);
  // A part of a character has no text of its own.
  if (decoded.includes(REPLACEMENT)) return { text: token, startsWord: false, special: false };
  const startsWord = decoded.startsWith(' ') && decoded.length > 1;
  return { text: startsWord ? decoded.slice(1) : decoded, startsWord, special: false };
}

/** Equal for tokens of different vocabularies that stand for the same piece of text. */
export function pieceKey({ text, startsWord, special }: TokenPiece): string {
  return `${special ? '!' : startsWord ? ' ' : '#'}${text}`;
}
