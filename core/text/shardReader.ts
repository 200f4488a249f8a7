/** Reads token shards by token range; memory holds one record a document and nothing more. */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { asUserError, isMissing, UserError } from '../base/errors.ts';
import { hashFile } from '../base/files.ts';
import type { ShardManifest, ShardPart } from './shardFormat.ts';
import {
  damagedShards,
  DOCUMENT_RECORD_BYTES,
  parseShardManifest,
  SHARD_HEADER_BYTES,
  SHARD_MANIFEST_FILE,
  SHARD_PARTS,
  shardFileBytes,
  shardFileName,
  shardHeader,
  SPAN_BYTES,
} from './shardFormat.ts';
import type { SplitName } from './types.ts';

/** The manifest of a shard folder, or undefined when there is none. */
export function readShardManifest(folder: string): ShardManifest | undefined {
  const path = join(folder, SHARD_MANIFEST_FILE);
  let json: string;
  try {
    json = readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw asUserError(error, path);
  }
  return parseShardManifest(json, folder);
}

/**
 * Opens the shards of one split. Throws a UserError when the folder has none, when they are
 * damaged, or when they were made with another tokenizer or (if given) from another corpus.
 */
export function openShardSplit(
  folder: string,
  split: SplitName,
  expected: { readonly tokenizerHash: string; readonly corpusHash?: string },
): ShardSplit {
  const manifest = readShardManifest(folder);
  if (manifest === undefined) throw damagedShards(folder, `there is no ${SHARD_MANIFEST_FILE}`);
  if (manifest.tokenizerHash !== expected.tokenizerHash) throw foreign(folder, 'tokenizer');
  if (expected.corpusHash !== undefined && manifest.corpusHash !== expected.corpusHash) {
    throw foreign(folder, 'corpus');
  }
  return new ShardSplit(folder, split, manifest);
}

/**
 * Reads the files of one split through and compares them with what was written: an id that changed
 * on the disk would be trained on, or lie outside the vocabulary.
 * @throws UserError `shards/damaged`
 */
export async function verifyShardSplit(folder: string, split: SplitName): Promise<void> {
  const manifest = readShardManifest(folder);
  for (const part of SHARD_PARTS) {
    const name = shardFileName(split, part);
    const expected = manifest?.files[name]?.sha256;
    if ((await hashFile(join(folder, name))) !== expected) {
      throw damagedShards(folder, `${name} is not what was written`);
    }
  }
}

function foreign(folder: string, of: 'tokenizer' | 'corpus'): UserError {
  return new UserError(
    `shards/other-${of}`,
    `The token shards in ${folder} were made ${of === 'tokenizer' ? 'with another tokenizer' : 'from another corpus'}.`,
    'Start the run again; the corpus is then tokenised for this model.',
  );
}

/** The tokens of one split, numbered through all its documents. */
export class ShardSplit {
  readonly name: SplitName;
  readonly tokens: number;
  /** (documents): number of tokens up to the end of each document. */
  readonly documentEnds: Float64Array;
  /** (documents): index of each document in the corpus. */
  readonly documentIndices: Uint32Array;
  readonly #folder: string;
  readonly #bytesPerId: 2 | 4;
  readonly #files = new Map<ShardPart, number>();

