/** Reads masked examples, one JSON object a line, as Hugging Face's collators write them. */
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { asUserError, UserError } from '../../base/errors.ts';

/** The label of a position that is not scored. */
export const NOT_SCORED = -100;
/** Far more than a line of the longest window needs; a larger one is some other file. */
const LONGEST_LINE = 1 << 22;

export interface MaskedLine {
  /** Counted from 1. */
  readonly line: number;
  readonly inputIds: readonly number[];
  readonly labels: readonly number[];
  readonly attentionMask: readonly number[];
  readonly tokenTypeIds: readonly number[] | undefined;
}

/** What the ids of a line have to fit. */
export interface Limits {
  readonly vocabSize: number;
  readonly maxSequenceLength: number;
  /** 0 for a model without token types. */
  readonly typeVocabSize: number;
}

/** The checked lines of a .jsonl or .jsonl.gz file, read as they are needed. Blank lines are skipped. */
export async function* readMaskedLines(path: string, limits: Limits): AsyncGenerator<MaskedLine> {
  const where = basename(path);
  for await (const { line, text } of textLines(path)) {
    if (text.trim() !== '') yield parseMaskedLine(text, line, where, limits);
  }
}

/** @throws UserError `score/bad-line` that names the line and the field */
export function parseMaskedLine(
  text: string,
  line: number,
  where: string,
  limits: Limits,
): MaskedLine {
  const fail = (reason: string): never => {
    throw new UserError(
      'score/bad-line',
      `${where}, line ${line}: ${reason}.`,
      'Each line is a JSON object with input_ids and labels (−100 = not scored) of one length, and optionally attention_mask.',
    );
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    fail('this is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail('this is not a JSON object');
  }
  const fields = new Map<string, unknown>(Object.entries(value));
  const integers = (name: string, length: number | undefined, allowed: string, fits: Fits) => {
    const list = fields.get(name);
    if (!Array.isArray(list)) return fail(`${name} is not a list of whole numbers`);
    const entries: unknown[] = list;
    if (length !== undefined && entries.length !== length) {
      return fail(`${name} has the length ${entries.length}, but input_ids ${length}`);
    }
    return entries.map((entry, index): number => {
      if (typeof entry === 'number' && Number.isInteger(entry) && fits(entry)) return entry;
      return fail(`${name}[${index}] is ${JSON.stringify(entry)}, but must be ${allowed}`);
    });
  };
  const inVocabulary = (id: number): boolean => id >= 0 && id < limits.vocabSize;
  const vocabulary = `a token id from 0 to ${limits.vocabSize - 1}`;

  const inputIds = integers('input_ids', undefined, vocabulary, inVocabulary);
  const { length } = inputIds;
  if (length === 0) fail('input_ids is empty');
  if (length > limits.maxSequenceLength) {
    fail(
      `input_ids has the length ${length}, but the model takes at most ${limits.maxSequenceLength}`,
    );
  }
  const labels = integers(
    'labels',
    length,
    `${NOT_SCORED} or ${vocabulary}`,
    (label) => label === NOT_SCORED || inVocabulary(label),
  );
  const attentionMask = fields.has('attention_mask')
    ? integers('attention_mask', length, '0 or 1', (entry) => entry === 0 || entry === 1)
    : inputIds.map(() => 1);
  if (!attentionMask.includes(1)) fail('attention_mask leaves no token');
  const types = Math.max(1, limits.typeVocabSize);
  const tokenTypeIds = fields.has('token_type_ids')
    ? integers('token_type_ids', length, `a token type from 0 to ${types - 1}`, (type) => {
        return type >= 0 && type < types;
      })
    : undefined;
  return { line, inputIds, labels, attentionMask, tokenTypeIds };
}

type Fits = (entry: number) => boolean;

async function* textLines(path: string): AsyncGenerator<{ line: number; text: string }> {
  let rest = '';
  let line = 0;
  try {
    for await (const chunk of openText(path)) {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const text of parts) yield { line: ++line, text };
      if (rest.length > LONGEST_LINE) {
        throw new UserError(
          'score/bad-line',
          `${basename(path)}, line ${line + 1}: the line has more than ${LONGEST_LINE} characters.`,
          'Each line holds one window of tokens.',
        );
      }
    }
  } catch (error) {
    throw asUserError(error, path);
  }
  if (rest !== '') yield { line: ++line, text: rest };
}

function openText(path: string): AsyncIterable<string> {
  const file = createReadStream(path);
  if (!path.endsWith('.gz')) return file.setEncoding('utf8');
  // Errors of either stream reach the reader of the last one.
  return pipeline(file, createGunzip(), () => {}).setEncoding('utf8');
}
