/** Reads a tokenizer from a Hugging Face folder, whichever of the three customary forms it has. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { asUserError, UserError } from '../base/errors.ts';
import { resolveSpecialTokens, withRoleTokens } from './specialTokens.ts';
import type { AddedToken, BertNormalization, TokenizerDefinition } from './tokenizerDefinition.ts';
import { bertNormalizer, byteLevelComponent } from './tokenizerDefinition.ts';
import { parseTokenizerDocument } from './tokenizerJson.ts';
import type { TokenizerSettings } from './tokenizerSettings.ts';
import { invalidTokenizer, readTextFile, readTokenizerSettings } from './tokenizerSettings.ts';
import { parseMerges, parseVocabularyJson, parseVocabularyText } from './vocabularyFiles.ts';

/** Every file that may belong to a tokenizer of the supported kinds. */
const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
] as const;

/** Ids are bounded so that a damaged vocabulary cannot ask for gigabytes. */
const MAX_ID = 2 ** 22;

/** A share of entries with an upper-case letter above this means a cased vocabulary. */
const CASED_SHARE = 0.01;

export interface TokenizerReading {
  readonly definition: TokenizerDefinition;
  /** What a person should know: inferred casing, settings that override others. */
  readonly notices: readonly string[];
}

/** Names of the tokenizer files that the folder has, in a fixed order. */
export async function resolveTokenizerFiles(folder: string): Promise<string[]> {
  try {
    const present = new Set(await readdir(folder));
    return TOKENIZER_FILES.filter((name) => present.has(name));
  } catch (error) {
    throw asUserError(error, folder);
  }
}

/**
 * Reads `tokenizer.json`, else `vocab.txt` (WordPiece), else `vocab.json` with `merges.txt`
 * (byte-level BPE), with the settings beside them. Throws a UserError when none is there, when a
 * file is damaged, or when the tokenizer is of another kind.
 */
export async function readTokenizerDefinition(folder: string): Promise<TokenizerReading> {
  const files = new Set(await resolveTokenizerFiles(folder));
  const settings = await readTokenizerSettings(folder);
  const notices: string[] = [];
  const read = async (name: string): Promise<[text: string, path: string]> => {
    const path = join(folder, name);
    return [(await readTextFile(path)) ?? '', path];
  };

  let parts: Omit<TokenizerDefinition, 'specialTokens'>;
  if (files.has('tokenizer.json')) {
    const document = parseTokenizerDocument(...(await read('tokenizer.json')));
    parts = withSettings(document, settings, notices);
  } else if (files.has('vocab.txt')) {
    const vocabulary = parseVocabularyText(...(await read('vocab.txt')));
    parts = wordPiece(vocabulary, settings, notices);
  } else if (files.has('vocab.json') && files.has('merges.txt')) {
    const vocabulary = parseVocabularyJson(...(await read('vocab.json')));
    parts = byteLevel(vocabulary, parseMerges(...(await read('merges.txt'))), settings);
  } else {
    throw new UserError(
      'tokenizer/missing',
      `The folder ${folder} has no tokenizer.`,
      'Expected tokenizer.json, or vocab.txt (WordPiece), or vocab.json together with merges.txt (byte-level BPE).',
    );
  }
  return { definition: complete(parts, settings, folder), notices };
}

function wordPiece(
  vocabulary: ReadonlyMap<string, number>,
  settings: TokenizerSettings,
  notices: string[],
): Omit<TokenizerDefinition, 'specialTokens'> {
  let lowercase = settings.lowercase;
  if (lowercase === undefined) {
    const share = upperCaseShare(vocabulary);
    lowercase = share < CASED_SHARE;
    notices.push(
      `No file says whether the vocabulary is cased; it is taken as ${lowercase ? 'uncased' : 'cased'}, because ${(100 * share).toFixed(1)} % of its entries have an upper-case letter.`,
    );
  }
  const normalization: BertNormalization = {
    lowercase,
    stripAccents: settings.stripAccents ?? null,
    handleChineseCharacters: settings.handleChineseCharacters ?? true,
  };
  return {
    kind: 'wordpiece',
    vocabulary,
    model: {
      type: 'WordPiece',
      unk_token: settings.specialTokenNames.unk ?? '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
    },
    normalizer: bertNormalizer(normalization),
    preTokenizer: { type: 'BertPreTokenizer' },
    addedTokens: settings.addedTokens,
  };
}

