/**
 * One form for every tokenizer, whatever files it came from: the parts of a `tokenizer.json` that
 * decide ids and offsets. Padding, truncation and templates are left out, because windows are
 * formed here; the library builds its tokenizer from this form, and its hash names the tokenizer.
 */
import { hashJson } from '../base/files.ts';
import type { SpecialTokens, Tokenizer } from './types.ts';

/** A token that is cut out of the text before anything else looks at it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
}

/** A normalizer or pre-tokenizer in the library's JSON, checked by the reader. */
export interface Component {
  readonly type: string;
  readonly [setting: string]: unknown;
}

export interface WordPieceModel {
  readonly type: 'WordPiece';
  readonly unk_token: string;
  readonly continuing_subword_prefix: string;
  readonly max_input_chars_per_word: number;
}

export interface BytePairModel {
  readonly type: 'BPE';
  readonly unk_token: string | null;
  readonly continuing_subword_prefix: string;
  readonly end_of_word_suffix: string;
  readonly fuse_unk: boolean;
  readonly byte_fallback: boolean;
  readonly ignore_merges: boolean;
  readonly merges: readonly (readonly [string, string])[];
}

export interface TokenizerDefinition {
  readonly kind: Tokenizer['kind'];
  /** The model's own vocabulary; added tokens may lie beyond it. */
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly model: WordPieceModel | BytePairModel;
  readonly normalizer: Component | null;
  readonly preTokenizer: Component | null;
  readonly addedTokens: readonly AddedToken[];
  readonly specialTokens: SpecialTokens;
}

/** SHA-256 over everything that changes ids: equal for the same tokenizer read from other files. */
export function definitionHash(definition: TokenizerDefinition): string {
  const { vocabulary, addedTokens, ...settings } = definition;
  return hashJson({
    ...settings,
    vocabulary: [...vocabulary].sort(([, a], [, b]) => a - b),
    addedTokens: [...addedTokens].sort((a, b) => a.id - b.id),
  });
}

/** The `tokenizer.json` that the library builds its tokenizer from. */
export function libraryJson(definition: TokenizerDefinition): string {
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: definition.addedTokens,
    normalizer: definition.normalizer,
    pre_tokenizer: definition.preTokenizer,
    post_processor: null,
    decoder:
      definition.model.type === 'BPE'
        ? byteLevelComponent(true, true)
        : {
            type: 'WordPiece',
            prefix: definition.model.continuing_subword_prefix,
            cleanup: true,
          },
    model: { ...definition.model, vocab: Object.fromEntries(definition.vocabulary) },
  });
}

/** The parts of a component, sequences taken apart. */
export function flatten(component: Component | null): readonly Component[] {
  if (component === null) return [];
  if (component.type !== 'Sequence') return [component];
  const parts = component.normalizers ?? component.pretokenizers;
  return Array.isArray(parts) ? (parts as Component[]).flatMap(flatten) : [];
}

export function addsPrefixSpace(definition: TokenizerDefinition): boolean {
  return flatten(definition.preTokenizer).some(
    (part) => part.type === 'ByteLevel' && part.add_prefix_space !== false,
  );
}

/** Whether upper and lower case reach the model as they are. */
export function isCased(definition: TokenizerDefinition): boolean {
  return !flatten(definition.normalizer).some(
    (part) =>
      part.type === 'Lowercase' || (part.type === 'BertNormalizer' && part.lowercase !== false),
  );
}

/** The settings of the normalizer that BERT tokenizers share. */
export interface BertNormalization {
  readonly lowercase: boolean;
  /** null: as `lowercase`, like the original BERT. */
  readonly stripAccents: boolean | null;
  readonly handleChineseCharacters: boolean;
}

export function bertNormalizer(settings: BertNormalization): Component {
  return {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: settings.handleChineseCharacters,
    strip_accents: settings.stripAccents,
    lowercase: settings.lowercase,
  };
}

/** The library uses one component both as pre-tokenizer and as decoder. */
export function byteLevelComponent(addPrefixSpace: boolean, useRegex: boolean): Component {
  return {
    type: 'ByteLevel',
    add_prefix_space: addPrefixSpace,
    trim_offsets: true,
    use_regex: useRegex,
  };
}
