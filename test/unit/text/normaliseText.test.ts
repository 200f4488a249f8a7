import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normaliseText } from '../../../core/text/normaliseText.ts';

function normalise(text: string): { text: string; replaced: number; removed: number } {
  const changes = { replacedSequences: 0, removedNulCharacters: 0 };
  const result = normaliseText(text, changes, false, 'file.jsonl');
  return {
    text: result,
    replaced: changes.replacedSequences,
    removed: changes.removedNulCharacters,
  };
}

describe('normaliseText', () => {
  it('unifies line ends, removes NUL characters and outer white space, and keeps the rest', () => {
    expect(normalise('\ufeff \r\n a\r\nb\rc\n\n\td\0 \t\n')).toEqual({
      text: 'a\nb\nc\n\n\td',
      replaced: 0,
      removed: 1,
    });
    // Composed and decomposed accents, ligatures, odd spaces: the tokenizer decides about them.
    const kept = 'e\u0301 \u00e9 \ufb01 a\u00a0b  c\u200bd';
    expect(normalise(kept).text).toBe(kept);
  });

  it('replaces and counts lone surrogates, not pairs', () => {
    expect(normalise('a\ud83eb\udd7a🩺')).toEqual({
      text: 'a\ufffdb\ufffd🩺',
      replaced: 2,
      removed: 0,
    });
  });

  it('refuses lone surrogates when strict', () => {
    const changes = { replacedSequences: 0, removedNulCharacters: 0 };
    expect(() => normaliseText('secret\ud800', changes, true, 'a.jsonl')).toThrow(
      'A document of a.jsonl is not valid UTF-8.',
    );
  });

  it('is idempotent and always encodable', () => {
    const unit = fc.constantFrom(
      'a',
      'é',
      '🩺',
      '\ud83e',
      '\udd7a',
      '\0',
      '\r',
      '\n',
      ' ',
      '\u00a0',
    );
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const once = normalise(text).text;
        expect(normalise(once)).toEqual({ text: once, replaced: 0, removed: 0 });
        expect(Buffer.from(once).toString('utf8')).toBe(once);
      }),
    );
  });
});