function byteLevel(
  vocabulary: ReadonlyMap<string, number>,
  merges: readonly (readonly [string, string])[],
  settings: TokenizerSettings,
): Omit<TokenizerDefinition, 'specialTokens'> {
  return {
    kind: 'byte-level-bpe',
    vocabulary,
    model: {
      type: 'BPE',
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      merges,
    },
    normalizer: null,
    preTokenizer: byteLevelComponent(settings.addPrefixSpace ?? false, true),
    addedTokens: settings.addedTokens,
  };
}

/** tokenizer_config.json wins over tokenizer.json where it names a setting, as in transformers. */
function withSettings(
  document: Omit<TokenizerDefinition, 'specialTokens'>,
  settings: TokenizerSettings,
  notices: string[],
): Omit<TokenizerDefinition, 'specialTokens'> {
  let { normalizer, preTokenizer } = document;
  const override = (setting: string, said: unknown, other: unknown): void => {
    notices.push(
      `tokenizer_config.json says ${setting} = ${String(other)} where tokenizer.json has ${String(said)}; the former is used.`,
    );
  };
  if (normalizer?.type === 'BertNormalizer') {
    const wanted = {
      lowercase: settings.lowercase,
      strip_accents: settings.stripAccents,
      handle_chinese_chars: settings.handleChineseCharacters,
    };
    for (const [key, value] of Object.entries(wanted)) {
      if (value === undefined || normalizer[key] === value) continue;
      override(key, normalizer[key], value);
      normalizer = { ...normalizer, [key]: value };
    }
  }
  if (preTokenizer?.type === 'ByteLevel' && settings.addPrefixSpace !== undefined) {
    if (preTokenizer.add_prefix_space !== settings.addPrefixSpace) {
      override('add_prefix_space', preTokenizer.add_prefix_space, settings.addPrefixSpace);
      preTokenizer = { ...preTokenizer, add_prefix_space: settings.addPrefixSpace };
    }
  }
  const contents = new Set(document.addedTokens.map((token) => token.content));
  const addedTokens = [
    ...document.addedTokens,
    ...settings.addedTokens.filter((token) => !contents.has(token.content)),
  ];
  return { ...document, normalizer, preTokenizer, addedTokens };
}

/** Gives every role its token and checks that ids are unique and within bounds. */
function complete(
  parts: Omit<TokenizerDefinition, 'specialTokens'>,
  settings: TokenizerSettings,
  folder: string,
): TokenizerDefinition {
  const ids = new Map(parts.vocabulary);
  for (const token of parts.addedTokens) {
    const known = ids.get(token.content);
    if (known !== undefined && known !== token.id) {
      throw invalidTokenizer(
        folder,
        `the token ${token.content} has two ids, ${known} and ${token.id}`,
      );
    }
    ids.set(token.content, token.id);
  }
  checkIds(ids, folder);
  const roles = resolveSpecialTokens(
    parts.kind,
    settings.specialTokenNames,
    (token) => ids.get(token),
    folder,
  );
  const addedTokens: readonly AddedToken[] = withRoleTokens(
    parts.addedTokens,
    parts.kind,
    roles.ids,
    roles.names,
  );
  return { ...parts, addedTokens, specialTokens: roles.ids };
}

function checkIds(ids: ReadonlyMap<string, number>, where: string): void {
  const owners = new Map<number, string>();
  for (const [token, id] of ids) {
    if (id >= MAX_ID) {
      throw invalidTokenizer(where, `the token ${token} has id ${id}; ids end below ${MAX_ID}`);
    }
    const owner = owners.get(id);
    if (owner !== undefined) {
      throw invalidTokenizer(where, `the tokens ${owner} and ${token} share id ${id}`);
    }
    owners.set(id, token);
  }
}

/** Share of entries with an upper-case letter, special tokens such as [CLS] left out. */
function upperCaseShare(vocabulary: ReadonlyMap<string, number>): number {
  let counted = 0;
  let upper = 0;
  for (const token of vocabulary.keys()) {
    if (/^\[.+\]$/.test(token)) continue;
    counted++;
    if (/\p{Lu}/u.test(token)) upper++;
  }
  return counted === 0 ? 0 : upper / counted;
}
