/**
 * Files on their way from a browser into an import. They lie in a folder of the home folder with a
 * temporary name, which the next owner removes should this process be killed.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UserError, asUserError, hasCode } from '../base/errors.ts';
import { TEMPORARY_PREFIX } from '../base/files.ts';
import { freeBytes as freeBytesOf } from '../workbench/space.ts';
import type { Uploaded } from './fileReplies.ts';
import { cleanSegments, numbered } from './uploadNames.ts';

/** Left free for the history and the checkpoints of a run at work. */
const RESERVE_BYTES = 256 * 2 ** 20;
/** Free space is asked for again after so many bytes. */
const CHECK_BYTES = 64 * 2 ** 20;
/** An upload that nothing used for so long was given up, by a window that went without a word. */
const FORGOTTEN_MILLISECONDS = 24 * 3600 * 1000;
const FORGETTING_MILLISECONDS = 3600 * 1000;
const MOST_AT_ONCE = 16;
const MOST_OF_ONE_NAME = 1000;

export interface UploadRequest {
  /** The file's name, or its path from the name of the dropped folder on. */
  readonly name: string;
  /** The upload that it belongs to; a new one when left out. */
  readonly upload?: string | undefined;
  /** What the sender announces, if anything. */
  readonly bytes?: number | undefined;
}

interface Upload {
  readonly folder: string;
  /** Files that arrive and calls that read. */
  users: number;
  usedAt: number;
  /** Paths to be removed when nothing uses the upload. */
  readonly released: Set<string>;
}

export class Uploads {
  readonly #area: string;
  readonly #freeBytes: (folder: string) => Promise<number>;
  readonly #uploads = new Map<string, Upload>();
  readonly #arriving = new Set<Promise<Uploaded>>();
  readonly #forgetting: NodeJS.Timeout;
  #closed = false;

