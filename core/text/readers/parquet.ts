/** Text columns of Parquet files, one row group at a time. */
import { createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';
import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { asUserError, UserError } from '../../base/errors.ts';
import { StreamingTextDecoder } from '../decodeText.ts';
import type { TextChanges } from '../decodeText.ts';
import { readBytes } from './byteStream.ts';
import type { WatchBytes } from './byteStream.ts';
import { chooseTextColumn, requireColumn } from './columns.ts';
import type { ColumnObserver, ColumnRequest } from './columns.ts';
import type { SourceFile } from './findFiles.ts';
import { MAXIMUM_RECORD_LENGTH, recordTooLong } from './records.ts';
import type { RecordBatches } from './records.ts';

/** The text of a row group is held in memory; larger ones are refused. */
const MAXIMUM_ROW_GROUP_BYTES = 2 ** 30;
/** Of a column that is only looked into. */
const MAXIMUM_HEAD_BYTES = 2 ** 26;

export interface ParquetOptions extends ColumnRequest {
  readonly strict: boolean;
  /**
   * A gzipped Parquet file is unpacked to this path first, since it is read from its end; null when
   * nothing may be written.
   */
  readonly unpackTo: string | null;
}

/** Nulls count as empty documents. Throws a UserError for a damaged file or a column that is no text. */
export async function* readParquet(
  file: SourceFile,
  options: ParquetOptions,
  changes: TextChanges,
  watch: WatchBytes | null,
  observer: ColumnObserver,
  signal?: AbortSignal,
): RecordBatches {
  const { unpackTo } = options;
  try {
    if (!file.kind.gzipped) {
      // The file is read in pieces below; here it only passes by to be hashed.
      if (watch !== null) for await (const chunk of readBytes(file, watch, signal)) void chunk;
      yield* readFile(file.path, file.name, options, changes, observer, signal);
    } else if (unpackTo === null) {
      throw notUnpacked(file.name);
    } else {
      try {
        const unpacked = createWriteStream(unpackTo, { mode: 0o600 });
        await pipeline(readBytes(file, watch, signal), unpacked);
        yield* readFile(unpackTo, file.name, options, changes, observer, signal);
      } finally {
        await rm(unpackTo, { force: true });
      }
    }
  } catch (error) {
    throw asUserError(error, file.name);
  }
}

async function* readFile(
  path: string,
  ...parameters: [
    name: string,
    options: ParquetOptions,
    changes: TextChanges,
    observer: ColumnObserver,
    signal?: AbortSignal,
  ]
): RecordBatches {
  const handle = await open(path, 'r');
  try {
    yield* readRowGroups(handle, ...parameters);
  } finally {
    await handle.close();
  }
}

async function* readRowGroups(
  handle: FileHandle,
  name: string,
  options: ParquetOptions,
  changes: TextChanges,
  observer: ColumnObserver,
  signal?: AbortSignal,
): RecordBatches {
  const file = await randomAccess(handle);
  const metadata = await asParquetError(name, () => parquetMetadataAsync(file));
  const columns = [...textColumns(metadata)];
  observer.found(columns);
  const column = options.column ?? chooseTextColumn(columns, options, name);
  requireText(metadata, column, name);
  const { groupColumn } = options;
  if (groupColumn !== undefined) {
    requireColumn(rootColumns(metadata), groupColumn, 'group column', name);
  }
  observer.chosen(column);

  const wanted = groupColumn === undefined ? [column] : [column, groupColumn];
  let rowStart = 0;
  for (const rowGroup of metadata.row_groups) {
    signal?.throwIfAborted();
    requireModestSize(rowGroup, column, name);
    const rowEnd = rowStart + Number(rowGroup.num_rows);
    const rows = await asParquetError(name, () =>
      parquetReadObjects({
        file,
        metadata,
        columns: wanted,
        rowStart,
        rowEnd,
        compressors,
        // Bytes stay bytes, so that invalid UTF-8 is counted as everywhere else.
        utf8: false,
        parsers: { stringFromBytes: (bytes: Uint8Array) => bytes },
      }),
    );
    for (let start = 0; start < rows.length; start += BATCH_ROWS) {
      yield rows.slice(start, start + BATCH_ROWS).map((row, index) => {
        const where = `Row ${rowStart + start + index + 1} of ${name}`;
        return {
          text: decode(row[column], where, options.strict, changes),
          group: groupColumn === undefined ? null : groupValue(row[groupColumn], where),
        };
      });
    }
    rowStart = rowEnd;
  }
}

/** The first rows of a table with every plain column; of which columns could be the text. */
export async function readParquetHead(
  file: SourceFile,
  rows: number,
): Promise<{
  readonly columns: readonly { readonly name: string; readonly text: boolean }[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}> {
  const handle = await open(file.path, 'r');
  try {
    const access = await randomAccess(handle);
    const metadata = await asParquetError(file.name, () => parquetMetadataAsync(access));
    const text = textColumns(metadata);
    const columns = rootColumns(metadata).map((name) => ({ name, text: text.has(name) }));
    const first = metadata.row_groups.at(0);
    if (first === undefined) return { columns, rows: [] };
    const wanted = columns
      .map(({ name }) => name)
      .filter((name) => (bytesOf(first, name) ?? Infinity) <= MAXIMUM_HEAD_BYTES);
    const rowEnd = Math.min(rows, Number(first.num_rows));
    if (rowEnd === 0 || wanted.length === 0) return { columns, rows: [] };
    const read = { file: access, metadata, columns: wanted, rowStart: 0, rowEnd, compressors };
    return { columns, rows: await asParquetError(file.name, () => parquetReadObjects(read)) };
  } catch (error) {
    throw asUserError(error, file.name);
  } finally {
    await handle.close();
  }
}

const BATCH_ROWS = 256;

function decode(value: unknown, where: string, strict: boolean, changes: TextChanges): string {
  if (value === null || value === undefined) return '';
  if (!(value instanceof Uint8Array)) throw damagedParquet(where);
  if (value.length > MAXIMUM_RECORD_LENGTH) {
    throw recordTooLong(where, 'Split the document into several rows.');
  }
  const decoder = new StreamingTextDecoder(where, strict, changes);
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return decoder.decode(bytes) + decoder.end();
}

function groupValue(value: unknown, where: string): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    return String(value);
  }
  if (value instanceof Date) return value.toISOString();
  throw new UserError(
    'corpus/group-value',
    `${where} has a group value that is neither text nor a number.`,
    'Choose a column with one plain value a row.',
  );
}

