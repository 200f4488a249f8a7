/** Opens the tokenizer of a model folder; ids are those of Hugging Face's tokenizers. */
import { Tokenizer as Library } from 'tokenizers';
import { segmentRule } from './segments.ts';
import { SegmentedEncoder } from './segmentedEncoder.ts';
import { specialIdsOf } from './specialTokens.ts';
import type { TokenizerDefinition } from './tokenizerDefinition.ts';
import { definitionHash, isCased, libraryJson } from './tokenizerDefinition.ts';
import { readTokenizerDefinition } from './tokenizerFiles.ts';
import { invalidTokenizer } from './tokenizerSettings.ts';
import type { Encoding, SpecialTokens, Tokenizer } from './types.ts';

export { resolveTokenizerFiles } from './tokenizerFiles.ts';

export interface OpenTokenizer {
  readonly tokenizer: Tokenizer;
  /** Whether upper and lower case reach the model as they are. */
  readonly cased: boolean;
  /** What a person should know, one sentence each. */
  readonly notices: readonly string[];
}

/**
 * Opens the tokenizer of a folder in Hugging Face layout: `tokenizer.json`, else `vocab.txt`, else
 * `vocab.json` with `merges.txt`. Throws a UserError when there is none, when it is damaged, of an
 * unsupported kind, or without a token that masked-language-model training needs.
 */
export async function openTokenizer(folder: string): Promise<OpenTokenizer> {
  const { definition, notices } = await readTokenizerDefinition(folder);
  const library = buildLibrary(definition, folder);
  const tokenizer = new FolderTokenizer(definition, library);
  try {
    // What the library only finds out when it encodes: a model without its unknown token.
    await tokenizer.encode('A\u4e00 \u{1f600}1.');
  } catch (error) {
    throw invalidTokenizer(folder, reasonOf(error), error);
  }
  return { tokenizer, cased: isCased(definition), notices };
}

function buildLibrary(definition: TokenizerDefinition, folder: string): Library {
  let library: Library;
  try {
    library = Library.fromString(libraryJson(definition));
  } catch (error) {
    throw invalidTokenizer(folder, reasonOf(error), error);
  }
  // The library numbers added tokens itself when the ids in the file leave a gap.
  for (const token of definition.addedTokens) {
    const id = library.tokenToId(token.content);
    if (id !== token.id) {
      throw invalidTokenizer(
        folder,
        `the added token ${token.content} has id ${token.id} where ${String(id)} is the next free one`,
      );
    }
  }
  return library;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

class FolderTokenizer implements Tokenizer {
  readonly hash: string;
  readonly kind: Tokenizer['kind'];
  readonly vocabSize: number;
  readonly specialTokens: SpecialTokens;
  readonly specialIds: ReadonlySet<number>;
  readonly #library: Library;
  readonly #encoder: SegmentedEncoder;
  readonly #tokens: readonly (string | undefined)[];
  readonly #ids: ReadonlyMap<string, number>;

  constructor(definition: TokenizerDefinition, library: Library) {
    this.hash = definitionHash(definition);
    this.kind = definition.kind;
    this.specialTokens = definition.specialTokens;
    this.specialIds = specialIdsOf(definition.addedTokens, definition.specialTokens);
    this.#library = library;
    this.#encoder = new SegmentedEncoder(library, segmentRule(definition));
    const ids = new Map(definition.vocabulary);
    for (const token of definition.addedTokens) ids.set(token.content, token.id);
    const tokens: (string | undefined)[] = [];
    for (const [token, id] of ids) tokens[id] = token;
    this.#ids = ids;
    this.#tokens = tokens;
    this.vocabSize = tokens.length;
  }

  async encode(text: string): Promise<Encoding> {
    const [encoding] = await this.encodeBatch([text]);
    return encoding;
  }

  encodeBatch(texts: readonly string[]): Promise<Encoding[]> {
    return this.#encoder.encodeBatch(texts);
  }

  tokenOf(id: number): string {
    if (!Number.isInteger(id) || id < 0 || id >= this.vocabSize) {
      throw new RangeError(`There is no token ${id} in a vocabulary of ${this.vocabSize}.`);
    }
    return this.#tokens[id] ?? '';
  }

  idOf(token: string): number | undefined {
    return this.#ids.get(token);
  }

  decode(ids: readonly number[]): string {
    const tokens = ids.map((id) => this.tokenOf(id));
    return this.#library.getDecoder()?.decode(tokens) ?? tokens.join(' ');
  }
}