  /** `homeFolder` is a real path that this process owns. */
  constructor(homeFolder: string, freeBytes = freeBytesOf) {
    this.#area = join(homeFolder, `${TEMPORARY_PREFIX}uploads-${randomBytes(6).toString('hex')}`);
    this.#freeBytes = freeBytes;
    this.#forgetting = setInterval(() => {
      // What cannot be removed now goes an hour later, or with the process.
      void this.#forget().catch(() => undefined);
    }, FORGETTING_MILLISECONDS).unref();
  }

  /**
   * Writes `body` to a file as it comes; what arrived of one that breaks off is removed.
   * @throws UserError `upload/…`, `host/busy`, `host/closing`, `system/…`
   */
  async receive(body: Readable, request: UploadRequest): Promise<Uploaded> {
    if (this.#closed) throw closing();
    if (this.#arriving.size >= MOST_AT_ONCE) throw busy();
    const arrival = this.#receive(body, request);
    this.#arriving.add(arrival);
    try {
      return await arrival;
    } finally {
      this.#arriving.delete(arrival);
    }
  }

  async #receive(body: Readable, { name, upload, bytes }: UploadRequest): Promise<Uploaded> {
    const segments = cleanSegments(name);
    try {
      await mkdir(this.#area, { recursive: true, mode: 0o700 });
      await this.#requireSpace(bytes ?? 0);
      const id = upload ?? (await this.#begin());
      const { folder } = this.#find(id);
      const release = this.hold([id]);
      try {
        const file = await createFile(folder, segments);
        const written = await this.#write(body, file);
        const first = segments.length === 1 ? file.path : join(folder, segments[0] ?? '');
        return { upload: id, path: first, bytes: written };
      } finally {
        release();
      }
    } catch (error) {
      throw asUserError(error, 'the place for uploads in the home folder');
    }
  }

  /** The uploads that paths anywhere in a call's request lead into. */
  namedIn(request: unknown): string[] {
    const found = new Set<string>();
    const look = (value: unknown, depth: number): void => {
      if (typeof value === 'string') {
        const path = resolve(value);
        if (!path.startsWith(this.#area + sep)) return;
        const [id = ''] = path.slice(this.#area.length + 1).split(sep);
        if (this.#uploads.has(id)) found.add(id);
      } else if (typeof value === 'object' && value !== null && depth > 0) {
        for (const each of Object.values(value)) look(each, depth - 1);
      }
    };
    look(request, 3);
    return [...found];
  }

  /** Keeps uploads from being removed until the returned function is called. */
  hold(ids: readonly string[]): () => void {
    const held = ids.flatMap((id) => {
      const upload = this.#uploads.get(id);
      return upload === undefined ? [] : [{ id, upload }];
    });
    for (const { upload } of held) upload.users++;
    return () => {
      for (const { id, upload } of held) {
        upload.users--;
        upload.usedAt = performance.now();
        // What cannot be removed is forgotten with the process.
        void this.#removeReleased(id, upload).catch(() => undefined);
      }
    };
  }

  /** @throws UserError `upload/unknown`, `upload/in-use` */
  async remove(id: string): Promise<void> {
    const { folder } = this.#requireUnused(id);
    this.#uploads.delete(id);
    await rm(folder, { recursive: true, force: true });
  }

  /**
   * Removes a file or folder that `receive` has told the path of, because its window does not need it
   * any more; when something still reads or adds to its upload, once that is done. What is not there
   * is gone already.
   */
  async release(path: string): Promise<void> {
    const place = resolve(path);
    const [id = ''] = this.namedIn(place);
    const upload = this.#uploads.get(id);
    // Only what was told is removed by its path, no file inside of it.
    if (upload === undefined || dirname(place) !== upload.folder) return;
    upload.released.add(place);
    await this.#removeReleased(id, upload);
  }

  async #removeReleased(id: string, upload: Upload): Promise<void> {
    if (upload.users > 0 || upload.released.size === 0) return;
    const released = [...upload.released];
    upload.released.clear();
    const names = await readdir(upload.folder).catch(() => []);
    const isEmpty = names.every((name) => released.includes(join(upload.folder, name)));
    if (isEmpty) this.#uploads.delete(id);
    const places = isEmpty ? [upload.folder] : released;
    for (const place of places) await rm(place, { recursive: true, force: true });
  }

  /** Removes everything. The senders of files that still arrive must be gone already. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#forgetting);
    await Promise.allSettled(this.#arriving);
    this.#uploads.clear();
    await rm(this.#area, { recursive: true, force: true, maxRetries: 5 });
  }

  async #begin(): Promise<string> {
    const id = randomBytes(16).toString('hex');
    const folder = join(this.#area, id);
    await mkdir(folder, { mode: 0o700 });
    this.#uploads.set(id, {
      folder,
      users: 0,
      usedAt: performance.now(),
      released: new Set(),
    });
    return id;
  }

  #find(id: string): Upload {
    const upload = this.#uploads.get(id);
    if (upload !== undefined) return upload;
    throw unknown();
  }

  #requireUnused(id: string): Upload {
    const upload = this.#find(id);
    if (upload.users === 0) return upload;
    throw new UserError(
      'upload/in-use',
      'The uploaded files are being read or are still arriving.',
      'Wait until that is done, or stop it.',
    );
  }

  async #write(body: Readable, { handle, path }: NewFile): Promise<number> {
    let written = 0;
    let nextCheck = CHECK_BYTES;
    const requireSpace = (): Promise<void> => this.#requireSpace(0);
    try {
      await pipeline(async function* () {
        // The sender is not cut off when this fails, so that it hears why.
        const chunks: AsyncIterable<Buffer> = body.iterator({ destroyOnReturn: false });
        for await (const chunk of chunks) {
          written += chunk.length;
          if (written >= nextCheck) {
            nextCheck = written + CHECK_BYTES;
            await requireSpace();
          }
          yield chunk;
        }
      }, handle.createWriteStream());
      if (this.#closed) throw closing();
      return written;
    } catch (error) {
      await handle.close().catch(() => undefined);
      await rm(path, { force: true });
      throw error;
    }
  }

  async #requireSpace(bytes: number): Promise<void> {
    const free = await this.#freeBytes(this.#area);
    if (free - RESERVE_BYTES >= bytes) return;
    throw new UserError(
      'upload/no-space',
      `The upload does not fit on the disk of the home folder, which has ${(free / 1e9).toFixed(2)} GB free.`,
      'Free some space, or copy the files to another disk of this machine and import them by their path.',
    );
  }

  async #forget(): Promise<void> {
    for (const [id, { users, usedAt }] of this.#uploads) {
      if (users === 0 && performance.now() - usedAt > FORGOTTEN_MILLISECONDS) await this.remove(id);
    }
  }
}

interface NewFile {
  readonly handle: FileHandle;
  readonly path: string;
}

/** A file of this name, or of this name with a number when it is taken. */
async function createFile(folder: string, segments: readonly string[]): Promise<NewFile> {
  const place = join(folder, ...segments.slice(0, -1));
  await mkdir(place, { recursive: true, mode: 0o700 });
  const name = segments.at(-1) ?? '';
  for (let number = 1; number <= MOST_OF_ONE_NAME; number++) {
    const path = join(place, number === 1 ? name : numbered(name, number));
    try {
      return { handle: await open(path, 'wx', 0o600), path };
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
  throw new UserError(
    'upload/bad-name',
    'Too many uploaded files have the same name.',
    'Rename them, or copy the files to this machine and import them by their path.',
  );
}

function busy(): UserError {
  return new UserError(
    'host/busy',
    `${MOST_AT_ONCE} files are being uploaded, which is the most at a time.`,
    'Try again when some are done.',
  );
}

function closing(): UserError {
  return new UserError('host/closing', 'Palimpsest is being closed.', 'Start it again.');
}

function unknown(): UserError {
  return new UserError(
    'upload/unknown',
    'There is no upload of that name; it was removed or never made.',
    'Choose the files again.',
  );
}
