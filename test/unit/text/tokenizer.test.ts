import { describe, expect, it } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import { openTokenizer, resolveTokenizerFiles } from '../../../core/text/tokenizer.ts';
import {
  byteLevelFolder,
  byteLevelVocabulary,
  folderWith,
  mergesText,
  WORD_PIECES,
  wordPieceFolder,
} from '../../fixtures/tinyTokenizers.ts';

async function failure(files: Readonly<Record<string, string>>): Promise<UserError> {
  const error: unknown = await openTokenizer(await folderWith(files)).catch(
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UserError)) throw new Error(`not a UserError: ${String(error)}`);
  return error;
}

function wordPieceJson(
  changes: Readonly<Record<string, unknown>> = {},
  model: object = {},
): string {
  return JSON.stringify({
    version: '1.0',
    truncation: { direction: 'Right', max_length: 4, strategy: 'LongestFirst', stride: 0 },
    padding: {
      strategy: { Fixed: 16 },
      direction: 'Right',
      pad_to_multiple_of: null,
      pad_id: 0,
      pad_type_id: 0,
      pad_token: '[PAD]',
    },
    added_tokens: [],
    normalizer: { type: 'BertNormalizer', lowercase: true, strip_accents: null },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      vocab: Object.fromEntries(WORD_PIECES.map((token, id) => [token, id])),
      ...model,
    },
    ...changes,
  });
}

describe('openTokenizer', () => {
  it('cuts words into pieces with their offsets and word starts', async () => {
    const { tokenizer } = await openTokenizer(await wordPieceFolder());
    const text = 'The \u{1f600} Unaffable dose: 5mg';
    const encoding = await tokenizer.encode(text);
    const pieces = [...encoding.ids].map((id) => tokenizer.tokenOf(id));
    expect(pieces).toEqual([
      'the',
      '[UNK]',
      'un',
      '##aff',
      '##able',
      'dose',
      ':',
      '5',
      '##m',
      '##g',
    ]);
    expect([...encoding.wordStarts]).toEqual([1, 1, 1, 0, 0, 1, 1, 1, 0, 0]);
    const spans = [...encoding.starts].map((start, index) =>
      text.slice(start, encoding.ends[index]),
    );
    expect(spans).toEqual(['The', '\u{1f600}', 'Un', 'aff', 'able', 'dose', ':', '5', 'm', 'g']);
    expect(tokenizer.decode([...encoding.ids].slice(2, 6))).toBe('unaffable dose');
  });

  it('reads byte-level BPE and leaves the leading space out of offsets', async () => {
    const { tokenizer } = await openTokenizer(await byteLevelFolder());
    const text = 'dosing the';
    const encoding = await tokenizer.encode(text);
    const pieces = [...encoding.ids].map((id) => tokenizer.tokenOf(id));
    expect(pieces).toEqual(['d', 'os', 'ing', '\u0120the']);
    expect([...encoding.wordStarts]).toEqual([1, 0, 0, 1]);
    expect([...encoding.starts]).toEqual([0, 1, 3, 7]);
    expect(tokenizer.kind).toBe('byte-level-bpe');
    expect(tokenizer.decode([...encoding.ids])).toBe(text);
  });

  it('adds a prefix space where the configuration asks for it', async () => {
    const { tokenizer } = await openTokenizer(await byteLevelFolder({ add_prefix_space: true }));
    const { ids } = await tokenizer.encode('the');
    expect([...ids].map((id) => tokenizer.tokenOf(id))).toEqual(['\u0120the']);
  });

  it('prefers tokenizer.json and switches its padding and truncation off', async () => {
    const folder = await folderWith({ 'tokenizer.json': wordPieceJson(), 'vocab.txt': 'nonsense' });
    const { tokenizer } = await openTokenizer(folder);
    expect((await tokenizer.encode('the the the the the the')).ids).toHaveLength(6);
    expect((await tokenizer.encode('the')).ids).toHaveLength(1);
  });

  it('gives the same hash and ids to the same tokenizer in two forms', async () => {
    const json = await openTokenizer(await folderWith({ 'tokenizer.json': wordPieceJson() }));
    const text = await openTokenizer(await wordPieceFolder());
    expect(json.tokenizer.hash).toBe(text.tokenizer.hash);
    const cased = await openTokenizer(await wordPieceFolder({ do_lower_case: false }));
    expect(cased.tokenizer.hash).not.toBe(text.tokenizer.hash);
  });

  it('lets tokenizer_config.json override tokenizer.json, and says so', async () => {
    const { cased, notices } = await openTokenizer(
      await folderWith({
        'tokenizer.json': wordPieceJson(),
        'tokenizer_config.json': JSON.stringify({ do_lower_case: false }),
      }),
    );
    expect(cased).toBe(true);
    expect(notices).toEqual([expect.stringContaining('lowercase = false')]);
  });

  it('infers casing where no file says it', async () => {
    const lower = await openTokenizer(await folderWith({ 'vocab.txt': WORD_PIECES.join('\n') }));
    expect(lower.cased).toBe(false);
    expect(lower.notices[0]).toContain('taken as uncased, because 0.0 %');
    const vocabulary = [...WORD_PIECES, 'Paris', 'Dr', 'MRI'].join('\n');
    const mixed = await openTokenizer(await folderWith({ 'vocab.txt': vocabulary }));
    expect(mixed.cased).toBe(true);
  });

  it('recognises special tokens in text and never takes them for ordinary ones', async () => {
    const { tokenizer } = await openTokenizer(await wordPieceFolder());
    expect([...(await tokenizer.encode('the [MASK] dose')).ids]).toContain(
      tokenizer.specialTokens.mask,
    );
    expect(tokenizer.specialIds).toEqual(new Set([0, 1, 2, 3, 4]));
  });

  it('takes renamed special tokens from the configuration', async () => {
    const folder = await folderWith({
      'vocab.txt': WORD_PIECES.join('\n').replace('[MASK]', '{gap}'),
      'special_tokens_map.json': JSON.stringify({ mask_token: { content: '{gap}' } }),
    });
    expect((await openTokenizer(folder)).tokenizer.specialTokens.mask).toBe(4);
  });

  it('encodes a document of several megabytes as its parts', async () => {
    const { tokenizer } = await openTokenizer(await wordPieceFolder());
    const sentence = 'The patient dosed, 5mg. ';
    const part = await tokenizer.encode(sentence);
    const whole = await tokenizer.encode(sentence.repeat(100_000));
    expect(whole.ids).toHaveLength(part.ids.length * 100_000);
    expect([...whole.ids.subarray(-part.ids.length)]).toEqual([...part.ids]);
    expect(whole.ends.at(-1)).toBe(sentence.length * 100_000 - 1);
  });

  it('refuses a stretch of text too long to hold', async () => {
    const { tokenizer } = await openTokenizer(await wordPieceFolder());
    await expect(tokenizer.encode('x'.repeat(2 ** 24 + 1))).rejects.toMatchObject({
      code: 'tokenizer/unbroken-text',
    });
  });
});

