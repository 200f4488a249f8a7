import { mkdtemp, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildShards } from '../../../core/text/shards.ts';
import { openTokenizer } from '../../../core/text/tokenizer.ts';
import type { Packing, Progress, SplitName, Tokenizer } from '../../../core/text/types.ts';
import { openWindows } from '../../../core/text/windows.ts';
import { memoryCorpus } from '../../fixtures/memoryCorpus.ts';
import { byteLevelFolder, wordPieceFolder } from '../../fixtures/tinyTokenizers.ts';

async function newFolder(): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), 'palimpsest-shards-')), 'shards');
}

let wordPiece: Tokenizer;
let byteLevel: Tokenizer;
beforeAll(async () => {
  wordPiece = (await openTokenizer(await wordPieceFolder())).tokenizer;
  byteLevel = (await openTokenizer(await byteLevelFolder())).tokenizer;
});

const splitName = fc.constantFrom<SplitName>('train', 'validation', 'test');
const documentText = fc
  .array(
    fc.constantFrom('the', 'patient', 'Unaffable', '5mg', '\u{1f600}', '.', '', 'heart-rate'),
    {
      maxLength: 60,
    },
  )
  .map((words) => words.join(' '));

const corpusTexts = fc.array(fc.tuple(documentText, splitName), { maxLength: 12 });

