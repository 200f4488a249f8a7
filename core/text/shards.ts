/** Tokenises a corpus once, into files that training and evaluation read windows from. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { createFolderAtomically, hashFile, writeFileAtomically } from '../base/files.ts';
import { documentBatches } from './documentBatches.ts';
import { HashedFile } from './hashedFile.ts';
import { readShardManifest } from './shardReader.ts';
import type { ShardCounts, ShardManifest, ShardPart } from './shardFormat.ts';
import {
  DOCUMENT_RECORD_BYTES,
  MAX_SPAN_LENGTH,
  SHARD_FORMAT_VERSION,
  SHARD_MANIFEST_FILE,
  SHARD_PARTS,
  shardFileName,
  shardHeader,
  shardManifestJson,
  SPAN_BYTES,
} from './shardFormat.ts';
import { SPLIT_NAMES } from './splits.ts';
import type { CorpusReader, Encoding, ReportProgress, SplitName, Tokenizer } from './types.ts';

export interface BuiltShards {
  readonly folder: string;
  readonly manifest: ShardManifest;
  /** Whether the folder already held these shards, whole and unchanged. */
  readonly reused: boolean;
}

/**
 * Writes the shards of `corpus` for `tokenizer` to `folder`, or finds them there. Shards of another
 * corpus, another tokenizer or an older format, and damaged ones, are replaced. Memory is bounded
 * by a batch of documents; the folder appears whole or not at all.
 */
export async function buildShards(
  {
    corpus,
    tokenizer,
    folder,
  }: {
    readonly corpus: CorpusReader;
    readonly tokenizer: Tokenizer;
    readonly folder: string;
  },
  report: ReportProgress = () => {},
  signal?: AbortSignal,
): Promise<BuiltShards> {
  const existing = await usableManifest(folder, corpus, tokenizer);
  if (existing !== undefined) return { folder, manifest: existing, reused: true };
  await rm(folder, { recursive: true, force: true });

  const total = corpus.manifest.documents;
  let done = 0;
  const advance = (documents: number): void => {
    signal?.throwIfAborted();
    done += documents;
    report({ stage: 'tokenising', done, total, unit: 'documents' });
  };
  const bytesPerId = tokenizer.vocabSize <= 2 ** 16 ? 2 : 4;
  const splits: Partial<Record<SplitName, ShardCounts>> = {};
  let manifest: ShardManifest | undefined;
  advance(0);
  const fill = async (temporary: string): Promise<void> => {
    const files: ShardManifest['files'] = {};
    for (const split of SPLIT_NAMES) {
      const writer = new SplitWriter(bytesPerId, tokenizer.specialTokens.unk);
      const written = await writeParts(temporary, split, bytesPerId, async (parts) => {
        for (const batch of documentBatches(corpus.documents(split))) {
          const encodings = await tokenizer.encodeBatch(batch.map((document) => document.text));
          for (const [index, encoding] of encodings.entries()) {
            writer.add(batch[index].index, encoding, parts);
            for (const part of SHARD_PARTS) if (parts[part].full) await parts[part].flush();
          }
          advance(batch.length);
        }
        writer.finish(parts);
      });
      Object.assign(files, written);
      splits[split] = writer.counts;
    }
    manifest = {
      formatVersion: SHARD_FORMAT_VERSION,
      corpusHash: corpus.manifest.contentHash,
      tokenizerHash: tokenizer.hash,
      bytesPerId,
      splits: requireAll(splits),
      files,
    };
    await writeFileAtomically(join(temporary, SHARD_MANIFEST_FILE), shardManifestJson(manifest));
  };
  try {
    await createFolderAtomically(folder, fill);
  } catch (error) {
    signal?.throwIfAborted();
    // Another process may have put the same shards there in the meantime.
    const theirs = await usableManifest(folder, corpus, tokenizer);
    if (theirs === undefined) throw error;
    return { folder, manifest: theirs, reused: true };
  }
  if (manifest === undefined) throw new Error('The shards were written without a manifest.');
  return { folder, manifest, reused: false };
}

