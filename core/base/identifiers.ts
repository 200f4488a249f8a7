import { randomBytes } from 'node:crypto';

/** Letters and digits that are not mistaken for one another when read aloud or typed. */
const ALPHABET = '23456789abcdefghjkmnpqrstuvwxyz';

/** Whether `text` has the form of an identifier of ours, and so is safe as the name of a folder. */
export function isIdentifier(text: string): boolean {
  return /^[a-z]+-[a-z0-9]{4,32}$/.test(text);
}

/** A short name that is unique in a home folder: `run-8k2m9qxw4d`, 49 random bits. */
export function newIdentifier(prefix: string): string {
  let suffix = '';
  while (suffix.length < 10) {
    for (const byte of randomBytes(16)) {
      // Bytes beyond the last whole multiple would favour the first letters.
      if (byte < 256 - (256 % ALPHABET.length) && suffix.length < 10) {
        suffix += ALPHABET[byte % ALPHABET.length] ?? '';
      }
    }
  }
  return `${prefix}-${suffix}`;
}
