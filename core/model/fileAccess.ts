/** Reading and writing byte ranges of files, whole or not at all. */
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { asUserError, UserError } from '../base/errors.ts';
import { writeFileAtomically } from '../base/files.ts';

/** One system call never moves more than this; larger ones are refused by some systems. */
const LARGEST_TRANSFER = 1 << 26;

export interface ReadableFile {
  readonly path: string;
  readonly size: number;
  /** Throws a UserError when the file ends before the range does. */
  read(position: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

export async function openForReading(path: string): Promise<ReadableFile> {
  let handle: FileHandle;
  let size: number;
  try {
    // Asked before opening: to open a pipe would wait for a writer.
    if (!(await stat(path)).isFile()) {
      throw new UserError('file/not-a-file', `${path} is not a file.`, 'Name a regular file.');
    }
    handle = await open(path, 'r');
    size = (await handle.stat()).size;
  } catch (error) {
    throw asUserError(error, path);
  }
  return {
    path,
    size,
    read: (position, length) => readRange(handle, path, size, position, length),
    close: () => handle.close(),
  };
}

async function readRange(
  handle: FileHandle,
  path: string,
  size: number,
  position: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  // Checked before the allocation: a lying length must not reserve memory.
  if (position + length > size) throw endsEarly(path);
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const wanted = Math.min(LARGEST_TRANSFER, length - done);
    try {
      const { bytesRead } = await handle.read(bytes, done, wanted, position + done);
      if (bytesRead === 0) throw endsEarly(path);
      done += bytesRead;
    } catch (error) {
      throw asUserError(error, path);
    }
  }
  return bytes;
}

function endsEarly(path: string): UserError {
  return new UserError(
    'file/truncated',
    `${path} ends before the data it announces.`,
    'The file was probably not copied or downloaded completely; fetch it again.',
  );
}

/** A text file of a model is never longer; the largest vocabularies have some 10 MB. */
const LONGEST_TEXT = 1 << 28;

/** The text of a small file; bytes that are not UTF-8 become U+FFFD. */
export async function readText(path: string): Promise<string> {
  const file = await openForReading(path);
  try {
    if (file.size > LONGEST_TEXT) {
      throw new UserError(
        'file/too-large',
        `${path} has ${file.size} bytes, far more than a file of its kind.`,
        'Check that it is the file it is named after.',
      );
    }
    return new TextDecoder().decode(await file.read(0, file.size));
  } finally {
    await file.close();
  }
}

/** Writes all bytes at the current position; a single write may take fewer than it was given. */
export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const wanted = Math.min(LARGEST_TRANSFER, bytes.length - done);
    done += (await file.write(bytes, done, wanted)).bytesWritten;
  }
}

/** Copies a file's contents, not its permissions; the copy appears when it is complete and on disk. */
export async function copyFileContents(
  from: string,
  to: string,
  signal?: AbortSignal,
): Promise<void> {
  const source = await openForReading(from);
  try {
    await writeFileAtomically(to, async (file) => {
      for (let position = 0; position < source.size; position += LARGEST_TRANSFER) {
        signal?.throwIfAborted();
        const length = Math.min(LARGEST_TRANSFER, source.size - position);
        await writeAll(file, await source.read(position, length));
      }
    });
  } finally {
    await source.close();
  }
}
