/** Token ids against Hugging Face's Python tokenizers on real text. */
import { createReadStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, test } from 'vitest';
import { openTokenizer } from '../../core/text/tokenizer.ts';
import { sharedFolder } from '../fixtures/shared.ts';
import { expectDeviation, outputFolder, runScript } from './python.ts';

/** Milliseconds; some 36 million tokens are encoded. */
const PREPARATION_LIMIT = 1_800_000;
const DOCUMENTS_A_CORPUS = 2000;
const TOKENIZERS = ['bert-base-uncased', 'bert-base-cased', 'roberta-base'];
const CORPORA = [
  ...['enwiki-train', 'enwiki-heldout', 'wikitext-2', 'medquad', 'craft'],
  ...['mts-dialog', 'aci-bench', 'cuad'],
];
const shared = sharedFolder();

describe.skipIf(shared === undefined)('token ids', () => {
  let folder: string;
  let counts: Record<string, number>;

  beforeAll(async () => {
    folder = await outputFolder();
    const data = join(shared ?? '', 'data');
    await runScript('tokenize_corpora.py', data, folder, String(DOCUMENTS_A_CORPUS));
    counts = JSON.parse(await readFile(join(folder, 'corpora.json'), 'utf8')) as typeof counts;
    expect(Object.keys(counts).sort()).toEqual([...CORPORA].sort());
    return () => rm(folder, { recursive: true, force: true });
  }, PREPARATION_LIMIT);

  describe.each(TOKENIZERS)('of %s', (name) => {
    test.each(CORPORA)('are those of Hugging Face on %s', async (corpus) => {
      const { tokenizer } = await openTokenizer(join(shared ?? '', 'data/tokenizers', name));
      const bytes = await readFile(join(folder, `ids-${name}-${corpus}.bin`));
      const expected = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
      let position = 0;
      let documents = 0;
      let different = 0;
      for await (const texts of batches(join(folder, `documents-${corpus}.jsonl`), 50)) {
        for (const { ids } of await tokenizer.encodeBatch(texts)) {
          const length = expected[position++];
          const wanted = expected.subarray(position, position + length);
          position += length;
          documents++;
          if (!sameIds(ids, wanted)) different++;
        }
      }
      expect(position).toBe(expected.length);
      expect(documents).toBe(counts[corpus]);
      const tokens = expected.length - documents;
      expectDeviation(
        `${name}, ${corpus}: documents with other ids, of ${documents} (${tokens} tokens)`,
        different,
        0,
      );
    });
  });
});

function sameIds(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}

async function* batches(path: string, size: number): AsyncGenerator<string[]> {
  let texts: string[] = [];
  for await (const line of createInterface({
    input: createReadStream(path),
    crlfDelay: Infinity,
  })) {
    texts.push(JSON.parse(line) as string);
    if (texts.length === size) {
      yield texts;
      texts = [];
    }
  }
  if (texts.length > 0) yield texts;
}
