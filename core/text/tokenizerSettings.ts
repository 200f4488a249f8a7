/** The small JSON files beside a vocabulary: tokenizer_config.json, special_tokens_map.json, added_tokens.json. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { asUserError, isMissing, UserError } from '../base/errors.ts';
import type { SpecialTokenNames, SpecialTokenRole } from './specialTokens.ts';
import { SPECIAL_TOKEN_ROLES } from './specialTokens.ts';
import type { AddedToken } from './tokenizerDefinition.ts';

/** Larger than any tokenizer of an encoder; bounds what a damaged or hostile file can ask for. */
const MAX_FILE_BYTES = 256 * 2 ** 20;

/** Reads a text file as UTF-8, or nothing when there is none. */
export async function readTextFile(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) {
      throw new UserError(
        'tokenizer/file-too-large',
        `The tokenizer file ${path} has ${size} bytes; at most ${MAX_FILE_BYTES} are read.`,
        'Check that this is the tokenizer of an encoder and not another file.',
      );
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw asUserError(error, path);
  }
}

/** Parses JSON against a schema; a UserError names the file and the first thing that is wrong. */
export function parseTokenizerJson<T>(text: string, schema: z.ZodType<T>, path: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalidTokenizer(path, 'it is not valid JSON', error);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`;
  throw invalidTokenizer(path, `${issue.message}${at}`, parsed.error);
}

export function invalidTokenizer(path: string, reason: string, cause?: unknown): UserError {
  return new UserError(
    'tokenizer/invalid',
    `The tokenizer file ${path} cannot be used: ${reason}.`,
    'Copy the file again from the original model folder, or choose another model.',
    { cause },
  );
}

export const addedTokenSchema = z.object({
  id: z.int().nonnegative(),
  content: z.string().min(1),
  special: z.boolean().default(false),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  normalized: z.boolean().default(true),
});

const namedTokenSchema = z
  .union([z.string(), z.object({ content: z.string() }).transform((token) => token.content)])
  .nullish();

const roleNamesSchema = z.object({
  cls_token: namedTokenSchema,
  sep_token: namedTokenSchema,
  pad_token: namedTokenSchema,
  mask_token: namedTokenSchema,
  unk_token: namedTokenSchema,
});

const configurationSchema = roleNamesSchema.extend({
  do_lower_case: z.boolean().nullish(),
  strip_accents: z.boolean().nullish(),
  tokenize_chinese_chars: z.boolean().nullish(),
  add_prefix_space: z.boolean().nullish(),
  added_tokens_decoder: z
    .record(z.string().regex(/^\d+$/), addedTokenSchema.omit({ id: true }))
    .default({}),
});

/** What the files say; undefined where they say nothing. */
export interface TokenizerSettings {
  readonly lowercase: boolean | undefined;
  readonly stripAccents: boolean | null | undefined;
  readonly handleChineseCharacters: boolean | undefined;
  readonly addPrefixSpace: boolean | undefined;
  readonly specialTokenNames: SpecialTokenNames;
  readonly addedTokens: readonly AddedToken[];
}

/** Reads the settings files of a folder; each may be absent. */
export async function readTokenizerSettings(folder: string): Promise<TokenizerSettings> {
  const read = async <T>(name: string, schema: z.ZodType<T>): Promise<T> => {
    const path = join(folder, name);
    return parseTokenizerJson((await readTextFile(path)) ?? '{}', schema, path);
  };
  const configuration = await read('tokenizer_config.json', configurationSchema);
  const map = await read('special_tokens_map.json', roleNamesSchema);
  const added = await read('added_tokens.json', z.record(z.string(), z.int().nonnegative()));

  const specialTokenNames: SpecialTokenNames = {};
  for (const role of SPECIAL_TOKEN_ROLES) {
    const key = `${role}_token` satisfies `${SpecialTokenRole}_token`;
    const name = configuration[key] ?? map[key];
    if (typeof name === 'string') specialTokenNames[role] = name;
  }

  const addedTokens = Object.entries(configuration.added_tokens_decoder).map(
    ([id, token]): AddedToken => ({ id: Number(id), ...token }),
  );
  const known = new Set(addedTokens.map((token) => token.content));
  const roleNames = new Set(Object.values(specialTokenNames));
  for (const [content, id] of Object.entries(added)) {
    if (known.has(content)) continue;
    addedTokens.push({
      id,
      content,
      special: roleNames.has(content),
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: !roleNames.has(content),
    });
  }
  return {
    lowercase: configuration.do_lower_case ?? undefined,
    stripAccents: configuration.strip_accents,
    handleChineseCharacters: configuration.tokenize_chinese_chars ?? undefined,
    addPrefixSpace: configuration.add_prefix_space ?? undefined,
    specialTokenNames,
    addedTokens,
  };
}
