/** From files to a corpus folder: read, normalise, drop duplicates, group, split, store. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { UserError } from '../base/errors.ts';
import { createFolderAtomically, writeFileAtomically } from '../base/files.ts';
import { DisjointSets } from './compactTables.ts';
import {
  INDEX_FILE,
  INDEX_RECORD_BYTES,
  indexHeader,
  MANIFEST_FILE,
  manifestJson,
  TEXT_FILE,
  writeIndexRecord,
} from './corpusFolder.ts';
import { DocumentStore } from './documentStore.ts';
import { formGroups, uniteByGroupColumn } from './groups.ts';
import { HashedFile } from './hashedFile.ts';
import { BANDS, countClusters, uniteByBand } from './nearDuplicates.ts';
import { findSources } from './readers/findFiles.ts';
import type { Source } from './readers/findFiles.ts';
import { SUPPORTED_EXTENSIONS } from './readers/formats.ts';
import { SourceReading } from './sourceReading.ts';
import { assignSplits, DEFAULT_SPLIT_SHARES, SPLIT_NAMES } from './splits.ts';
import type { SplitShares } from './splits.ts';
import type { CorpusManifest, DocumentBoundary, ReportProgress } from './types.ts';

export interface CorpusImport {
  /** Files and folders, read in this order. */
  readonly paths: readonly string[];
  /** Text column of tables, key of JSON Lines; found by its name when absent. */
  readonly column?: string | undefined;
  /** Documents with the same value share a split; a missing value is a group of its own. */
  readonly groupColumn?: string | undefined;
  /** How documents are found in plain text. */
  readonly documentBoundary: DocumentBoundary;
  /** Refuse text that is not valid UTF-8 instead of replacing it. */
  readonly strict: boolean;
  readonly seed: number;
  /** Where the corpus folder will be; nothing is there before and nothing after a failure. */
  readonly folder: string;
  readonly splitShares?: SplitShares | undefined;
}

/**
 * Imports a corpus. The result depends on the files, their order and the settings alone. Memory is
 * bounded by the longest document and some 200 bytes a document (160 of them in DocumentStore). Throws a
 * UserError for everything a person can cause, or the signal's reason; either way nothing is left
 * on disk, and no error holds text of the corpus.
 */
export async function importCorpus(
  request: CorpusImport,
  report: ReportProgress,
  signal?: AbortSignal,
): Promise<CorpusManifest> {
  signal?.throwIfAborted();
  if (existsSync(request.folder)) throw folderExists(request.folder);
  const sources = await findSources(request.paths);
  let manifest: CorpusManifest | undefined;
  await createFolderAtomically(request.folder, async (folder) => {
    manifest = await fillFolder(folder, sources, request, report, signal);
  });
  if (manifest === undefined) throw new Error('The corpus folder was not filled.');
  return manifest;
}

