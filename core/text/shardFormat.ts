/**
 * The folder of a corpus's tokens for one tokenizer. Little-endian; each split has four files:
 *
 *   <split>.ids        token ids without special tokens, uint16 (vocabulary up to 65,536) or uint32
 *   <split>.words      one bit a token, lowest bit first: 1 where the token begins a word
 *   <split>.spans      6 bytes a token: its first character in the document (uint32) and its length
 *                      in characters (uint16; 65,535 stands for that or more), UTF-16 code units
 *   <split>.documents  12 bytes a document: its index in the corpus (uint32) and the number of
 *                      tokens up to its end (float64, exact below 2^53)
 *
 * Each file begins with a header of 16 bytes: magic, version, bytes an id, number of the part.
 * `manifest.json` is written last and holds counts, sizes and hashes.
 */
import { z } from 'zod';
import { hashJson } from '../base/files.ts';
import { UserError } from '../base/errors.ts';
import type { SplitName } from './types.ts';

export const SHARD_MANIFEST_FILE = 'manifest.json';
export const SHARD_FORMAT_VERSION = 1;
export const SHARD_HEADER_BYTES = 16;
export const SPAN_BYTES = 6;
export const DOCUMENT_RECORD_BYTES = 12;
export const MAX_SPAN_LENGTH = 0xffff;

export const SHARD_PARTS = ['ids', 'words', 'spans', 'documents'] as const;
export type ShardPart = (typeof SHARD_PARTS)[number];

const SHARD_MAGIC = 0x44485350; // "PSHD"

export function shardFileName(split: SplitName, part: ShardPart): string {
  return `${split}.${part}`;
}

export function shardHeader(part: ShardPart, bytesPerId: number): Buffer {
  const header = Buffer.alloc(SHARD_HEADER_BYTES);
  header.writeUInt32LE(SHARD_MAGIC, 0);
  header.writeUInt32LE(SHARD_FORMAT_VERSION, 4);
  header.writeUInt32LE(bytesPerId, 8);
  header.writeUInt32LE(SHARD_PARTS.indexOf(part), 12);
  return header;
}

/** Size in bytes of a part that holds so many tokens and documents. */
export function shardFileBytes(part: ShardPart, manifest: ShardManifest, split: SplitName): number {
  const { tokens, documents } = manifest.splits[split];
  const contents = {
    ids: tokens * manifest.bytesPerId,
    words: Math.ceil(tokens / 8),
    spans: tokens * SPAN_BYTES,
    documents: documents * DOCUMENT_RECORD_BYTES,
  };
  return SHARD_HEADER_BYTES + contents[part];
}

const count = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const splitSchema = z.strictObject({
  documents: count,
  tokens: count,
  words: count,
  unknownTokens: count,
});

const manifestSchema = z.strictObject({
  formatVersion: z.literal(SHARD_FORMAT_VERSION),
  /** `contentHash` of the corpus. */
  corpusHash: z.string().min(1),
  tokenizerHash: z.string().min(1),
  bytesPerId: z.union([z.literal(2), z.literal(4)]),
  splits: z.strictObject({ train: splitSchema, validation: splitSchema, test: splitSchema }),
  files: z.record(z.string(), z.strictObject({ bytes: count, sha256 })),
});
export type ShardManifest = z.infer<typeof manifestSchema>;
export type ShardCounts = z.infer<typeof splitSchema>;

export function shardManifestJson(manifest: ShardManifest): string {
  return `${JSON.stringify({ manifest, hash: hashJson(manifest) }, null, 2)}\n`;
}

/** Reads the manifest; a UserError when it is damaged, altered or of another version. */
export function parseShardManifest(json: string, folder: string): ShardManifest {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw damagedShards(folder, `${SHARD_MANIFEST_FILE} is not JSON`);
  }
  const parsed = z.object({ manifest: manifestSchema, hash: sha256 }).safeParse(value);
  if (!parsed.success) {
    throw damagedShards(folder, `${SHARD_MANIFEST_FILE} is not a manifest of this version`);
  }
  if (hashJson(parsed.data.manifest) !== parsed.data.hash) {
    throw damagedShards(folder, `${SHARD_MANIFEST_FILE} was changed`);
  }
  return parsed.data.manifest;
}

export function damagedShards(folder: string, what: string): UserError {
  return new UserError(
    'shards/damaged',
    `The token shards in ${folder} cannot be used: ${what}.`,
    'Delete the folder and run the project file again: the corpus is tokenised anew.',
  );
}