describe('shards and windows', () => {
  it.each<Packing>(['document', 'concatenate'])(
    'hold every token of a split once, in order, with its place in the text (%s)',
    async (packing) => {
      await fc.assert(
        fc.asyncProperty(
          corpusTexts,
          fc.integer({ min: 3, max: 40 }),
          fc.boolean(),
          async (texts, maxSeqLength, bytes) => {
            const tokenizer = bytes ? byteLevel : wordPiece;
            const corpus = memoryCorpus(
              texts.map(([text]) => text),
              texts.map(([, split]) => split),
            );
            const shards = await newFolder();
            await buildShards({ corpus, tokenizer, folder: shards });
            for (const split of ['train', 'validation', 'test'] as const) {
              const windows = openWindows({ shards, split, packing, maxSeqLength, tokenizer });
              const found = new Map<number, { ids: number[]; starts: number[]; ends: number[] }>();
              const stream: number[] = [];
              for (let index = 0; index < windows.windowCount; index++) {
                const window = windows.window(index);
                const spans = windows.spans(index);
                const length = window.inputIds.length;
                expect(length).toBe(windows.windowLength(index));
                expect(length).toBeLessThanOrEqual(maxSeqLength);
                expect(window.inputIds[0]).toBe(tokenizer.specialTokens.cls);
                expect(window.inputIds[length - 1]).toBe(tokenizer.specialTokens.sep);
                stream.push(...window.inputIds.subarray(1, -1));
                if (packing === 'document') {
                  expect(new Set(spans.documents)).toEqual(new Set([window.document]));
                }
                const inWindow = new Set<number>();
                for (let at = 1; at < length - 1; at++) {
                  if (window.inputIds[at] === tokenizer.specialTokens.sep) {
                    expect([spans.starts[at], spans.ends[at]]).toEqual([0, 0]);
                    continue;
                  }
                  inWindow.add(spans.documents[at]);
                  const known = found.get(spans.documents[at]) ?? { ids: [], starts: [], ends: [] };
                  found.set(spans.documents[at], known);
                  known.ids.push(window.inputIds[at]);
                  known.starts.push(spans.starts[at]);
                  known.ends.push(spans.ends[at]);
                }
                expect(windows.documentsOf(index)).toEqual(
                  inWindow.size === 0 ? [window.document] : [...inWindow],
                );
              }
              let tokens = 0;
              const expectedStream: number[] = [];
              for (const { text, index } of corpus.documents(split)) {
                const encoding = await tokenizer.encode(text);
                tokens += encoding.ids.length;
                if (encoding.ids.length === 0) continue;
                if (expectedStream.length > 0) expectedStream.push(tokenizer.specialTokens.sep);
                expectedStream.push(...encoding.ids);
                expect(found.get(index)).toEqual({
                  ids: [...encoding.ids],
                  starts: [...encoding.starts],
                  ends: [...encoding.ends],
                });
              }
              expect(windows.tokenCount).toBe(tokens);
              expect(windows.documentCount).toBe(found.size);
              if (packing === 'concatenate') {
                expect(stream).toEqual(expectedStream);
                for (let index = 0; index < windows.windowCount - 1; index++) {
                  expect(windows.windowLength(index)).toBe(maxSeqLength);
                }
              }
              windows.close();
            }
          },
        ),
        { numRuns: 25 },
      );
    },
  );

  it('end the chunks of a long document between words and leave no tiny tail', async () => {
    const text = 'unaffable patient heart 5mg '.repeat(200).trim();
    const corpus = memoryCorpus([text]);
    const shards = await newFolder();
    await buildShards({ corpus, tokenizer: wordPiece, folder: shards });
    const windows = openWindows({
      shards,
      split: 'train',
      packing: 'document',
      maxSeqLength: 66,
      tokenizer: wordPiece,
    });
    const { wordStarts } = await wordPiece.encode(text);
    let token = 0;
    for (let index = 0; index < windows.windowCount; index++) {
      expect(wordStarts[token]).toBe(1);
      const content = windows.windowLength(index) - 2;
      expect(content).toBeGreaterThanOrEqual(16);
      expect([...windows.window(index).wordStarts.subarray(1, -1)]).toEqual([
        ...wordStarts.subarray(token, token + content),
      ]);
      token += content;
    }
    windows.close();
  });

  it('use four bytes an id for a vocabulary beyond 65,536', async () => {
    const large: Tokenizer = {
      ...wordPiece,
      hash: 'f'.repeat(64),
      kind: 'wordpiece',
      vocabSize: 70_000,
      specialTokens: wordPiece.specialTokens,
      encodeBatch: async (texts) =>
        texts.map(() => ({
          ids: Int32Array.of(69_999, 7),
          starts: Uint32Array.of(0, 70_000),
          ends: Uint32Array.of(70_000, 70_001),
          wordStarts: Uint8Array.of(1, 1),
        })),
    };
    const shards = await newFolder();
    await buildShards({ corpus: memoryCorpus(['x']), tokenizer: large, folder: shards });
    const windows = openWindows({
      shards,
      split: 'train',
      packing: 'document',
      maxSeqLength: 8,
      tokenizer: large,
    });
    expect([...windows.window(0).inputIds]).toEqual([2, 69_999, 7, 3]);
    // A span longer than 65,535 characters is cut to that.
    expect([...windows.spans(0).ends]).toEqual([0, 65_535, 70_001, 0]);
    windows.close();
  });
});

