/** Token ids against numbers computed with Hugging Face's Python tokenizers 0.23.3. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openTokenizer } from '../../../core/text/tokenizer.ts';
import golden from '../../fixtures/tokenizerGolden.json' with { type: 'json' };
import { sharedFolder } from '../../fixtures/shared.ts';

const shared = sharedFolder();
const reason = shared === undefined ? ' (skipped: no ../shared/data on this machine)' : '';

async function heldOutTexts(folder: string): Promise<string[]> {
  const bytes = await readFile(join(folder, 'data/general/enwiki-heldout.jsonl.gz'));
  return gunzipSync(bytes)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { text: string }).text);
}

describe.skipIf(shared === undefined)(`published tokenizers${reason}`, () => {
  const folder = shared ?? '';

  it.each(Object.entries(golden.tokenizers))(
    '%s has the ids of Hugging Face',
    async (name, expected) => {
      const { tokenizer } = await openTokenizer(join(folder, 'data/tokenizers', name));
      const encodings = await tokenizer.encodeBatch(golden.texts);
      for (const [index, encoding] of encodings.entries()) {
        const { ids, starts, ends, wordStarts } = expected.encodings[index];
        expect({
          ids: [...encoding.ids],
          starts: [...encoding.starts],
          ends: [...encoding.ends],
          wordStarts: [...encoding.wordStarts],
        }).toEqual({ ids, starts, ends, wordStarts });
      }

      const hash = createHash('sha256');
      let tokens = 0;
      for (const { ids } of await tokenizer.encodeBatch(await heldOutTexts(folder))) {
        hash.update(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
        tokens += ids.length;
      }
      expect({ tokens, sha256: hash.digest('hex') }).toEqual(expected.heldout);
    },
  );

  it('gives one hash to one tokenizer, whatever files it is read from', async () => {
    const fromJson = await openTokenizer(join(folder, 'data/tokenizers/bert-base-uncased'));
    const withModel = await openTokenizer(join(folder, 'models/bert-tiny-enwiki'));
    const cased = await openTokenizer(join(folder, 'data/tokenizers/bert-base-cased'));
    expect(withModel.tokenizer.hash).toBe(fromJson.tokenizer.hash);
    expect(cased.tokenizer.hash).not.toBe(fromJson.tokenizer.hash);
  });

  it('infers from the vocabulary that bert-base-cased is cased, and says so', async () => {
    const { cased, notices, tokenizer } = await openTokenizer(
      join(folder, 'data/tokenizers/bert-base-cased'),
    );
    expect(cased).toBe(true);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain('taken as cased');
    expect(tokenizer.tokenOf((await tokenizer.encode('Paris')).ids[0])).toBe('Paris');
  });

  it('knows the special tokens of RoBERTa and decodes its text', async () => {
    const { tokenizer } = await openTokenizer(join(folder, 'data/tokenizers/roberta-base'));
    expect(tokenizer.specialTokens).toEqual({ cls: 0, pad: 1, sep: 2, unk: 3, mask: 50264 });
    const text = 'Dose: 2.5 µg — every 8 h 😀';
    expect(tokenizer.decode([...(await tokenizer.encode(text)).ids])).toBe(text);
  });
});
