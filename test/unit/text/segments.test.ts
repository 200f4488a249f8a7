import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Tokenizer as Library } from 'tokenizers';
import { segmentEnd, segmentRule } from '../../../core/text/segments.ts';
import { codeUnitOffsets, SegmentedEncoder } from '../../../core/text/segmentedEncoder.ts';
import { libraryJson } from '../../../core/text/tokenizerDefinition.ts';
import { readTokenizerDefinition } from '../../../core/text/tokenizerFiles.ts';
import { byteLevelFolder, wordPieceFolder } from '../../fixtures/tinyTokenizers.ts';

/** Text in which everything that a cut could break is frequent. */
const awkwardText = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(' ', '  ', '\n', '\n\n', '\t', '\u00a0', '\u2003') },
      {
        weight: 8,
        arbitrary: fc.constantFrom('the', 'dosing', "I've", 'Heart-rate', '3.5mg', 'unaffable'),
      },
      { weight: 2, arbitrary: fc.constantFrom('[MASK]', '<mask>', '</s>', '[SEP]', '[UNK]') },
      {
        weight: 3,
        arbitrary: fc.constantFrom('\u0301', '\u00e9', 'e\u0301', '\u{1f600}', '\u4e2d', '\u200b'),
      },
      { weight: 1, arbitrary: fc.constantFrom('\u0000', '\ufffd', '\u0085', '\ufeff', '\ud800') },
      { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }) },
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

const FOLDERS = {
  WordPiece: () => wordPieceFolder(),
  'cased WordPiece': () => wordPieceFolder({ do_lower_case: false }),
  'byte-level BPE': () => byteLevelFolder(),
  'byte-level BPE with a prefix space': () => byteLevelFolder({ add_prefix_space: true }),
};

describe.each(Object.entries(FOLDERS))('%s', (_name, makeFolder) => {
  it('gives the library’s own ids, offsets and words for whole texts', async () => {
    const { definition } = await readTokenizerDefinition(await makeFolder());
    const library = Library.fromString(libraryJson(definition));
    const rule = segmentRule(definition);
    expect(rule).not.toBe('none');
    const encoder = new SegmentedEncoder(library, rule);
    await fc.assert(
      fc.asyncProperty(fc.array(awkwardText, { minLength: 1, maxLength: 4 }), async (texts) => {
        const encodings = await encoder.encodeBatch(texts);
        for (const [index, text] of texts.entries()) {
          const whole = await library.encode(text, null, { addSpecialTokens: false });
          const units = codeUnitOffsets(text);
          const words = whole.getWordIds();
          const unitOf = (offset: number): number => units?.[offset] ?? offset;
          expect([...encodings[index].ids]).toEqual(whole.getIds());
          expect([...encodings[index].starts]).toEqual(
            whole.getOffsets().map(([start, end]) => {
              const covered = text.slice(unitOf(start), unitOf(end));
              return unitOf(end) - covered.replace(/^ +/, '').length;
            }),
          );
          expect([...encodings[index].ends]).toEqual(
            whole.getOffsets().map(([, end]) => unitOf(end)),
          );
          expect([...encodings[index].wordStarts]).toEqual(
            words.map((word, token) => (token === 0 || word !== words[token - 1] ? 1 : 0)),
          );
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('segmentEnd', () => {
  it('cuts a text into segments that join to it again', () => {
    fc.assert(
      fc.property(awkwardText, fc.constantFrom('space' as const, 'line' as const), (text, rule) => {
        let joined = '';
        for (let at = 0; at < text.length;) {
          const end = segmentEnd(text, at, rule);
          expect(end).toBeGreaterThan(at);
          joined += text.slice(at, end);
          at = end;
        }
        expect(joined).toBe(text);
      }),
    );
  });

  it('cuts before the first space of a run only', () => {
    expect(segmentEnd('one   two', 0, 'line')).toBe(3);
    expect(segmentEnd('one   two', 3, 'line')).toBe(9);
  });
});

describe('codeUnitOffsets', () => {
  it('maps every code point to where it begins', () => {
    expect(codeUnitOffsets('plain')).toBeUndefined();
    expect([...(codeUnitOffsets('a\u{1f600}b') ?? [])].slice(0, 4)).toEqual([0, 1, 3, 4]);
  });
});