function rootColumns(metadata: FileMetaData): string[] {
  return parquetSchema(metadata).children.map((child) => child.element.name);
}

/** Top-level columns whose values are byte strings, annotated as text or not at all. */
function textColumns(metadata: FileMetaData): Set<string> {
  const names = new Set<string>();
  for (const { element, children } of parquetSchema(metadata).children) {
    const plain = children.length === 0 && element.repetition_type !== 'REPEATED';
    const text =
      element.converted_type === undefined
        ? element.logical_type === undefined || element.logical_type.type === 'STRING'
        : element.converted_type === 'UTF8';
    if (plain && text && element.type === 'BYTE_ARRAY') names.add(element.name);
  }
  return names;
}

function requireText(metadata: FileMetaData, column: string, name: string): void {
  requireColumn(rootColumns(metadata), column, 'column', name);
  if (textColumns(metadata).has(column)) return;
  throw new UserError(
    'corpus/column-not-text',
    `The column "${column}" of ${name} does not hold text.`,
    'Choose a column of strings (--column).',
  );
}

function requireModestSize(
  rowGroup: FileMetaData['row_groups'][number],
  column: string,
  name: string,
): void {
  const bytes = bytesOf(rowGroup, column) ?? 0;
  if (bytes <= MAXIMUM_ROW_GROUP_BYTES) return;
  throw new UserError(
    'corpus/row-group-too-large',
    `A row group of ${name} holds ${bytes} bytes of text; at most ${MAXIMUM_ROW_GROUP_BYTES} are read at once.`,
    'Write the file again with smaller row groups, or convert it to JSON Lines.',
  );
}

/** Of a plain column, unpacked; undefined of one that is a list or an object. */
function bytesOf(rowGroup: FileMetaData['row_groups'][number], column: string): number | undefined {
  const chunk = rowGroup.columns.find(
    ({ meta_data }) =>
      meta_data?.path_in_schema.length === 1 && meta_data.path_in_schema[0] === column,
  );
  const bytes = chunk?.meta_data?.total_uncompressed_size;
  return bytes === undefined ? undefined : Number(bytes);
}

async function randomAccess(handle: FileHandle): Promise<AsyncBuffer> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    async slice(start, end = size) {
      // Offsets come from the file itself, so they are checked before memory is taken.
      const length = Math.min(end, size) - start;
      if (!(start >= 0 && length >= 0)) throw new RangeError('Offset outside the file.');
      const bytes = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(bytes, filled, length - filled, start + filled);
        if (bytesRead === 0) throw new RangeError('The file ended early.');
        filled += bytesRead;
      }
      return bytes.buffer;
    },
  };
}

/** The library throws plain errors for damaged files, and those may quote values. */
async function asParquetError<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const known = asUserError(error, name);
    throw known instanceof UserError ? known : damagedParquet(name);
  }
}

function notUnpacked(name: string): UserError {
  return new UserError(
    'corpus/no-preview',
    `${name} cannot be looked into before it is imported.`,
    'Unpack it with `gunzip` first, or import it as it is.',
  );
}

function damagedParquet(where: string): UserError {
  return new UserError(
    'corpus/damaged-parquet',
    `${where} cannot be read as Parquet.`,
    'Copy or write the file again; encrypted files and rare encodings are not supported.',
  );
}
