import { invalidTextError } from './decodeText.ts';
import type { TextChanges } from './decodeText.ts';

/**
 * Normalises a document. Line ends become `\n`, NUL characters go, white space around the whole
 * document goes; nothing else changes. In particular there is no Unicode normalisation and no case
 * folding: those belong to the tokenizer, and doing them here would change its ids.
 *
 * Surrogates without a partner (JSON escapes can hold them) have no UTF-8 form: they become U+FFFD
 * and are counted, or are a UserError that names `where` when `strict`.
 */
export function normaliseText(
  text: string,
  changes: TextChanges,
  strict: boolean,
  where: string,
): string {
  let result = text;
  if (result.includes('\r')) result = result.replace(/\r\n?/g, '\n');
  if (result.includes('\0')) {
    const cleaned = result.replaceAll('\0', '');
    changes.removedNulCharacters += result.length - cleaned.length;
    result = cleaned;
  }
  if (!result.isWellFormed()) {
    if (strict) throw invalidTextError(`A document of ${where}`);
    changes.replacedSequences += result.match(LONE_SURROGATES)?.length ?? 0;
    result = result.toWellFormed();
  }
  return result.trim();
}

/** With the `u` flag a surrogate pair is one character, so only lone ones match. */
const LONE_SURROGATES = /\p{Surrogate}/gu;
