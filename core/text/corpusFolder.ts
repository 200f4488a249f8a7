/**
 * The folder of an imported corpus:
 *
 *   corpus.json      the manifest, with the size and SHA-256 of the other two files
 *   documents.txt    the normalised documents one after another, UTF-8, nothing between them
 *   documents.index  where each document begins, how long it is, its split and its group
 *
 * The index is little-endian: a header of 16 bytes (magic, version, bytes a record, documents),
 * then a record of 20 bytes a document (offset as low and high half, bytes, group, split).
 */
import { z } from 'zod';
import { hashJson } from '../base/files.ts';
import { UserError } from '../base/errors.ts';
import { SPLIT_NAMES } from './splits.ts';
import type { CorpusManifest, SplitName } from './types.ts';

export const MANIFEST_FILE = 'corpus.json';
export const TEXT_FILE = 'documents.txt';
export const INDEX_FILE = 'documents.index';

export const INDEX_HEADER_BYTES = 16;
export const INDEX_RECORD_BYTES = 20;
const INDEX_MAGIC = 0x58444950; // "PIDX"
const INDEX_VERSION = 1;

export interface IndexRecord {
  /** Bytes from the start of documents.txt. */
  readonly offset: number;
  readonly bytes: number;
  readonly group: number;
  readonly split: SplitName;
}

export function indexHeader(documents: number): Buffer {
  const header = Buffer.alloc(INDEX_HEADER_BYTES);
  header.writeUInt32LE(INDEX_MAGIC, 0);
  header.writeUInt32LE(INDEX_VERSION, 4);
  header.writeUInt32LE(INDEX_RECORD_BYTES, 8);
  header.writeUInt32LE(documents, 12);
  return header;
}

/** The number of documents that a header announces; a UserError when it is not ours. */
export function readIndexHeader(header: Buffer, folder: string): number {
  if (header.length < INDEX_HEADER_BYTES || header.readUInt32LE(0) !== INDEX_MAGIC) {
    throw damagedCorpus(folder, `${INDEX_FILE} is not an index of documents`);
  }
  if (header.readUInt32LE(4) !== INDEX_VERSION || header.readUInt32LE(8) !== INDEX_RECORD_BYTES) {
    throw newerCorpus(folder);
  }
  return header.readUInt32LE(12);
}

export function writeIndexRecord(out: Buffer, at: number, record: IndexRecord): void {
  out.writeUInt32LE(record.offset % 2 ** 32, at);
  out.writeUInt32LE(Math.floor(record.offset / 2 ** 32), at + 4);
  out.writeUInt32LE(record.bytes, at + 8);
  out.writeUInt32LE(record.group, at + 12);
  out.writeUInt32LE(SPLIT_NAMES.indexOf(record.split), at + 16);
}

/** The split is undefined in a damaged index. */
export function readIndexRecord(
  index: Buffer,
  at: number,
): Omit<IndexRecord, 'split'> & { readonly split: SplitName | undefined } {
  return {
    offset: index.readUInt32LE(at) + index.readUInt32LE(at + 4) * 2 ** 32,
    bytes: index.readUInt32LE(at + 8),
    group: index.readUInt32LE(at + 12),
    split: SPLIT_NAMES[index.readUInt32LE(at + 16)],
  };
}

const count = z.int().nonnegative();
const perSplit = z.strictObject({ train: count, validation: count, test: count });
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const fileSchema = z.strictObject({ bytes: count, sha256 });

const manifestShape = {
  formatVersion: z.literal(1),
  contentHash: sha256,
  documents: count,
  characters: count,
  bytes: count,
  documentsRead: count,
  exactDuplicates: count,
  nearDuplicates: count,
  nearDuplicateClusters: count,
  emptyDocuments: count,
  replacedSequences: count,
  removedNulCharacters: count,
  skippedFiles: count,
  splitDocuments: perSplit,
  splitGroups: perSplit,
  sources: z.array(z.strictObject({ name: z.string(), bytes: count, sha256 })),
  column: z.string().nullable(),
  groupColumn: z.string().nullable(),
  documentBoundary: z.enum(['file', 'line', 'blank-line']),
  seed: count,
};

const corpusFileSchema = z.strictObject({
  manifest: z.strictObject(manifestShape),
  files: z.strictObject({ [TEXT_FILE]: fileSchema, [INDEX_FILE]: fileSchema }),
  /** hashJson of the two above. */
  hash: sha256,
});
export type CorpusFiles = z.infer<typeof corpusFileSchema>['files'];

export function manifestJson(manifest: CorpusManifest, files: CorpusFiles): string {
  const content = { manifest, files };
  return `${JSON.stringify({ ...content, hash: hashJson(content) }, null, 2)}\n`;
}

/** Reads `corpus.json`; a UserError when it is damaged, altered or from a newer version. */
export function parseManifest(
  json: string,
  folder: string,
): { manifest: CorpusManifest; files: CorpusFiles } {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw damagedCorpus(folder, `${MANIFEST_FILE} is not JSON`);
  }
  const version = z.object({ manifest: z.object({ formatVersion: z.number() }) }).safeParse(value);
  if (version.success && version.data.manifest.formatVersion > 1) throw newerCorpus(folder);
  const parsed = corpusFileSchema.safeParse(value);
  if (!parsed.success) throw damagedCorpus(folder, `${MANIFEST_FILE} is not a corpus manifest`);
  const { manifest, files, hash } = parsed.data;
  if (hashJson({ manifest, files }) !== hash) {
    throw damagedCorpus(folder, `${MANIFEST_FILE} was changed after the import`);
  }
  return { manifest, files };
}

export function damagedCorpus(folder: string, what: string): UserError {
  return new UserError(
    'corpus/damaged',
    `The corpus folder ${folder} is damaged: ${what}.`,
    'Import the corpus again.',
  );
}

function newerCorpus(folder: string): UserError {
  return new UserError(
    'corpus/newer-format',
    `The corpus folder ${folder} was written by a newer version of Palimpsest.`,
    'Use that version, or import the corpus again with this one.',
  );
}
