import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { SplitWordCounter } from '../../../core/text/splitWords.ts';
import { openTokenizer } from '../../../core/text/tokenizer.ts';
import type { Tokenizer } from '../../../core/text/types.ts';
import { reportVocabulary } from '../../../core/text/vocabularyReport.ts';
import { corpusReportSchema } from '../../../core/workbench/contract.ts';
import { memoryCorpus } from '../../fixtures/memoryCorpus.ts';
import { sharedFolder } from '../../fixtures/shared.ts';
import { wordPieceFolder } from '../../fixtures/tinyTokenizers.ts';

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = (await openTokenizer(await wordPieceFolder())).tokenizer;
});

describe('reportVocabulary', () => {
  it('counts what a person can check by hand', async () => {
    const texts = ['the unaffable patient', 'heart \u{1f600} rate', ''];
    const report = await reportVocabulary({ corpus: memoryCorpus(texts), tokenizer });
    expect(report).toMatchObject({
      documents: 3,
      // the un ##aff ##able patient | heart [UNK] rate
      tokens: 8,
      words: 6,
      tokensPerWord: 8 / 6,
      unknownTokens: 1,
      unknownRate: 1 / 8,
      lengthHistogram: [{ from: 0, to: 32, documents: 3 }],
    });
  });

  it('puts documents into bins that double', async () => {
    const texts = [31, 32, 63, 64, 200].map((length) => 'the '.repeat(length));
    const { lengthHistogram } = await reportVocabulary({ corpus: memoryCorpus(texts), tokenizer });
    expect(lengthHistogram).toEqual([
      { from: 0, to: 32, documents: 1 },
      { from: 32, to: 64, documents: 2 },
      { from: 64, to: 128, documents: 1 },
      { from: 128, to: 256, documents: 1 },
    ]);
  });

  it('ranks split words by what they cost and merges what the model sees as one', async () => {
    const texts = Array.from({ length: 6 }, () => 'Unaffable unaffable, dosed dosed dosed');
    const { mostSplitWords } = await reportVocabulary({ corpus: memoryCorpus(texts), tokenizer });
    expect(mostSplitWords).toEqual([
      { word: 'unaffable', pieces: ['un', '##aff', '##able'], count: 12 },
      { word: 'dosed', pieces: ['dose', '##d'], count: 18 },
    ]);
  });

  it('never shows words of few documents, nor anything with a digit', async () => {
    const common = 'unaffable mrn12345';
    const texts = [
      ...Array.from({ length: 10 }, () => common),
      // A name that one patient's four notes repeat, and one in a single long note.
      ...Array.from({ length: 4 }, () => 'zwerg zwerg zwerg'),
      'quibbel '.repeat(1000),
    ];
    const { mostSplitWords } = await reportVocabulary({ corpus: memoryCorpus(texts), tokenizer });
    expect(mostSplitWords.map(({ word }) => word)).toEqual(['unaffable']);
  });

  it('stops when asked', async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(
      reportVocabulary({ corpus: memoryCorpus(['the']), tokenizer }, () => {}, stop.signal),
    ).rejects.toThrow('abort');
  });

  const shared = sharedFolder();
  it.skipIf(shared === undefined)(
    `fits the contract on clinical text${shared === undefined ? ' (skipped: no ../shared)' : ''}`,
    async () => {
      const { readdir, readFile } = await import('node:fs/promises');
      const notes = join(shared ?? '', 'data/clinical/aci-bench-notes');
      const names = (await readdir(notes)).sort();
      const texts = await Promise.all(names.map((name) => readFile(join(notes, name), 'utf8')));
      const bert = await openTokenizer(join(shared ?? '', 'models/bert-tiny-enwiki'));
      const report = await reportVocabulary({
        corpus: memoryCorpus(texts),
        tokenizer: bert.tokenizer,
      });
      const parsed = corpusReportSchema.parse({ corpus: 'notes', model: 'tiny', ...report });
      expect(parsed.documents).toBe(207);
      expect(parsed.mostSplitWords).toHaveLength(50);
      expect(parsed.tokensPerWord).toBeGreaterThan(1);
      expect(parsed.tokensPerWord).toBeLessThan(1.5);
    },
  );
});

describe('SplitWordCounter', () => {
  it('keeps the frequent words when there are too many different ones', () => {
    const counter = new SplitWordCounter(100);
    const encodingOf = (first: number): Parameters<SplitWordCounter['add']>[0] => ({
      ids: Int32Array.of(first, 10),
      starts: Uint32Array.of(0, 1),
      ends: Uint32Array.of(1, 2),
      wordStarts: Uint8Array.of(1, 0),
    });
    for (let index = 0; index < 5000; index++) {
      counter.add(encodingOf(1000 + index), index);
      if (index % 10 === 0) counter.add(encodingOf(7), index);
    }
    const [word] = counter.mostSplit({ decode: () => 'word', tokenOf: String }, 1);
    expect(word).toEqual({ word: 'word', pieces: ['7', '10'], count: 500 });
  });
});
