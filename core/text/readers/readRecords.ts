/** The records of any supported file. */
import type { DocumentBoundary } from '../types.ts';
import type { TextChanges } from '../decodeText.ts';
import { readText } from './byteStream.ts';
import type { WatchBytes } from './byteStream.ts';
import type { ColumnObserver, ColumnRequest } from './columns.ts';
import { readDelimited } from './delimited.ts';
import type { SourceFile } from './findFiles.ts';
import { readJsonLines } from './jsonLines.ts';
import { readParquet } from './parquet.ts';
import { readPlainText } from './plainText.ts';
import type { RecordBatches } from './records.ts';

export interface ReadOptions extends ColumnRequest {
  readonly documentBoundary: DocumentBoundary;
  readonly strict: boolean;
  /** A path that may be written and removed while a file is read; null when there is none. */
  readonly scratchPath: string | null;
}

export interface ReadObserver {
  readonly changes: TextChanges;
  readonly watch: WatchBytes | null;
  readonly columns: ColumnObserver;
}

export function readRecords(
  file: SourceFile,
  options: ReadOptions,
  observer: ReadObserver,
  signal?: AbortSignal,
): RecordBatches {
  const { changes, watch, columns } = observer;
  const text = (): AsyncGenerator<string> => readText(file, changes, options.strict, watch, signal);
  switch (file.kind.format) {
    case 'text':
      return readPlainText(text(), options.documentBoundary, file.name);
    case 'csv':
    case 'tsv':
      return readDelimited(text(), file.kind.format, options, file.name, columns);
    case 'jsonl':
      return readJsonLines(text(), options, file.name, columns);
    case 'parquet': {
      const parquetOptions = { ...options, unpackTo: options.scratchPath };
      return readParquet(file, parquetOptions, changes, watch, columns, signal);
    }
  }
}
