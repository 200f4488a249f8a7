import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ngramOverlap } from '../../../core/text/ngramOverlap.ts';
import { memoryCorpus } from '../../fixtures/memoryCorpus.ts';

/** By definition: sets of strings. */
function expected(tuning: readonly string[], evaluation: readonly string[], n: number) {
  const ngrams = (text: string): string[] => {
    const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
    return words.slice(n - 1).map((_, index) => words.slice(index, index + n).join(' '));
  };
  const seen = new Set(tuning.flatMap(ngrams));
  const found = evaluation.map((text) => ngrams(text)).filter((document) => document.length > 0);
  const overlapping = found.map((document) => document.filter((ngram) => seen.has(ngram)).length);
  return {
    n,
    documents: found.length,
    overlappingDocuments: overlapping.filter((count) => count > 0).length,
    ngrams: found.flat().length,
    overlappingNgrams: overlapping.reduce((sum, count) => sum + count, 0),
  };
}

describe('ngramOverlap', () => {
  it('counts as sets of strings do', async () => {
    const word = fc.constantFrom('a', 'B', 'c3', 'dd', 'no', 'pain');
    const text = fc
      .array(fc.tuple(word, fc.constantFrom(' ', ', ', '\n')), { maxLength: 20 })
      .map((pieces) => pieces.flat().join(''));
    const texts = fc.array(text, { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(texts, texts, fc.integer({ min: 1, max: 5 }), async (a, b, n) => {
        const overlap = await ngramOverlap(memoryCorpus(a), memoryCorpus(b), { n });
        expect(overlap).toEqual(expected(a, b, n));
      }),
    );
  });

  it('compares 13 words by default, and only the splits asked for', async () => {
    const words = Array.from({ length: 30 }, (_, index) => `word${index}`);
    const tuning = memoryCorpus([words.slice(0, 20).join(' '), words.join(' ')], ['train', 'test']);
    const evaluation = memoryCorpus(
      [words.slice(5).join(' '), words.slice(8).join(' '), 'short'],
      ['test', 'train', 'test'],
    );
    const options = { tuningSplit: 'train', evaluationSplit: 'test' } as const;
    // Words 5 to 19 are shared: three windows of thirteen, of the 25 − 12 there are.
    expect(await ngramOverlap(tuning, evaluation, options)).toEqual({
      n: 13,
      documents: 1,
      overlappingDocuments: 1,
      ngrams: 13,
      overlappingNgrams: 3,
    });
  });

  it('stops when it is told to', async () => {
    const long = 'many words of text '.repeat(500_000);
    const corpus = memoryCorpus([long, long]);
    await expect(ngramOverlap(corpus, corpus, {}, AbortSignal.abort('enough'))).rejects.toBe(
      'enough',
    );
  });

  it('holds very many n-grams', async () => {
    const text = Array.from({ length: 120_000 }, (_, index) => `w${index}`).join(' ');
    const overlap = await ngramOverlap(memoryCorpus([text]), memoryCorpus([text]));
    expect(overlap.overlappingNgrams).toBe(120_000 - 12);
  });
});
