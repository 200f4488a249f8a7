/** `app://palimpsest`: the built screens, read from the program's own files, and nothing else. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contentTypeOf, isFileName, plainSegments } from '../core/screens/files.ts';
import { SCREEN_HEADERS } from '../core/screens/headers.ts';
import type { ElectronApi } from './api.ts';

export const SCHEME = 'app';
export const ORIGIN = `${SCHEME}://palimpsest`;
/** The page that every window shows. */
export const PAGE = `${ORIGIN}/`;

/** Before the app is ready: a scheme with an origin, as safe as https, with modules and storage. */
export function registerScheme({ protocol }: Pick<ElectronApi, 'protocol'>): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** When the app is ready. */
export function serveScreens({ protocol }: Pick<ElectronApi, 'protocol'>, folder: string): void {
  protocol.handle(SCHEME, (request) => answer(folder, request));
}

/** Whether an address is one of the program's own. */
export function isOwnAddress(address: string): boolean {
  return address === ORIGIN || address.startsWith(PAGE);
}

async function answer(folder: string, { url, method }: Request): Promise<Response> {
  if (method !== 'GET' && method !== 'HEAD')
    return refuse(405, 'This method is not answered here.');
  if (!isOwnAddress(url)) return refuse(404, 'There is nothing here.');
  const segments = plainSegments(url.slice(ORIGIN.length).replace(/[?#].*$/s, ''));
  if (segments === undefined) return refuse(400, 'This is not a path.');
  const names = segments.length === 0 ? ['index.html'] : segments;
  if (!names.every(isFileName)) return refuse(404, 'There is nothing here.');
  try {
    // Whole: the files are small, and an archive's are checked when they are read.
    const bytes = await readFile(join(folder, ...names));
    const type = contentTypeOf(names.at(-1) ?? '');
    const body = method === 'HEAD' ? null : new Uint8Array(bytes);
    return new Response(body, {
      status: 200,
      headers: { ...SCREEN_HEADERS, 'Content-Type': type },
    });
  } catch {
    return refuse(404, 'There is nothing here.');
  }
}

function refuse(status: number, text: string): Response {
  const headers = { ...SCREEN_HEADERS, 'Content-Type': 'text/plain; charset=utf-8' };
  return new Response(`${text}\n`, { status, headers });
}
