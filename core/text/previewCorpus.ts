/** A look into files before they are imported: nothing is stored, and no error holds their text. */
import { UserError } from '../base/errors.ts';
import type { ErrorReport } from '../base/errors.ts';
import type { TextChanges } from './decodeText.ts';
import { emptyCorpus } from './importCorpus.ts';
import { normaliseText } from './normaliseText.ts';
import { PersonalDataScan } from './personalData.ts';
import type { PersonalDataFinding } from './personalData.ts';
import { columnsWithoutTable, differentColumns } from './readers/columns.ts';
import { longestColumn, sampleColumns } from './readers/columnSamples.ts';
import type { ColumnSample } from './readers/columnSamples.ts';
import { findSources } from './readers/findFiles.ts';
import type { SourceFile } from './readers/findFiles.ts';
import type { FileFormat } from './readers/formats.ts';
import { readRecords } from './readers/readRecords.ts';
import type { DocumentBoundary, ReportProgress } from './types.ts';

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
  readonly columns: readonly ColumnSample[];
  /** The text column that an import would read; null for plain text and when it is not clear. */
  readonly column: string | null;
  /** The column with the longest values when no column is clear; null otherwise. */
  readonly suggestedColumn: string | null;
  /** A column whose name says whom documents are about, so that its values stay in one split. */
  readonly suggestedGroupColumn: string | null;
  /** The first documents, normalised. Corpus text: to be shown, never to be logged. */
  readonly documents: readonly string[];
  /** Counts over the first documents. */
  readonly emptyDocuments: number;
  readonly replacedSequences: number;
  readonly removedNulCharacters: number;
  /** What looks like personal data in a sample: the first documents of files spread over all. */
  readonly personalData: {
    readonly findings: readonly PersonalDataFinding[];
    /** Files that the sample is from. */
    readonly files: number;
    readonly documents: number;
    readonly characters: number;
    /** Whether the sample is all there is. */
    readonly complete: boolean;
  };
  /** Why an import with these options would stop within what was looked into. */
  readonly problem: ErrorReport | null;
}

/** Records of a file that are read in search of documents: it may hold millions of empty ones. */
const MOST_RECORDS = 20_000;

/** Bounds of the sample that is searched for personal data. */
const SAMPLE = { files: 64, documents: 2000, characters: 1_000_000 };

const GROUP_COLUMN =
  /^(?:patient|subject|person|participant|author|case)[ _-]?(?:id|no|nr|number|key)?$/i;

/** Reads until `limit` documents were found, and a sample. Only files that cannot be found at all throw. */
export async function previewCorpus(
  paths: readonly string[],
  options: PreviewOptions,
  limit: number,
  report: ReportProgress = () => undefined,
  signal?: AbortSignal,
): Promise<CorpusPreview> {
  const sources = await findSources(paths);
  const files = sources.flatMap((source) => source.files);
  const reading = newReading();
  const documents: string[] = [];
  let emptyDocuments = 0;
  const scan = new PersonalDataScan();
  let columns: readonly ColumnSample[] = [];
  const sampled = { files: 0, complete: false };
  let problem: ErrorReport | null = null;
  try {
    const table = files.find(({ kind }) => kind.format !== 'text');
    if (table !== undefined) columns = await sampleColumns(table, signal);
    for (const file of files) {
      if (documents.length === limit) break;
      for await (const document of documentsOf(file, options, reading, signal)) {
        if (document === '') emptyDocuments++;
        else if (documents.push(document) === limit) break;
      }
    }
    requireColumns(options, files);
    if (documents.length === 0 && !reading.cut) throw emptyCorpus(sources, emptyDocuments);
    await sample(files, options, scan, sampled, report, signal);
  } catch (error) {
    if (!(error instanceof UserError) || signal?.aborted === true) throw error;
    problem = error.toJSON();
  }
  const names = columns.map(({ name }) => name);
  return {
    files: files.length,
    skippedFiles: sources.reduce((sum, source) => sum + source.skippedFiles, 0),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    filesByFormat: countFormats(files),
    columns,
    column: reading.column,
    suggestedColumn: reading.column === null ? longestColumn(columns) : null,
    suggestedGroupColumn: names.find((name) => GROUP_COLUMN.test(name)) ?? null,
    documents,
    emptyDocuments,
    ...reading.changes,
    personalData: {
      findings: scan.findings(),
      documents: scan.documents,
      characters: scan.characters,
      ...sampled,
    },
    problem,
  };
}

/** Feeds `scan` documents from files spread evenly, and notes whether those were all documents. */
async function sample(
  files: readonly SourceFile[],
  options: PreviewOptions,
  scan: PersonalDataScan,
  sampled: { files: number; complete: boolean },
  report: ReportProgress,
  signal: AbortSignal | undefined,
): Promise<void> {
  const count = Math.min(files.length, SAMPLE.files);
  const stride = files.length / count;
  const reading = newReading();
  for (let index = 0; index < count; index++) {
    report({ stage: 'looking for personal data', done: index, total: count, unit: 'files' });
    const share = (index + 1) / count;
    const documents = Math.ceil(SAMPLE.documents * share);
    const characters = SAMPLE.characters * share;
    const file = files[Math.floor(index * stride)];
    sampled.files++;
    for await (const document of documentsOf(file, options, reading, signal)) {
      if (scan.documents >= documents || scan.characters >= characters) {
        reading.cut = true;
        break;
      }
      if (document !== '') scan.add(document);
    }
  }
  sampled.complete = files.length === count && !reading.cut && !scan.cut;
}

/** What is learnt on the way through the records of files. */
interface Reading {
  readonly changes: TextChanges;
  /** The text column of the first table. */
  column: string | null;
  /** Whether records were left unread. */
  cut: boolean;
}

function newReading(): Reading {
  const changes = { replacedSequences: 0, removedNulCharacters: 0 };
  return { changes, column: null, cut: false };
}

/** The documents of a file as an import would store them, empty ones included. */
async function* documentsOf(
  file: SourceFile,
  options: PreviewOptions,
  reading: Reading,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const chosen = (column: string): void => {
    reading.column ??= column;
    if (reading.column !== column) throw differentColumns(file.name, column, reading.column);
  };
  const { changes } = reading;
  const observer = { changes, watch: null, columns: { found: () => undefined, chosen } };
  let records = 0;
  const reader = readRecords(file, { ...options, scratchPath: null }, observer, signal);
  for await (const batch of reader) {
    for (const { text } of batch) {
      if (++records > MOST_RECORDS) {
        reading.cut = true;
        return;
      }
      yield normaliseText(text, changes, options.strict, file.name);
    }
  }
}

/** A table that lacks a column is told of when it is read; this is for plain text alone. */
function requireColumns(
  { column, groupColumn }: PreviewOptions,
  files: readonly SourceFile[],
): void {
  if (files.length === 0 || files.some(({ kind }) => kind.format !== 'text')) return;
  if (column !== undefined) throw columnsWithoutTable('column', column);
  if (groupColumn !== undefined) throw columnsWithoutTable('group column', groupColumn);
}

function countFormats(files: readonly SourceFile[]): Partial<Record<FileFormat, number>> {
  const counts: Partial<Record<FileFormat, number>> = {};
  for (const { kind } of files) counts[kind.format] = (counts[kind.format] ?? 0) + 1;
  return counts;
}
