/** The names of the files of the built screens, and what they are: the same for every host. */
import { extname } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

export function contentTypeOf(name: string): string {
  return TYPES[extname(name).toLowerCase()] ?? 'application/octet-stream';
}

/** Every name that the builder gives to a file. */
const FILE_NAME = /^\w[\w.-]*$/;

export function isFileName(segment: string): boolean {
  return FILE_NAME.test(segment);
}

const MOST_DECODINGS = 4;

/**
 * The segments of a request's path, decoded once; undefined for one that is not a plain path, or
 * would not be after being decoded again and again: `..`, backslashes, control characters.
 */
export function plainSegments(rawPath: string): string[] | undefined {
  const forms = [rawPath];
  for (let last = rawPath; forms.length <= MOST_DECODINGS;) {
    let decoded;
    try {
      decoded = decodeURIComponent(last);
    } catch {
      // A lone percent sign; in what was sent it is an error, in what it stood for a character.
      if (forms.length === 1) return undefined;
      break;
    }
    if (decoded === last) break;
    forms.push(decoded);
    last = decoded;
  }
  if (forms.length > MOST_DECODINGS || !forms.every(isPlain)) return undefined;
  return (forms[1] ?? rawPath).split('/').filter((segment) => segment !== '');
}

function isPlain(path: string): boolean {
  if (/[\u0000-\u001f\u007f\\]/.test(path)) return false;
  return !path.split('/').some((segment) => segment === '.' || segment === '..');
}
