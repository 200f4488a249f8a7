import { describe, expect, it } from 'vitest';
import { pieceKey, tokenPiece } from '../../../core/text/tokenPiece.ts';

function vocabulary(kind: 'wordpiece' | 'byte-level-bpe', tokens: readonly string[]) {
  return {
    kind,
    vocabSize: tokens.length,
    specialIds: new Set([0]),
    tokenOf: (id: number) => tokens[id] ?? '',
    // As the byte-level decoder does for the tokens used here.
    decode: (ids: readonly number[]) =>
      ids.map((id) => (tokens[id] ?? '').replace('Ġ', ' ').replace('â', '\u{fffd}')).join(''),
  };
}
const wordPiece = vocabulary('wordpiece', ['[SEP]', 'party', '##ing', '##', '', '#']);
const byteLevel = vocabulary('byte-level-bpe', ['</s>', 'Ġparty', 'ing', 'Ġ', 'â']);

describe('tokenPiece', () => {
  it('tells pieces that begin a word from those that continue one', () => {
    const party = { text: 'party', startsWord: true, special: false };
    const ing = { text: 'ing', startsWord: false, special: false };
    expect(tokenPiece(wordPiece, 1)).toEqual(party);
    expect(tokenPiece(byteLevel, 1)).toEqual(party);
    expect(tokenPiece(wordPiece, 2)).toEqual(ing);
    expect(tokenPiece(byteLevel, 2)).toEqual(ing);
  });

  it('keeps what only looks like a mark', () => {
    expect(tokenPiece(wordPiece, 3)).toEqual({ text: '##', startsWord: true, special: false });
    expect(tokenPiece(byteLevel, 3)).toEqual({ text: ' ', startsWord: false, special: false });
  });

  it('names a part of a character by its token, and special tokens as they are', () => {
    expect(tokenPiece(byteLevel, 4)).toEqual({ text: 'â', startsWord: false, special: false });
    expect(tokenPiece(wordPiece, 0)).toEqual({ text: '[SEP]', startsWord: true, special: true });
  });

  it('has a name for ids that the model has and the vocabulary has not', () => {
    const nameless = { startsWord: true, special: true };
    expect(tokenPiece(wordPiece, 4)).toEqual({ text: '[id 4]', ...nameless });
    expect(tokenPiece(wordPiece, 99)).toEqual({ text: '[id 99]', ...nameless });
  });
});

describe('pieceKey', () => {
  it('is equal across vocabularies for the same piece, and differs by place and kind', () => {
    expect(pieceKey(tokenPiece(byteLevel, 1))).toBe(pieceKey(tokenPiece(wordPiece, 1)));
    const keys = [true, false].flatMap((startsWord) =>
      [true, false].map((special) => pieceKey({ text: 'a', startsWord, special })),
    );
    expect(new Set(keys).size).toBe(3);
  });
});
