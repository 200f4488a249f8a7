/** Parsers of the plain vocabulary files: vocab.txt, vocab.json, merges.txt. */
import { z } from 'zod';
import { invalidTokenizer, parseTokenizerJson } from './tokenizerSettings.ts';

/**
 * `vocab.txt`: one token a line, the line number is the id. A token that occurs twice keeps the
 * later id, as in transformers.
 */
export function parseVocabularyText(text: string, path: string): ReadonlyMap<string, number> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) throw invalidTokenizer(path, 'it is empty');
  return new Map(lines.map((token, id) => [token, id]));
}

/** `vocab.json`: an object from token to id. */
export function parseVocabularyJson(text: string, path: string): ReadonlyMap<string, number> {
  return vocabularyFrom(parseTokenizerJson(text, z.unknown(), path), path);
}

/** Checks an object from token to id without copying it through a schema: vocabularies are large. */
export function vocabularyFrom(value: unknown, path: string): ReadonlyMap<string, number> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw invalidTokenizer(path, 'the vocabulary is not an object from token to id');
  }
  const vocabulary = new Map<string, number>();
  for (const [token, id] of Object.entries(value)) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0) {
      throw invalidTokenizer(path, `the token ${token} has no valid id`);
    }
    vocabulary.set(token, id);
  }
  if (vocabulary.size === 0) throw invalidTokenizer(path, 'the vocabulary is empty');
  return vocabulary;
}

/** `merges.txt`: a pair a line, best first, after an optional `#version` line. */
export function parseMerges(text: string, path: string): readonly (readonly [string, string])[] {
  const lines = text.split(/\r?\n/);
  const start = lines[0].startsWith('#version') ? 1 : 0;
  return lines
    .slice(start)
    .filter((line) => line !== '')
    .map((line) => mergeFrom(line, path));
}

/** A merge is two tokens: `["a", "b"]`, or `"a b"` in files of an older make. */
export function mergeFrom(value: unknown, path: string): readonly [string, string] {
  const pair: unknown = typeof value === 'string' ? value.split(' ') : value;
  if (Array.isArray(pair) && pair.length === 2) {
    const [left, right] = pair as unknown[];
    if (typeof left === 'string' && typeof right === 'string' && left !== '' && right !== '') {
      return [left, right];
    }
  }
  throw invalidTokenizer(path, 'a merge is not a pair of tokens');
}