/** The manifest of what is in `folder` when it belongs to these inputs and every byte is as written. */
async function usableManifest(
  folder: string,
  corpus: CorpusReader,
  tokenizer: Tokenizer,
): Promise<ShardManifest | undefined> {
  try {
    const manifest = readShardManifest(folder);
    if (manifest === undefined) return undefined;
    if (manifest.corpusHash !== corpus.manifest.contentHash) return undefined;
    if (manifest.tokenizerHash !== tokenizer.hash) return undefined;
    for (const [name, { sha256 }] of Object.entries(manifest.files)) {
      if ((await hashFile(join(folder, name))) !== sha256) return undefined;
    }
    return manifest;
  } catch (error) {
    // Whatever is wrong with shards, tokenising again puts it right.
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

type Parts = Readonly<Record<ShardPart, HashedFile>>;

/** Opens the four files of a split, each with its header, and returns their sizes and hashes. */
async function writeParts(
  folder: string,
  split: SplitName,
  bytesPerId: number,
  fill: (parts: Parts) => Promise<void>,
): Promise<ShardManifest['files']> {
  const files: ShardManifest['files'] = {};
  const write = async (
    part: ShardPart,
    inner: (file: HashedFile) => Promise<void>,
  ): Promise<void> => {
    const name = shardFileName(split, part);
    files[name] = await HashedFile.write(join(folder, name), async (file) => {
      const header = shardHeader(part, bytesPerId);
      header.copy(file.reserve(header.length));
      file.keep(header.length);
      await inner(file);
    });
  };
  await write('ids', (ids) =>
    write('words', (words) =>
      write('spans', (spans) =>
        write('documents', (documents) => fill({ ids, words, spans, documents })),
      ),
    ),
  );
  return files;
}

/** Turns encodings into the bytes of the four files. */
class SplitWriter {
  readonly #bytesPerId: 2 | 4;
  readonly #unknownId: number;
  #documents = 0;
  #tokens = 0;
  #words = 0;
  #unknownTokens = 0;
  /** The last, incomplete byte of the word-start bits. */
  #bits = 0;

  constructor(bytesPerId: 2 | 4, unknownId: number) {
    this.#bytesPerId = bytesPerId;
    this.#unknownId = unknownId;
  }

  get counts(): ShardCounts {
    return {
      documents: this.#documents,
      tokens: this.#tokens,
      words: this.#words,
      unknownTokens: this.#unknownTokens,
    };
  }

  add(documentIndex: number, encoding: Encoding, parts: Parts): void {
    this.#addIds(encoding.ids, parts.ids);
    this.#addWordStarts(encoding.wordStarts, parts.words);
    addSpans(encoding, parts.spans);
    this.#documents++;
    this.#tokens += encoding.ids.length;
    const record = parts.documents.reserve(DOCUMENT_RECORD_BYTES);
    record.writeUInt32LE(documentIndex, 0);
    record.writeDoubleLE(this.#tokens, 4);
    parts.documents.keep(DOCUMENT_RECORD_BYTES);
  }

  finish(parts: Parts): void {
    if (this.#tokens % 8 === 0) return;
    parts.words.reserve(1)[0] = this.#bits;
    parts.words.keep(1);
  }

  #addIds(ids: Int32Array, file: HashedFile): void {
    const bytes = ids.length * this.#bytesPerId;
    const out = file.reserve(bytes);
    let at = 0;
    for (const id of ids) {
      if (id === this.#unknownId) this.#unknownTokens++;
      at = this.#bytesPerId === 2 ? out.writeUInt16LE(id, at) : out.writeUInt32LE(id, at);
    }
    file.keep(bytes);
  }

  #addWordStarts(wordStarts: Uint8Array, file: HashedFile): void {
    const out = file.reserve(Math.ceil(wordStarts.length / 8) + 1);
    let bit = this.#tokens % 8;
    let bits = this.#bits;
    let at = 0;
    for (const wordStart of wordStarts) {
      this.#words += wordStart;
      bits |= wordStart << bit++;
      if (bit === 8) {
        out[at++] = bits;
        bits = 0;
        bit = 0;
      }
    }
    this.#bits = bits;
    file.keep(at);
  }
}

function addSpans({ starts, ends }: Encoding, file: HashedFile): void {
  const bytes = starts.length * SPAN_BYTES;
  const out = file.reserve(bytes);
  let at = 0;
  for (let token = 0; token < starts.length; token++) {
    at = out.writeUInt32LE(starts[token], at);
    at = out.writeUInt16LE(Math.min(ends[token] - starts[token], MAX_SPAN_LENGTH), at);
  }
  file.keep(bytes);
}

function requireAll(
  splits: Partial<Record<SplitName, ShardCounts>>,
): Record<SplitName, ShardCounts> {
  const { train, validation, test } = splits;
  if (train === undefined || validation === undefined || test === undefined) {
    throw new Error('A split was not written.');
  }
  return { train, validation, test };
}
