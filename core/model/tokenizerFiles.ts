/** The tokenizer's files in a model folder, and the size of the vocabulary they describe. */
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../base/errors.ts';
import { readText } from './fileAccess.ts';

/** Every file that can change token ids; copied unchanged from folder to folder. */
export const TOKENIZER_FILES = [
  'tokenizer.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
] as const;

export interface TokenizerFiles {
  /** Names of those present, in the order of TOKENIZER_FILES. */
  readonly names: readonly string[];
  /** The highest token id plus one. */
  readonly vocabularySize: number;
}

const idsSchema = z.record(z.string(), z.int().nonnegative());
const tokenizerSchema = z.object({
  model: z.object({ vocab: idsSchema }),
  added_tokens: z.array(z.object({ id: z.int().nonnegative() })).default([]),
});

/** What `names` (the files of a folder) has of a tokenizer, or null when that is none. */
export async function inspectTokenizerFiles(
  folder: string,
  names: readonly string[],
): Promise<TokenizerFiles | null> {
  const present = TOKENIZER_FILES.filter((name) => names.includes(name));
  const has = (name: (typeof TOKENIZER_FILES)[number]): boolean => present.includes(name);
  const added = has('added_tokens.json')
    ? highestId(await readJson(join(folder, 'added_tokens.json'), idsSchema)) + 1
    : 0;
  let size: number;
  if (has('tokenizer.json')) {
    const { model, added_tokens } = await readJson(join(folder, 'tokenizer.json'), tokenizerSchema);
    const beyond = added_tokens.reduce((highest, { id }) => Math.max(highest, id + 1), 0);
    size = Math.max(highestId(model.vocab) + 1, beyond);
  } else if (has('vocab.txt')) {
    size = countLines(await readText(join(folder, 'vocab.txt')));
  } else if (has('vocab.json') && has('merges.txt')) {
    size = highestId(await readJson(join(folder, 'vocab.json'), idsSchema)) + 1;
  } else {
    return null;
  }
  return { names: present, vocabularySize: Math.max(size, added) };
}

function highestId(ids: Readonly<Record<string, number>>): number {
  return Object.values(ids).reduce((highest, id) => Math.max(highest, id), -1);
}

function countLines(text: string): number {
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.length - 1 : lines.length;
}

async function readJson<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  let value: unknown;
  const text = await readText(path);
  try {
    value = JSON.parse(text);
  } catch {
    throw notATokenizer(path);
  }
  const result = schema.safeParse(value);
  if (!result.success) throw notATokenizer(path);
  return result.data;
}

function notATokenizer(path: string): UserError {
  return new UserError(
    'model/tokenizer',
    `${path} does not hold a WordPiece or byte-level BPE vocabulary.`,
    'Take the tokenizer files that were published with the model.',
  );
}
