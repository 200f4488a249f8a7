/** Files that are never seen half-written: temporary name, fsync, rename, fsync of the folder. */
import { randomBytes, createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { canonicalJson } from './canonicalJson.ts';
import { asUserError } from './errors.ts';

/** Names that start like this are leftovers of a process that died; they may be deleted at start. */
export const TEMPORARY_PREFIX = '.tmp-';

export function temporaryPathFor(path: string): string {
  return join(
    dirname(path),
    `${TEMPORARY_PREFIX}${randomBytes(6).toString('hex')}-${basename(path)}`,
  );
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file by streaming into a temporary one; the file appears under its name only when
 * `write` returned and all bytes are on disk. Throws a UserError for ENOSPC and its like.
 */
export async function writeFileAtomically(
  path: string,
  write: Uint8Array | string | ((file: FileHandle) => Promise<void>),
): Promise<void> {
  const temporary = temporaryPathFor(path);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      if (typeof write === 'function') await write(file);
      else await file.writeFile(write);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await removeQuietly(temporary);
    throw asUserError(error, path);
  }
}

/**
 * Builds a folder under a temporary name beside `path` and renames it into place. When `fill`
 * throws, nothing is left. `path` must not exist yet.
 */
export async function createFolderAtomically(
  path: string,
  fill: (temporaryPath: string) => Promise<void>,
): Promise<void> {
  const temporary = temporaryPathFor(path);
  try {
    await mkdir(dirname(path), { recursive: true });
    await mkdir(temporary, { mode: 0o700 });
    await fill(temporary);
    await syncFolder(temporary);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await removeQuietly(temporary);
    throw asUserError(error, path);
  }
}

/** The error that is being reported matters more than a clean-up that fails for the same reason. */
async function removeQuietly(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => undefined);
}

/** Deletes what died processes left in a folder that this process owns. */
export async function removeTemporaries(folder: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    if (entry.startsWith(TEMPORARY_PREFIX)) {
      await rm(join(folder, entry), { recursive: true, force: true });
    }
  }
}

/** SHA-256 of a file in hexadecimal, streamed. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      hash.update(chunk as Buffer);
    }
  } catch (error) {
    throw asUserError(error, path);
  }
  return hash.digest('hex');
}

/** SHA-256 in hexadecimal of bytes or of UTF-8 text. */
export function hashBytes(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** SHA-256 of a JSON value whose object keys are sorted, so equal settings hash equally. */
export function hashJson(value: unknown): string {
  return hashBytes(canonicalJson(value));
}
