import { createHash } from 'node:crypto';
import type { TextChanges } from './decodeText.ts';
import type { DocumentStore } from './documentStore.ts';
import type { HashedFile } from './hashedFile.ts';
import { normaliseText } from './normaliseText.ts';
import { columnsWithoutTable, differentColumns } from './readers/columns.ts';
import type { Source, SourceFile } from './readers/findFiles.ts';
import { readRecords } from './readers/readRecords.ts';
import type { CorpusManifest, DocumentBoundary, ReportProgress } from './types.ts';

export interface ReadingSettings {
  readonly column?: string | undefined;
  readonly groupColumn?: string | undefined;
  readonly documentBoundary: DocumentBoundary;
  readonly strict: boolean;
}

const REPORT_EVERY_BYTES = 4 << 20;

/** One pass over all sources of an import, and what it counted. */
export class SourceReading {
  readonly changes: TextChanges = { replacedSequences: 0, removedNulCharacters: 0 };
  readonly hashed: CorpusManifest['sources'][number][] = [];
  documentsRead = 0;
  emptyDocuments = 0;
  /** The text column of the tables read so far. */
  column: string | null = null;

  readonly #sources: readonly Source[];
  readonly #settings: ReadingSettings;
  readonly #scratchPath: string;
  readonly #report: ReportProgress;
  readonly #signal: AbortSignal | undefined;
  readonly #totalBytes: number;
  #doneBytes = 0;
  #reportedBytes = 0;

  constructor(
    sources: readonly Source[],
    settings: ReadingSettings,
    scratchPath: string,
    report: ReportProgress,
    signal: AbortSignal | undefined,
  ) {
    this.#sources = sources;
    this.#settings = settings;
    this.#scratchPath = scratchPath;
    this.#report = report;
    this.#signal = signal;
    const files = sources.flatMap((source) => source.files);
    this.#totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  }

  async readAll(store: DocumentStore, output: HashedFile): Promise<void> {
    this.#reportBytes();
    for (const source of this.#sources) await this.#readSource(source, store, output);
    this.#reportBytes();
    const { column, groupColumn } = this.#settings;
    if (this.column === null && this.documentsRead > 0) {
      if (column !== undefined) throw columnsWithoutTable('column', column);
      if (groupColumn !== undefined) throw columnsWithoutTable('group column', groupColumn);
    }
  }

  async #readSource(source: Source, store: DocumentStore, output: HashedFile): Promise<void> {
    const listing = createHash('sha256');
    let bytes = 0;
    let fileHash = '';
    for (const file of source.files) {
      const read = await this.#readFile(file, store, output);
      fileHash = read.sha256;
      bytes += read.bytes;
      listing.update(`${fileHash}  ${file.name}\n`);
    }
    const sha256 = source.folder ? listing.digest('hex') : fileHash;
    this.hashed.push({ name: source.name, bytes, sha256 });
  }

  async #readFile(
    file: SourceFile,
    store: DocumentStore,
    output: HashedFile,
  ): Promise<{ bytes: number; sha256: string }> {
    const hash = createHash('sha256');
    let bytes = 0;
    const { column, groupColumn, documentBoundary, strict } = this.#settings;
    const scratchPath = this.#scratchPath;
    const options = { column, groupColumn, documentBoundary, strict, scratchPath };
    const observer = {
      changes: this.changes,
      watch: (chunk: Buffer) => {
        hash.update(chunk);
        bytes += chunk.length;
        this.#doneBytes += chunk.length;
        if (this.#doneBytes - this.#reportedBytes >= REPORT_EVERY_BYTES) this.#reportBytes();
      },
      columns: {
        found: () => undefined,
        chosen: (column: string) => this.#takeColumn(column, file),
      },
    };
    for await (const records of readRecords(file, options, observer, this.#signal)) {
      this.#signal?.throwIfAborted();
      for (const { text, group } of records) {
        this.documentsRead++;
        const normalised = normaliseText(text, this.changes, strict, file.name);
        if (normalised === '') this.emptyDocuments++;
        else store.add(normalised, group === '' ? null : group);
        if (output.full) await output.flush();
      }
    }
    return { bytes, sha256: hash.digest('hex') };
  }

  #takeColumn(chosen: string, file: SourceFile): void {
    if (this.column !== null && this.column !== chosen) {
      throw differentColumns(file.name, chosen, this.column);
    }
    this.column = chosen;
  }

  #reportBytes(): void {
    this.#reportedBytes = this.#doneBytes;
    this.#report({
      stage: 'reading',
      done: this.#doneBytes,
      total: this.#totalBytes,
      unit: 'bytes',
    });
  }
}
