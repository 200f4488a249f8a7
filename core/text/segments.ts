/**
 * Places where a text may be cut without changing a single token id.
 *
 * Before a space that follows a non-space character every pre-tokenizer of the supported encoders
 * ends a word: BERT's splits at white space; the pattern of byte-level BPE lets a space only begin
 * a match, never end one that began with something else, and looks ahead but never behind. So the
 * tokens of a text are those of its segments, one after the other. That bounds the memory of long
 * documents and lets the tokens of a frequent segment, mostly one word, be remembered.
 */
import type { TokenizerDefinition } from './tokenizerDefinition.ts';
import { addsPrefixSpace, flatten } from './tokenizerDefinition.ts';

/** `none`: the text is encoded in one piece. `space`: cut before U+0020. `line`: and before U+000A. */
export type SegmentRule = 'none' | 'space' | 'line';

const SEGMENT_SAFE_NORMALIZERS = new Set([
  'BertNormalizer',
  'Lowercase',
  'StripAccents',
  'NFC',
  'NFD',
]);

/** Decides where texts may be cut for a tokenizer; `none` where the argument above does not hold. */
export function segmentRule(definition: TokenizerDefinition): SegmentRule {
  const { normalizer, preTokenizer, addedTokens } = definition;
  if (!flatten(normalizer).every((part) => SEGMENT_SAFE_NORMALIZERS.has(part.type))) return 'none';
  // An added token must not reach over a cut: no space inside it, none taken at its right.
  const plain = (content: string): boolean => /^[\x21-\x7e]+$/.test(content);
  if (!addedTokens.every((token) => !token.rstrip && plain(token.content))) return 'none';
  switch (preTokenizer?.type) {
    case 'BertPreTokenizer':
      return 'line';
    case 'ByteLevel':
      if (preTokenizer.use_regex === false) return 'none';
      // A prefix space would be added to a segment that begins with another white space.
      return addsPrefixSpace(definition) ? 'space' : 'line';
    default:
      return 'none';
  }
}

export const SPACE = 0x20;
const LINE_FEED = 0x0a;

/** White space in the sense of Unicode or of JavaScript: the wider set makes for fewer cuts. */
export function isWhiteSpace(code: number): boolean {
  if (code <= SPACE) return code === SPACE || (code >= 0x09 && code <= 0x0d);
  if (code < 0x2000) return code === 0x85 || code === 0xa0 || code === 0x1680;
  return (
    code <= 0x200a ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000 ||
    code === 0xfeff
  );
}

/** The next cut after `from`, in UTF-16 code units, or the length of the text. */
export function segmentEnd(text: string, from: number, rule: SegmentRule): number {
  if (rule === 'none') return text.length;
  let previous = from < text.length ? text.charCodeAt(from) : SPACE;
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((code === SPACE || (code === LINE_FEED && rule === 'line')) && !isWhiteSpace(previous)) {
      return at;
    }
    previous = code;
  }
  return text.length;
}

/** Whether a segment can follow another one in a joined text and be cut out of it again. */
export function isJoinable(segment: string, rule: SegmentRule): boolean {
  const first = segment.charCodeAt(0);
  return (
    (first === SPACE || (first === LINE_FEED && rule === 'line')) &&
    !isWhiteSpace(segment.charCodeAt(segment.length - 1))
  );
}