describe('what a bad folder gets', () => {
  const vocabulary = JSON.stringify(byteLevelVocabulary());
  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['an empty folder', {}, 'tokenizer/missing'],
    ['merges missing', { 'vocab.json': vocabulary }, 'tokenizer/missing'],
    ['an empty vocabulary', { 'vocab.txt': '' }, 'tokenizer/invalid'],
    [
      'no mask token',
      { 'vocab.txt': WORD_PIECES.filter((token) => token !== '[MASK]').join('\n') },
      'tokenizer/missing-special-token',
    ],
    [
      'no unknown token',
      { 'vocab.txt': WORD_PIECES.filter((token) => token !== '[UNK]').join('\n') },
      'tokenizer/missing-special-token',
    ],
    ['text that is not JSON', { 'tokenizer.json': '{"version": ' }, 'tokenizer/invalid'],
    ['JSON of another kind', { 'tokenizer.json': '[1, 2]' }, 'tokenizer/invalid'],
    ['no model', { 'tokenizer.json': '{}' }, 'tokenizer/invalid'],
    [
      'a Unigram model',
      { 'tokenizer.json': wordPieceJson({ model: { type: 'Unigram', vocab: [] } }) },
      'tokenizer/unsupported',
    ],
    [
      'a pattern of its own',
      {
        'tokenizer.json': wordPieceJson({
          normalizer: { type: 'Replace', pattern: { Regex: '(a+)+$' }, content: '' },
        }),
      },
      'tokenizer/unsupported',
    ],
    [
      'a hidden pattern',
      {
        'tokenizer.json': wordPieceJson({
          pre_tokenizer: {
            type: 'Sequence',
            pretokenizers: [{ type: 'Split', pattern: { Regex: '(a+)+$' } }],
          },
        }),
      },
      'tokenizer/unsupported',
    ],
    [
      'a negative id',
      { 'tokenizer.json': wordPieceJson({}, { vocab: { a: -1 } }) },
      'tokenizer/invalid',
    ],
    [
      'an id beyond reason',
      { 'tokenizer.json': wordPieceJson({}, { vocab: { '[UNK]': 0, a: 4_000_000_000 } }) },
      'tokenizer/invalid',
    ],
    [
      'two tokens with one id',
      { 'tokenizer.json': wordPieceJson({}, { vocab: { '[UNK]': 0, a: 0 } }) },
      'tokenizer/invalid',
    ],
    [
      'an added token with a gap before it',
      { 'tokenizer.json': wordPieceJson({ added_tokens: [{ id: 5000, content: '[NEW]' }] }) },
      'tokenizer/invalid',
    ],
    [
      'a merge of unknown tokens',
      { 'vocab.json': vocabulary, 'merges.txt': 'zz qq\n' },
      'tokenizer/invalid',
    ],
    [
      'a merge that is no pair',
      { 'vocab.json': vocabulary, 'merges.txt': 'a b c\n' },
      'tokenizer/invalid',
    ],
    [
      'settings of the wrong type',
      { 'vocab.txt': WORD_PIECES.join('\n'), 'tokenizer_config.json': '{"do_lower_case": "yes"}' },
      'tokenizer/invalid',
    ],
  ])('%s', async (_name, files, code) => {
    const error = await failure(files);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/\.$/);
    expect(error.hint).not.toBe('');
  });
});

describe('resolveTokenizerFiles', () => {
  it('lists what belongs to the tokenizer and nothing else', async () => {
    const folder = await folderWith({
      'vocab.json': '{}',
      'merges.txt': mergesText(),
      'config.json': '{}',
      'model.safetensors': '',
    });
    expect(await resolveTokenizerFiles(folder)).toEqual(['vocab.json', 'merges.txt']);
  });
});
