/** Which reader a file name asks for. */
import { basename } from 'node:path';

export type FileFormat = 'text' | 'csv' | 'tsv' | 'jsonl' | 'parquet';

export interface FileKind {
  readonly format: FileFormat;
  readonly gzipped: boolean;
}

const EXTENSIONS: Readonly<Record<string, FileFormat>> = {
  txt: 'text',
  text: 'text',
  md: 'text',
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  parquet: 'parquet',
};

export const SUPPORTED_EXTENSIONS = Object.keys(EXTENSIONS)
  .map((extension) => `.${extension}`)
  .join(', ');

/** The kind of a file by its extension, without regard to case; undefined when it is not read. */
export function fileKind(path: string): FileKind | undefined {
  const name = basename(path).toLowerCase();
  const gzipped = name.endsWith('.gz');
  const plain = gzipped ? name.slice(0, -'.gz'.length) : name;
  const dot = plain.lastIndexOf('.');
  if (dot < 0) return undefined;
  const extension = plain.slice(dot + 1);
  const format = Object.hasOwn(EXTENSIONS, extension) ? EXTENSIONS[extension] : undefined;
  return format === undefined ? undefined : { format, gzipped };
}
