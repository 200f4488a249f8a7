/** Names of uploaded files: what a browser says of them is not trusted. */
import { UserError } from '../base/errors.ts';

const DEEPEST = 32;
/** File systems take 255 bytes; a number may be appended. */
const LONGEST_BYTES = 200;
const LONGEST_EXTENSION = 24;
/** Not allowed in names on Windows, and never needed. */
const RESERVED_CHARACTERS = /[<>:"|?*\p{Cc}]/gu;
const RESERVED_NAMES = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * A relative path with / or \ as names that every file system takes.
 * @throws UserError `upload/bad-name` when it is empty, too deep or leads upwards
 */
export function cleanSegments(name: string): string[] {
  const segments = name
    .toWellFormed()
    .normalize('NFC')
    .split(/[/\\]/)
    .filter((segment) => segment !== '' && segment !== '.');
  if (segments.length === 0) throw badName('has no name');
  if (segments.length > DEEPEST) throw badName('lies too deep in its folder');
  if (segments.includes('..')) throw badName('has a name that leads out of its folder');
  return segments.map(cleanSegment);
}

/** "notes.txt", 2 → "notes-2.txt". */
export function numbered(segment: string, number: number): string {
  const extension = extensionOf(segment);
  return `${segment.slice(0, segment.length - extension.length)}-${number}${extension}`;
}

function cleanSegment(segment: string): string {
  let clean = segment.replace(RESERVED_CHARACTERS, '-').replace(/[. ]+$/, '');
  if (clean === '') clean = '-';
  if (RESERVED_NAMES.test(clean)) clean = `-${clean}`;
  const extension = extensionOf(clean);
  const stem = Buffer.from(clean.slice(0, clean.length - extension.length));
  const room = LONGEST_BYTES - Buffer.byteLength(extension);
  if (stem.length <= room) return clean;
  // A character that was cut through becomes U+FFFD.
  return `${stem
    .subarray(0, room)
    .toString()
    .replace(/\uFFFD+$/, '')}${extension}`;
}

/** ".jsonl.gz" of "notes.jsonl.gz": the reader is chosen by it. */
function extensionOf(segment: string): string {
  const extension = /(?<=.)\.\w+(?:\.gz)?$/i.exec(segment)?.[0] ?? '';
  return extension.length <= LONGEST_EXTENSION ? extension : '';
}

function badName(what: string): UserError {
  return new UserError(
    'upload/bad-name',
    `A file that was to be uploaded ${what}.`,
    'Rename it, or copy the files to this machine and import them by their path.',
  );
}