describe('buildShards', () => {
  it('made twice at the same moment are one', async () => {
    const folder = await newFolder();
    const corpus = memoryCorpus(Array.from({ length: 200 }, (_, i) => `document ${i} of many`));
    const build = (): ReturnType<typeof buildShards> =>
      buildShards({ corpus, tokenizer: wordPiece, folder });
    const [first, second] = await Promise.all([build(), build()]);
    expect(first.manifest).toEqual(second.manifest);
    expect([first.reused, second.reused].sort()).toEqual([false, true]);
  });

  const texts = ['the patient', 'heart rate 5mg', 'dose'];
  const splits: SplitName[] = ['train', 'validation', 'test'];

  it('counts tokens, words and unknown tokens a split, and reports progress', async () => {
    const progress: Progress[] = [];
    const { manifest, reused } = await buildShards(
      {
        corpus: memoryCorpus(['the unaffable \u{1f600}', ...texts.slice(1)], splits),
        tokenizer: wordPiece,
        folder: await newFolder(),
      },
      (event) => progress.push(event),
    );
    expect(reused).toBe(false);
    expect(manifest.splits.train).toEqual({ documents: 1, tokens: 5, words: 3, unknownTokens: 1 });
    expect(progress.at(-1)).toEqual({
      stage: 'tokenising',
      done: 3,
      total: 3,
      unit: 'documents',
    });
  });

  it('reuses shards of the same corpus and tokenizer, and only those', async () => {
    const folder = await newFolder();
    const corpus = memoryCorpus(texts, splits);
    await buildShards({ corpus, tokenizer: wordPiece, folder });
    const again = await buildShards({ corpus, tokenizer: wordPiece, folder });
    expect(again.reused).toBe(true);
    const other = await buildShards({ corpus, tokenizer: byteLevel, folder });
    expect(other.reused).toBe(false);
    const grown = memoryCorpus([...texts, 'one more']);
    expect((await buildShards({ corpus: grown, tokenizer: byteLevel, folder })).reused).toBe(false);
  });

  it('rebuilds shards that were damaged', async () => {
    const folder = await newFolder();
    const corpus = memoryCorpus(texts, splits);
    await buildShards({ corpus, tokenizer: wordPiece, folder });
    const whole = await readFile(join(folder, 'train.ids'));
    const flipped = Buffer.from(whole);
    flipped[flipped.length - 1] ^= 1;
    await writeFile(join(folder, 'train.ids'), flipped);
    const { reused } = await buildShards({ corpus, tokenizer: wordPiece, folder });
    expect(reused).toBe(false);
    expect(await readFile(join(folder, 'train.ids'))).toEqual(whole);
  });

  it('leaves nothing behind when it is stopped', async () => {
    const folder = await newFolder();
    const stop = new AbortController();
    const building = buildShards(
      { corpus: memoryCorpus(texts, splits), tokenizer: wordPiece, folder },
      ({ done }) => done > 0 && stop.abort(),
      stop.signal,
    );
    await expect(building).rejects.toThrow('abort');
    expect(await readdir(join(folder, '..'))).toEqual([]);
  });
});

describe('openWindows', () => {
  async function built(): Promise<string> {
    const shards = await newFolder();
    const corpus = memoryCorpus(['the patient heart rate', 'dose']);
    await buildShards({ corpus, tokenizer: wordPiece, folder: shards });
    return shards;
  }
  const open = (shards: string, tokenizer: Tokenizer, corpusHash?: string): unknown =>
    openWindows({
      shards,
      split: 'train',
      packing: 'document',
      maxSeqLength: 16,
      tokenizer,
      ...(corpusHash === undefined ? {} : { corpusHash }),
    });

  it('refuses shards of another tokenizer or corpus', async () => {
    const shards = await built();
    expect(() => open(shards, byteLevel)).toThrow(
      expect.objectContaining({ code: 'shards/other-tokenizer' }),
    );
    expect(() => open(shards, wordPiece, '0'.repeat(64))).toThrow(
      expect.objectContaining({ code: 'shards/other-corpus' }),
    );
  });

  it.each<[string, (shards: string) => Promise<void>]>([
    ['no folder', async () => {}],
    ['a file cut short', (shards) => truncate(join(shards, 'train.spans'), 20)],
    [
      'a manifest that was edited',
      async (shards) => {
        const path = join(shards, 'manifest.json');
        await writeFile(
          path,
          (await readFile(path, 'utf8')).replace('"documents": 2', '"documents": 1'),
        );
      },
    ],
    [
      'a header of another format',
      async (shards) => {
        const path = join(shards, 'train.ids');
        const bytes = await readFile(path);
        bytes[4] = 9;
        await writeFile(path, bytes);
      },
    ],
    [
      'documents out of order',
      async (shards) => {
        const path = join(shards, 'train.documents');
        const bytes = await readFile(path);
        bytes.writeDoubleLE(99, 16 + 4);
        await writeFile(path, bytes);
      },
    ],
  ])('says that shards are damaged: %s', async (name, damage) => {
    const shards = name === 'no folder' ? await newFolder() : await built();
    await damage(shards);
    expect(() => open(shards, wordPiece)).toThrow(
      expect.objectContaining({ code: 'shards/damaged' }),
    );
  });
});