  constructor(folder: string, split: SplitName, manifest: ShardManifest) {
    this.#folder = folder;
    this.name = split;
    this.tokens = manifest.splits[split].tokens;
    this.#bytesPerId = manifest.bytesPerId;
    const { documents } = manifest.splits[split];
    this.documentEnds = new Float64Array(documents);
    this.documentIndices = new Uint32Array(documents);
    try {
      for (const part of SHARD_PARTS) this.#open(part, manifest);
      this.#readDocuments();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Ids of tokens `from` … `to` − 1. */
  readIds(from: number, to: number): Int32Array {
    const bytes = this.#read('ids', from * this.#bytesPerId, (to - from) * this.#bytesPerId);
    const ids = new Int32Array(to - from);
    for (let token = 0; token < ids.length; token++) {
      const at = token * this.#bytesPerId;
      ids[token] = this.#bytesPerId === 2 ? bytes.readUInt16LE(at) : bytes.readUInt32LE(at);
    }
    return ids;
  }

  /** 1 where a token of `from` … `to` − 1 begins a word. */
  readWordStarts(from: number, to: number): Uint8Array {
    const firstByte = Math.floor(from / 8);
    const bytes = this.#read('words', firstByte, Math.ceil(to / 8) - firstByte);
    const wordStarts = new Uint8Array(to - from);
    for (let token = 0, bit = from - firstByte * 8; token < wordStarts.length; token++, bit++) {
      wordStarts[token] = (bytes[bit >> 3] >> (bit & 7)) & 1;
    }
    return wordStarts;
  }

  /** Characters [start, end) of tokens `from` … `to` − 1 in their documents, UTF-16 code units. */
  readSpans(from: number, to: number): { starts: Uint32Array; ends: Uint32Array } {
    const bytes = this.#read('spans', from * SPAN_BYTES, (to - from) * SPAN_BYTES);
    const starts = new Uint32Array(to - from);
    const ends = new Uint32Array(to - from);
    for (let token = 0, at = 0; token < starts.length; token++, at += SPAN_BYTES) {
      starts[token] = bytes.readUInt32LE(at);
      ends[token] = starts[token] + bytes.readUInt16LE(at + 4);
    }
    return { starts, ends };
  }

  close(): void {
    for (const file of this.#files.values()) closeSync(file);
    this.#files.clear();
  }

  #open(part: ShardPart, manifest: ShardManifest): void {
    const name = shardFileName(this.name, part);
    const path = join(this.#folder, name);
    let file: number;
    try {
      file = openSync(path, 'r');
    } catch (error) {
      throw asUserError(error, path);
    }
    this.#files.set(part, file);
    const bytes = shardFileBytes(part, manifest, this.name);
    if (fstatSync(file).size !== bytes || manifest.files[name]?.bytes !== bytes) {
      throw damagedShards(this.#folder, `${name} does not have its ${bytes} bytes`);
    }
    const header = this.#readAt(part, 0, SHARD_HEADER_BYTES);
    if (!header.equals(shardHeader(part, manifest.bytesPerId))) {
      throw damagedShards(this.#folder, `${name} has another header`);
    }
  }

  #readDocuments(): void {
    const bytes = this.#read('documents', 0, this.documentEnds.length * DOCUMENT_RECORD_BYTES);
    let previous = 0;
    for (let document = 0; document < this.documentEnds.length; document++) {
      const at = document * DOCUMENT_RECORD_BYTES;
      this.documentIndices[document] = bytes.readUInt32LE(at);
      const end = bytes.readDoubleLE(at + 4);
      if (!(Number.isInteger(end) && end >= previous && end <= this.tokens)) {
        throw damagedShards(this.#folder, 'its list of documents is not in order');
      }
      this.documentEnds[document] = end;
      previous = end;
    }
    if (previous !== this.tokens) {
      throw damagedShards(this.#folder, 'its documents do not hold all its tokens');
    }
  }

  /** Bytes of a part, counted from the end of its header. */
  #read(part: ShardPart, from: number, length: number): Buffer {
    return this.#readAt(part, SHARD_HEADER_BYTES + from, length);
  }

  #readAt(part: ShardPart, from: number, length: number): Buffer {
    const file = this.#files.get(part);
    if (file === undefined) throw new Error('The shards were closed.');
    const bytes = Buffer.allocUnsafe(length);
    for (let done = 0; done < length;) {
      const read = readSync(file, bytes, done, length - done, from + done);
      if (read === 0) {
        throw damagedShards(this.#folder, `${shardFileName(this.name, part)} ends too early`);
      }
      done += read;
    }
    return bytes;
  }
}