async function fillFolder(
  folder: string,
  sources: readonly Source[],
  request: CorpusImport,
  report: ReportProgress,
  signal?: AbortSignal,
): Promise<CorpusManifest> {
  const reading = new SourceReading(sources, request, join(folder, 'unpacked'), report, signal);
  let store: DocumentStore | undefined;
  const text = await HashedFile.write(join(folder, TEXT_FILE), async (file) => {
    store = new DocumentStore(file, request.seed);
    await reading.readAll(store, file);
  });
  if (store === undefined || store.count === 0) throw emptyCorpus(sources, reading.documentsRead);

  const sets = new DisjointSets(store.count);
  for (let band = 0; band < BANDS; band++) {
    report({ stage: 'finding near-duplicates', done: band, total: BANDS, unit: 'bands' });
    signal?.throwIfAborted();
    uniteByBand(store.sketches, band, sets);
    await setImmediate();
  }
  const near = countClusters(sets);
  uniteByGroupColumn(store, sets);
  const groups = formGroups(store, sets);
  const splits = assignSplits(groups, request.splitShares ?? DEFAULT_SPLIT_SHARES, request.seed);

  report({ stage: 'writing', done: 0, total: store.count, unit: 'documents' });
  signal?.throwIfAborted();
  const { contentHash, ...index } = await writeIndex(folder, store, groups.groupOf, splits);
  const splitGroups = { train: 0, validation: 0, test: 0 };
  const splitDocuments = { train: 0, validation: 0, test: 0 };
  for (const [group, split] of splits.entries()) {
    splitGroups[SPLIT_NAMES[split]]++;
    splitDocuments[SPLIT_NAMES[split]] += groups.documents[group];
  }
  const manifest: CorpusManifest = {
    formatVersion: 1,
    contentHash,
    documents: store.count,
    characters: store.characters,
    bytes: text.bytes,
    documentsRead: reading.documentsRead,
    exactDuplicates: store.exactDuplicates,
    nearDuplicates: near.documents,
    nearDuplicateClusters: near.clusters,
    emptyDocuments: reading.emptyDocuments,
    replacedSequences: reading.changes.replacedSequences,
    removedNulCharacters: reading.changes.removedNulCharacters,
    skippedFiles: sources.reduce((sum, source) => sum + source.skippedFiles, 0),
    splitDocuments,
    splitGroups,
    sources: reading.hashed,
    column: reading.column,
    groupColumn: request.groupColumn ?? null,
    documentBoundary: request.documentBoundary,
    seed: request.seed,
  };
  const files = { [TEXT_FILE]: text, [INDEX_FILE]: index };
  await writeFileAtomically(join(folder, MANIFEST_FILE), manifestJson(manifest, files));
  report({ stage: 'writing', done: store.count, total: store.count, unit: 'documents' });
  return manifest;
}

/** Writes `documents.index`; the content hash covers every document's hash, split and group. */
async function writeIndex(
  folder: string,
  store: DocumentStore,
  groupOf: Uint32Array,
  splits: Uint8Array,
): Promise<{ bytes: number; sha256: string; contentHash: string }> {
  const content = createHash('sha256');
  const placed = Buffer.alloc(8);
  const file = await HashedFile.write(join(folder, INDEX_FILE), async (output) => {
    const header = indexHeader(store.count);
    header.copy(output.reserve(header.length));
    output.keep(header.length);
    let offset = 0;
    for (let document = 0; document < store.count; document++) {
      const bytes = store.bytesOf(document);
      const group = groupOf[document];
      const split = SPLIT_NAMES[splits[group]];
      writeIndexRecord(output.reserve(INDEX_RECORD_BYTES), 0, { offset, bytes, group, split });
      output.keep(INDEX_RECORD_BYTES);
      if (output.full) await output.flush();
      offset += bytes;
      placed.writeUInt32LE(group, 0);
      placed.writeUInt32LE(splits[group], 4);
      content.update(store.contentKey(document)).update(placed);
    }
  });
  return { ...file, contentHash: content.digest('hex') };
}

function folderExists(folder: string): UserError {
  return new UserError(
    'corpus/folder-exists',
    `The folder ${folder} exists already.`,
    'Choose a folder that does not exist yet; the import creates it.',
  );
}

/** Why there is nothing to import: no file, no document, or only empty ones. */
export function emptyCorpus(sources: readonly Source[], documentsRead: number): UserError {
  const files = sources.reduce((sum, source) => sum + source.files.length, 0);
  const names = sources.map((source) => source.name).join(', ');
  if (files === 0) {
    return new UserError(
      'corpus/no-files',
      `There is no file to read in ${names}.`,
      `Files are read by their extension: ${SUPPORTED_EXTENSIONS}, each also with .gz.`,
    );
  }
  const what = documentsRead === 0 ? 'no document' : 'nothing but empty documents';
  return new UserError(
    'corpus/empty',
    `There is ${what} in ${names}.`,
    'Check the files and the chosen column.',
  );
}
