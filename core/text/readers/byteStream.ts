/** The bytes of a source file: hashed as they lie on disk, then gunzipped where its name says so. */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { asUserError, UserError } from '../../base/errors.ts';
import { StreamingTextDecoder } from '../decodeText.ts';
import type { TextChanges } from '../decodeText.ts';
import type { SourceFile } from './findFiles.ts';

const CHUNK_BYTES = 1 << 20;

/** Called with every chunk of the file as it lies on disk. */
export type WatchBytes = (chunk: Buffer) => void;

/**
 * The content of a file in chunks; the file is never held whole. A gzip file may have several
 * members. Errors: a UserError for a file that cannot be read or whose gzip data is damaged.
 */
export async function* readBytes(
  file: SourceFile,
  watch: WatchBytes | null,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const raw = rawBytes(file, watch, signal);
  if (!file.kind.gzipped) {
    yield* raw;
    return;
  }
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // The iteration below throws what the pipeline reports.
  pipeline(raw, gunzip, () => undefined);
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } catch (error) {
    throw isZlibError(error) ? damagedGzip(file) : error;
  }
}

async function* rawBytes(
  file: SourceFile,
  watch: WatchBytes | null,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  try {
    const stream: AsyncIterable<Buffer> = createReadStream(file.path, {
      highWaterMark: CHUNK_BYTES,
    });
    for await (const chunk of stream) {
      signal?.throwIfAborted();
      watch?.(chunk);
      yield chunk;
    }
  } catch (error) {
    throw asUserError(error, file.name);
  }
}

/** Old text in another encoding has single letters that are not UTF-8; what has more is no text. */
const MOST_REPLACED = 0.1;
const FEW_REPLACED = 64;

/** The content of a text file, decoded, in chunks. A UserError for what is no text. */
export async function* readText(
  file: SourceFile,
  changes: TextChanges,
  strict: boolean,
  watch: WatchBytes | null,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const decoder = new StreamingTextDecoder(file.name, strict, changes);
  for await (const chunk of readBytes(file, watch, signal)) {
    const before = changes.replacedSequences;
    const text = decoder.decode(chunk);
    const replaced = changes.replacedSequences - before;
    if (replaced > FEW_REPLACED && replaced > MOST_REPLACED * chunk.length) {
      throw noText(file, replaced / chunk.length);
    }
    yield text;
  }
  yield decoder.end();
}

function noText({ name }: SourceFile, share: number): UserError {
  return new UserError(
    'corpus/not-text',
    `${name} is no text in UTF-8: ${Math.round(100 * share)} % of its bytes cannot be read.`,
    'Leave the file out, or convert it to UTF-8.',
  );
}

function isZlibError(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('Z_')
  );
}

function damagedGzip(file: SourceFile): UserError {
  return new UserError(
    'corpus/damaged-gzip',
    `${file.name} is not a complete gzip file.`,
    'Copy or download the file again; `gzip -t` checks it.',
  );
}
