/** A look into files before they are imported: nothing is stored. */
import { UserError } from '../base/errors.ts';
import type { ErrorReport } from '../base/errors.ts';
import type { TextChanges } from './decodeText.ts';
import { normaliseText } from './normaliseText.ts';
import { findSources } from './readers/findFiles.ts';
import type { SourceFile } from './readers/findFiles.ts';
import type { FileFormat } from './readers/formats.ts';
import { readRecords } from './readers/readRecords.ts';
import type { DocumentBoundary } from './types.ts';

export interface PreviewOptions {
  readonly column?: string | undefined;
  readonly groupColumn?: string | undefined;
  readonly documentBoundary: DocumentBoundary;
  readonly strict: boolean;
}

export interface CorpusPreview {
  readonly files: number;
  readonly skippedFiles: number;
  readonly bytes: number;
  readonly filesByFormat: Readonly<Partial<Record<FileFormat, number>>>;
  /** Columns of the first table that was looked into; empty without one. */
  readonly columns: readonly string[];
  /** The text column that an import would read; null for plain text and when it is not clear. */
  readonly column: string | null;
  /** The first documents, normalised. Corpus text: to be shown, never to be logged. */
  readonly documents: readonly string[];
  /** Counts over what was looked into. */
  readonly emptyDocuments: number;
  readonly replacedSequences: number;
  readonly removedNulCharacters: number;
  /** Why an import with these options would stop within what was looked into. */
  readonly problem: ErrorReport | null;
}

/** Reads until `limit` documents were found. Only files that cannot be found at all throw. */
export async function previewCorpus(
  paths: readonly string[],
  options: PreviewOptions,
  limit: number,
  signal?: AbortSignal,
): Promise<CorpusPreview> {
  const sources = await findSources(paths);
  const files = sources.flatMap((source) => source.files);
  const look = new Look(options, limit, signal);
  let problem: ErrorReport | null = null;
  try {
    for (const file of files) {
      if (look.full) break;
      await look.into(file);
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    problem = error.toJSON();
  }
  return {
    files: files.length,
    skippedFiles: sources.reduce((sum, source) => sum + source.skippedFiles, 0),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    filesByFormat: countFormats(files),
    columns: look.columns,
    column: look.column,
    documents: look.documents,
    emptyDocuments: look.emptyDocuments,
    ...look.changes,
    problem,
  };
}

class Look {
  readonly changes: TextChanges = { replacedSequences: 0, removedNulCharacters: 0 };
  readonly documents: string[] = [];
  columns: readonly string[] = [];
  column: string | null = null;
  emptyDocuments = 0;
  readonly #options: PreviewOptions;
  readonly #limit: number;
  readonly #signal: AbortSignal | undefined;

  constructor(options: PreviewOptions, limit: number, signal: AbortSignal | undefined) {
    this.#options = options;
    this.#limit = limit;
    this.#signal = signal;
  }

  get full(): boolean {
    return this.documents.length >= this.#limit;
  }

  async into(file: SourceFile): Promise<void> {
    const { strict } = this.#options;
    const observer = {
      changes: this.changes,
      watch: null,
      columns: {
        found: (columns: readonly string[]) => {
          if (this.columns.length === 0) this.columns = columns;
        },
        chosen: (column: string) => (this.column ??= column),
      },
    };
    const options = { ...this.#options, scratchPath: null };
    for await (const records of readRecords(file, options, observer, this.#signal)) {
      for (const { text } of records) {
        if (this.full) return;
        const document = normaliseText(text, this.changes, strict, file.name);
        if (document === '') this.emptyDocuments++;
        else this.documents.push(document);
      }
    }
  }
}

function countFormats(files: readonly SourceFile[]): Partial<Record<FileFormat, number>> {
  const counts: Partial<Record<FileFormat, number>> = {};
  for (const { kind } of files) counts[kind.format] = (counts[kind.format] ?? 0) + 1;
  return counts;
}
