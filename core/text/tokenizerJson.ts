/** Reads `tokenizer.json`, the library's own file, into the definition that the product uses. */
import { z } from 'zod';
import { UserError } from '../base/errors.ts';
import type {
  BytePairModel,
  Component,
  TokenizerDefinition,
  WordPieceModel,
} from './tokenizerDefinition.ts';
import { bertNormalizer, byteLevelComponent, flatten } from './tokenizerDefinition.ts';
import { addedTokenSchema, invalidTokenizer, parseTokenizerJson } from './tokenizerSettings.ts';
import { mergeFrom, vocabularyFrom } from './vocabularyFiles.ts';

/**
 * Parts that encoders of the supported families use. Others are refused by name: patterns given
 * by a file (`Replace`, `Split`) could be made to run for ever.
 */
const NORMALIZERS = new Set([
  'BertNormalizer',
  'Lowercase',
  'StripAccents',
  'NFC',
  'NFD',
  'NFKC',
  'NFKD',
]);
const PRE_TOKENIZERS = new Set([
  'BertPreTokenizer',
  'ByteLevel',
  'Whitespace',
  'WhitespaceSplit',
  'Punctuation',
  'Digits',
]);

const componentSchema: z.ZodType<Component> = z.looseObject({ type: z.string() });

const modelSchema = z.looseObject({ type: z.string().optional(), vocab: z.unknown() });

const documentSchema = z.object({
  added_tokens: z.array(addedTokenSchema).default([]),
  normalizer: componentSchema.nullish(),
  pre_tokenizer: componentSchema.nullish(),
  model: modelSchema,
});

const wordPieceSchema = z.object({
  unk_token: z.string().default('[UNK]'),
  continuing_subword_prefix: z.string().default('##'),
  max_input_chars_per_word: z.int().positive().default(100),
});

const bytePairSchema = z.object({
  unk_token: z.string().nullish(),
  continuing_subword_prefix: z.string().nullish(),
  end_of_word_suffix: z.string().nullish(),
  fuse_unk: z.boolean().default(false),
  byte_fallback: z.boolean().default(false),
  ignore_merges: z.boolean().default(false),
  merges: z.array(z.unknown()),
});

/** Throws a UserError for damaged files and for tokenizers that no supported encoder uses. */
export function parseTokenizerDocument(
  text: string,
  path: string,
): Omit<TokenizerDefinition, 'specialTokens'> {
  const document = parseTokenizerJson(text, documentSchema, path);
  const normalizer = canonicalNormalizer(
    component(document.normalizer, 'normalizers', NORMALIZERS, path),
  );
  const preTokenizer = canonicalPreTokenizer(
    component(document.pre_tokenizer, 'pretokenizers', PRE_TOKENIZERS, path),
  );
  const model = parseModel(document.model, path);
  const byteLevel = flatten(preTokenizer).some((part) => part.type === 'ByteLevel');
  if (model.type === 'BPE' && !byteLevel) {
    throw unsupported(path, 'a BPE model that is not byte-level');
  }
  return {
    kind: model.type === 'BPE' ? 'byte-level-bpe' : 'wordpiece',
    vocabulary: vocabularyFrom(document.model.vocab, path),
    model,
    normalizer,
    preTokenizer,
    addedTokens: document.added_tokens,
  };
}

function parseModel(
  value: z.infer<typeof modelSchema>,
  path: string,
): WordPieceModel | BytePairModel {
  // Files of an older make do not name the type; only BPE has merges.
  const type = value.type ?? ('merges' in value ? 'BPE' : 'WordPiece');
  if (type === 'WordPiece') {
    const model = wordPieceSchema.safeParse(value);
    if (!model.success) throw invalidTokenizer(path, 'its WordPiece model is damaged', model.error);
    return { type, ...model.data };
  }
  if (type === 'BPE') {
    const model = bytePairSchema.safeParse(value);
    if (!model.success) throw invalidTokenizer(path, 'its BPE model is damaged', model.error);
    const { merges, ...settings } = model.data;
    return {
      type,
      ...settings,
      unk_token: settings.unk_token ?? null,
      continuing_subword_prefix: settings.continuing_subword_prefix ?? '',
      end_of_word_suffix: settings.end_of_word_suffix ?? '',
      merges: merges.map((merge) => mergeFrom(merge, path)),
    };
  }
  throw unsupported(path, `a model of type ${type}`);
}

/** Checks a component and everything in its sequences against the supported types. */
function component(
  value: Component | null | undefined,
  listKey: 'normalizers' | 'pretokenizers',
  supported: ReadonlySet<string>,
  path: string,
): Component | null {
  if (value === null || value === undefined) return null;
  if (value.type === 'Sequence') {
    const list = z.array(componentSchema).safeParse(value[listKey]);
    if (!list.success) throw invalidTokenizer(path, `its list of ${listKey} is damaged`);
    for (const part of list.data) component(part, listKey, supported, path);
    return value;
  }
  if (!supported.has(value.type)) throw unsupported(path, `the component ${value.type}`);
  return value;
}

/** Writes out the defaults, so that equal normalizers hash equally. */
function canonicalNormalizer(normalizer: Component | null): Component | null {
  if (normalizer?.type !== 'BertNormalizer') return normalizer;
  return {
    ...bertNormalizer({
      lowercase: normalizer.lowercase !== false,
      stripAccents: typeof normalizer.strip_accents === 'boolean' ? normalizer.strip_accents : null,
      handleChineseCharacters: normalizer.handle_chinese_chars !== false,
    }),
    clean_text: normalizer.clean_text !== false,
  };
}

/** `trim_offsets` of a byte-level pre-tokenizer has no effect there; offsets are always trimmed. */
function canonicalPreTokenizer(preTokenizer: Component | null): Component | null {
  if (preTokenizer?.type !== 'ByteLevel') return preTokenizer;
  return byteLevelComponent(
    preTokenizer.add_prefix_space !== false,
    preTokenizer.use_regex !== false,
  );
}

function unsupported(path: string, what: string): UserError {
  return new UserError(
    'tokenizer/unsupported',
    `The tokenizer file ${path} uses ${what}, which is not supported.`,
    'Supported are WordPiece (BERT, DistilBERT) and byte-level BPE (RoBERTa).',
  );
}
