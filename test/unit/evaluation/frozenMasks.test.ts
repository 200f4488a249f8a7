import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  drawFrozenMasks,
  readFrozenMasks,
  writeFrozenMasks,
} from '../../../core/evaluation/frozenMasks.ts';
import type { FrozenMaskOptions } from '../../../core/evaluation/frozenMasks.ts';
import {
  prepareFrozenMasks,
  scoreFrozenMasks,
  totalsOf,
} from '../../../core/evaluation/scoring.ts';
import { readScores, writeScores } from '../../../core/evaluation/scoresFile.ts';
import { memoryCorpus, pieceTokenizer } from '../../fixtures/memoryCorpus.ts';
import { UnigramSession } from '../../fixtures/unigramSession.ts';

const WORDS = 'the patient was given aspirin for atrial fibrillation and discharged home'.split(
  ' ',
);
const text = (length: number, salt: number): string =>
  Array.from({ length }, (_, i) => WORDS[(i * 7 + i * i + salt * 3) % WORDS.length]).join(' ');
const corpus = memoryCorpus(
  Array.from({ length: 60 }, (_, i) => text(5 + ((i * 37) % 90), i)),
  ['test', 'train', 'test'],
);
const OPTIONS: FrozenMaskOptions = {
  split: 'test',
  seed: 7,
  maskProbability: 0.15,
  maxSequenceLength: 32,
  maxTokens: 100_000,
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-masks-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('drawFrozenMasks', () => {
  it('depends on its arguments alone', async () => {
    const draw = (seed: number): Promise<unknown> =>
      drawFrozenMasks(corpus, pieceTokenizer(4), { ...OPTIONS, seed });
    expect(await draw(7)).toEqual(await draw(7));
    expect(await draw(7)).not.toEqual(await draw(8));
  });

  it('masks whole words of its split, inside windows that do not overlap, with the asked share', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 1000 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 16, max: 64 }),
        async (seed, pieceLength, maxSequenceLength) => {
          const options = { ...OPTIONS, seed, maxSequenceLength };
          const set = await drawFrozenMasks(corpus, pieceTokenizer(pieceLength), options);
          for (const { document, windows } of set.documents) {
            const { text: content, split } = corpus.document(document);
            expect(split).toBe('test');
            let previous = 0;
            for (const { span, masked } of windows) {
              expect(span[0]).toBeGreaterThanOrEqual(previous);
              expect(masked[0]?.[0]).toBeGreaterThanOrEqual(span[0]);
              expect(masked.at(-1)?.[1]).toBeLessThanOrEqual(span[1]);
              previous = span[1];
              for (const [start, end] of masked) expect(WORDS).toContain(content.slice(start, end));
            }
          }
          // Binomial over some 1,900 words: five standard deviations either side of 15 %.
          const words = [...corpus.documents('test')].flatMap((d) => d.text.split(' ')).length;
          expect(set.header.words / words).toBeGreaterThan(0.15 - 0.041);
          expect(set.header.words / words).toBeLessThan(0.15 + 0.041);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('reads no more than the bound, and samples documents beyond it', async () => {
    const options = { ...OPTIONS, maxTokens: 500 };
    const set = await drawFrozenMasks(corpus, pieceTokenizer(4), options);
    expect(set.header.tokensRead).toBe(500);
    const all = await drawFrozenMasks(corpus, pieceTokenizer(4), OPTIONS);
    const order = all.documents.map(({ document }) => document);
    const chosen = set.documents.map(({ document }) => document);
    expect(chosen.length).toBeLessThan(order.length / 2);
    expect(order).toEqual(expect.arrayContaining(chosen));
    expect(order.slice(0, chosen.length)).not.toEqual(chosen);
  });

  it('never masks special tokens that the text spells out', async () => {
    const spelled = memoryCorpus([text(200, 1).replaceAll('aspirin', '[MASK]')], ['test']);
    const options = { ...OPTIONS, maskProbability: 0.99 };
    const set = await drawFrozenMasks(spelled, pieceTokenizer(4), options);
    const content = spelled.document(0).text;
    const words = set.documents.flatMap(({ windows }) => windows.flatMap(({ masked }) => masked));
    expect(words.length).toBeGreaterThan(150);
    expect(words.map(([start, end]) => content.slice(start, end))).not.toContain('[MASK]');
  });

  it('refuses a split without words', async () => {
    const options = { ...OPTIONS, split: 'validation' as const };
    await expect(drawFrozenMasks(corpus, pieceTokenizer(4), options)).rejects.toMatchObject({
      code: 'evaluation/empty-split',
    });
  });
});

describe('a stored set', () => {
  it('comes back as written, holds no text and is refused when changed', async () => {
    const set = await drawFrozenMasks(corpus, pieceTokenizer(4), OPTIONS);
    const path = join(folder, 'set.jsonl');
    const sha256 = await writeFrozenMasks(path, set);
    expect(readFrozenMasks(path, sha256)).toEqual(set);
    const content = await readFile(path, 'utf8');
    for (const word of WORDS.filter(({ length }) => length > 3))
      expect(content).not.toContain(word);
    await writeFile(path, content.replace('"document":', '"document" :'));
    expect(() => readFrozenMasks(path, sha256)).toThrowError(
      expect.objectContaining({ code: 'evaluation/changed-set' }),
    );
    expect(() => readFrozenMasks(join(folder, 'absent'), sha256)).toThrowError(
      expect.objectContaining({ code: 'system/enoent' }),
    );
  });
});

describe('prepareFrozenMasks', () => {
  it('masks exactly the words of the set, whatever the tokenizer', async () => {
    const set = await drawFrozenMasks(corpus, pieceTokenizer(5), OPTIONS);
    const spans = set.documents.flatMap(({ document, windows }) =>
      windows.flatMap(({ masked }) =>
        masked.map((s) => corpus.document(document).text.slice(...s)),
      ),
    );
    for (const tokenizer of [
      pieceTokenizer(5),
      pieceTokenizer(1),
      pieceTokenizer(3, { leadingSpace: true }),
      pieceTokenizer(99, { leadingSpace: true }),
    ]) {
      const prepared = await prepareFrozenMasks(set, corpus, tokenizer);
      expect([...prepared.words].reduce((a, b) => a + b)).toBe(spans.length);
      const pieces: string[] = [];
      for (const { batch } of prepared.batches) {
        expect(batch.sequenceLength).toBeLessThanOrEqual(32);
        for (const [i, position] of batch.positions.entries()) {
          expect(batch.inputIds[position]).toBe(tokenizer.specialTokens.mask);
          pieces.push((tokenizer.vocabulary[batch.labels[i]] ?? '').replace('##', ''));
        }
        const masks = batch.inputIds.filter((id) => id === tokenizer.specialTokens.mask).length;
        expect(masks).toBe(batch.positions.length);
      }
      expect(pieces.join('').length).toBe(spans.join('').length);
      expect([...pieces.join('')].sort()).toEqual([...spans.join('')].sort());
    }
  });

  it('lays batches out as the model expects', async () => {
    const set = await drawFrozenMasks(corpus, pieceTokenizer(4), OPTIONS);
    const { batches } = await prepareFrozenMasks(set, corpus, pieceTokenizer(4));
    for (const { batch, rows } of batches) {
      expect(rows.length).toBe(batch.batchSize);
      expect(batch.inputIds.length).toBe(batch.batchSize * batch.sequenceLength);
      for (let row = 0; row < batch.batchSize; row++) {
        const at = row * batch.sequenceLength;
        const length = batch.attentionMask
          .subarray(at, at + batch.sequenceLength)
          .reduce((a, b) => a + b, 0);
        expect(batch.inputIds[at]).toBe(2);
        expect(batch.inputIds[at + length - 1]).toBe(3);
        expect([...batch.inputIds.subarray(at + length, at + batch.sequenceLength)]).toEqual(
          Array(batch.sequenceLength - length).fill(0),
        );
      }
      expect([...batch.positions]).toEqual([...batch.positions].toSorted((a, b) => a - b));
    }
  });

  it('refuses another corpus', async () => {
    const set = await drawFrozenMasks(corpus, pieceTokenizer(4), OPTIONS);
    const other = memoryCorpus([text(100, 3)], ['test']);
    await expect(prepareFrozenMasks(set, other, pieceTokenizer(4))).rejects.toMatchObject({
      code: 'evaluation/wrong-corpus',
    });
  });
});

describe('scoreFrozenMasks', () => {
  it('gives every document the losses of its own masked tokens', async () => {
    const tokenizer = pieceTokenizer(4);
    const set = await drawFrozenMasks(corpus, tokenizer, OPTIONS);
    const prepared = await prepareFrozenMasks(set, corpus, tokenizer);
    const vocabulary = tokenizer.vocabulary.length;
    const session = new UnigramSession(vocabulary);
    const bias = Float32Array.from({ length: vocabulary }, (_, i) => Math.cos(i));
    await session.writeWeights(new Map([['head.decoder.bias', bias]]));
    const scores = await scoreFrozenMasks(session, prepared);
    const normaliser = Math.log(bias.reduce((sum, value) => sum + Math.exp(value), 0));
    for (const [row, { document, windows }] of set.documents.entries()) {
      const encoding = await tokenizer.encode(corpus.document(document).text);
      const masked = windows.flatMap((window) => window.masked);
      let expected = 0;
      let tokens = 0;
      for (const [i, id] of encoding.ids.entries()) {
        const start = encoding.starts[i];
        if (!masked.some((span) => start >= span[0] && start < span[1])) continue;
        expected += normaliser - bias[id];
        tokens++;
      }
      expect(scores?.document[row]).toBe(document);
      expect(scores?.tokens[row]).toBe(tokens);
      expect(scores?.words[row]).toBe(masked.length);
      expect(scores?.lossSum[row]).toBeCloseTo(expected, 4);
    }
  });

  it('totals are the logarithm of the vocabulary for a uniform model', async () => {
    const tokenizer = pieceTokenizer(4);
    const set = await drawFrozenMasks(corpus, tokenizer, OPTIONS);
    const prepared = await prepareFrozenMasks(set, corpus, tokenizer);
    const scores = await scoreFrozenMasks(new UnigramSession(1000), prepared);
    if (scores === undefined) throw new Error('not interrupted');
    const totals = totalsOf(scores);
    expect(totals.nll).toBeCloseTo(Math.log(1000), 5);
    expect(totals.perplexity).toBeCloseTo(1000, 1);
    expect(totals.nllPerWord).toBeCloseTo((Math.log(1000) * totals.tokens) / totals.words, 5);
    expect(totals.words).toBe(set.header.words);
  });

  it('stops between batches when asked', async () => {
    const set = await drawFrozenMasks(corpus, pieceTokenizer(4), OPTIONS);
    const prepared = await prepareFrozenMasks(set, corpus, pieceTokenizer(4));
    expect(await scoreFrozenMasks(new UnigramSession(100), prepared, () => true)).toBeUndefined();
  });
});

describe('the scores file', () => {
  it('comes back bit for bit and is refused when damaged', async () => {
    const scores = {
      document: Uint32Array.of(3, 4_000_000_000),
      lossSum: Float64Array.of(Math.PI, 1e-300),
      tokens: Uint32Array.of(7, 0),
      words: Uint32Array.of(5, 1),
    };
    const path = join(folder, 'a.scores');
    const hash = await writeScores(path, scores);
    expect(readScores(path, hash)).toEqual(scores);
    const bytes = await readFile(path);
    expect(bytes.length).toBe(16 + 2 * 20);
    bytes[20] ^= 1;
    await writeFile(path, bytes);
    expect(() => readScores(path, hash)).toThrowError(
      expect.objectContaining({ code: 'evaluation/damaged-scores' }),
    );
  });
});
