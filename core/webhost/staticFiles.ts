/** The files of the built screens, and nothing else. */
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { contentTypeOf, isFileName } from '../screens/files.ts';
import type { Exchange } from './responses.ts';

export { plainSegments } from '../screens/files.ts';

/** The builder puts a hash of the content into these names, so they never change. */
const HASHED = /^assets\/.*-[\w-]{8,}\.\w+$/;
const FOREVER = 'private, max-age=31536000, immutable';
export interface StaticFile {
  readonly handle: FileHandle;
  readonly bytes: number;
  readonly type: string;
  readonly cacheControl: string;
}

/**
 * The file of a path below `root`, a real path; for a path of a screen, which is a name without an
 * extension, the page itself. Links are not followed. The caller closes the handle.
 */
export async function openStatic(
  root: string,
  segments: readonly string[],
): Promise<StaticFile | undefined> {
  const name = segments.join('/');
  if (segments.length > 0 && segments.every(isFileName)) {
    const file = await openInside(root, segments);
    if (file !== undefined) {
      const type = contentTypeOf(name);
      return { ...file, type, cacheControl: HASHED.test(name) ? FOREVER : 'no-cache' };
    }
  }
  const isScreen = segments[0] !== 'assets' && extname(segments.at(-1) ?? '') === '';
  const page = isScreen ? await openInside(root, ['index.html']) : undefined;
  return page && { ...page, type: contentTypeOf('index.html'), cacheControl: 'no-cache' };
}

async function openInside(
  root: string,
  segments: readonly string[],
): Promise<{ handle: FileHandle; bytes: number } | undefined> {
  const path = join(root, ...segments);
  let handle;
  try {
    if ((await realpath(path)) !== path || !path.startsWith(root + sep)) return undefined;
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    handle = await open(path, flags);
    const status = await handle.stat();
    if (status.isFile()) return { handle, bytes: status.size };
  } catch {
    // Not there, or not readable: the same to whoever asks.
  }
  await handle?.close();
  return undefined;
}

/** Sends the file and closes it. Rejects when the connection breaks. */
export async function sendStatic({ request, response }: Exchange, file: StaticFile): Promise<void> {
  response.statusCode = 200;
  response.setHeader('Content-Type', file.type);
  response.setHeader('Content-Length', file.bytes);
  response.setHeader('Cache-Control', file.cacheControl);
  if (request.method === 'HEAD' || file.bytes === 0) {
    response.end();
    await file.handle.close();
    return;
  }
  // A file that grows meanwhile must not send more than was announced.
  const stream = file.handle.createReadStream({ start: 0, end: file.bytes - 1 });
  await pipeline(stream, response);
}
