/** Reading an imported corpus document by document; neither text nor index is held whole. */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { asUserError } from '../base/errors.ts';
import { hashFile } from '../base/files.ts';
import {
  damagedCorpus,
  INDEX_FILE,
  INDEX_HEADER_BYTES,
  INDEX_RECORD_BYTES,
  MANIFEST_FILE,
  parseManifest,
  readIndexHeader,
  readIndexRecord,
  TEXT_FILE,
} from './corpusFolder.ts';
import type { CorpusDocument, CorpusManifest, CorpusReader, SplitName } from './types.ts';

const TEXT_BLOCK_BYTES = 256 * 1024;
const INDEX_BLOCK_BYTES = INDEX_RECORD_BYTES * 4096;

/**
 * Opens a corpus folder and checks that its parts fit together by version, size and count;
 * `verifyCorpus` compares their hashes too. Throws a UserError when the folder is no whole corpus.
 */
export function openCorpus(folder: string): CorpusReader {
  const { manifest, files } = readManifest(folder);
  const text = openBlocks(folder, TEXT_FILE, TEXT_BLOCK_BYTES);
  try {
    const index = openBlocks(folder, INDEX_FILE, INDEX_BLOCK_BYTES);
    try {
      for (const [name, file] of [[TEXT_FILE, text] as const, [INDEX_FILE, index] as const]) {
        if (file.bytes !== files[name].bytes) {
          throw damagedCorpus(folder, `${name} has ${file.bytes} bytes, not ${files[name].bytes}`);
        }
      }
      const header = index.read(0, Math.min(INDEX_HEADER_BYTES, index.bytes));
      if (
        readIndexHeader(header, folder) !== manifest.documents ||
        index.bytes !== INDEX_HEADER_BYTES + manifest.documents * INDEX_RECORD_BYTES
      ) {
        throw damagedCorpus(folder, `${INDEX_FILE} and ${MANIFEST_FILE} disagree on the documents`);
      }
    } catch (error) {
      index.close();
      throw error;
    }
    return new FolderReader(folder, manifest, text, index);
  } catch (error) {
    text.close();
    throw error;
  }
}

/** Reads the whole corpus and compares it with the hashes in its manifest. */
export async function verifyCorpus(folder: string): Promise<CorpusManifest> {
  const { manifest, files } = readManifest(folder);
  for (const name of [TEXT_FILE, INDEX_FILE] as const) {
    if ((await hashFile(join(folder, name))) !== files[name].sha256) {
      throw damagedCorpus(folder, `${name} was changed after the import`);
    }
  }
  return manifest;
}

function readManifest(folder: string): ReturnType<typeof parseManifest> {
  const path = join(folder, MANIFEST_FILE);
  try {
    return parseManifest(readFileSync(path, 'utf8'), folder);
  } catch (error) {
    throw asUserError(error, path);
  }
}

class FolderReader implements CorpusReader {
  readonly folder: string;
  readonly manifest: CorpusManifest;
  readonly #text: BlockFile;
  readonly #index: BlockFile;

  constructor(folder: string, manifest: CorpusManifest, text: BlockFile, index: BlockFile) {
    this.folder = folder;
    this.manifest = manifest;
    this.#text = text;
    this.#index = index;
  }

  document(index: number): CorpusDocument {
    if (!Number.isInteger(index) || index < 0 || index >= this.manifest.documents) {
      throw new RangeError(`Document ${index} of ${this.manifest.documents} does not exist.`);
    }
    return this.#load(index, this.#record(index));
  }

  *documents(split?: SplitName): Generator<CorpusDocument> {
    for (let index = 0; index < this.manifest.documents; index++) {
      const record = this.#record(index);
      if (split === undefined || record.split === split) yield this.#load(index, record);
    }
  }

  close(): void {
    this.#text.close();
    this.#index.close();
  }

  #record(index: number): ReturnType<typeof readIndexRecord> {
    const at = INDEX_HEADER_BYTES + index * INDEX_RECORD_BYTES;
    return readIndexRecord(this.#index.read(at, INDEX_RECORD_BYTES), 0);
  }

  #load(
    index: number,
    { offset, bytes, split, group }: ReturnType<typeof readIndexRecord>,
  ): CorpusDocument {
    if (offset + bytes > this.#text.bytes || split === undefined) {
      throw damagedCorpus(this.folder, `document ${index} is not where ${INDEX_FILE} says`);
    }
    return { index, text: this.#text.read(offset, bytes).toString('utf8'), split, group };
  }
}

/** A file read in blocks, the last of which is kept. */
class BlockFile {
  readonly bytes: number;
  readonly #descriptor: number;
  readonly #blockBytes: number;
  #block: Buffer = Buffer.alloc(0);
  #blockStart = 0;
  #closed = false;

  constructor(path: string, blockBytes: number) {
    this.#descriptor = openSync(path, 'r');
    this.bytes = fstatSync(this.#descriptor).size;
    this.#blockBytes = blockBytes;
  }

  /** A view that holds until the next call; the range lies inside the file. */
  read(offset: number, bytes: number): Buffer {
    const end = this.#blockStart + this.#block.length;
    if (offset < this.#blockStart || offset + bytes > end) {
      const wanted = Math.min(Math.max(bytes, this.#blockBytes), this.bytes - offset);
      // One document may be larger than a block; its buffer is not kept for the next ones.
      if (this.#block.length !== wanted) this.#block = Buffer.allocUnsafeSlow(wanted);
      this.#fill(offset);
      this.#blockStart = offset;
    }
    const start = offset - this.#blockStart;
    return this.#block.subarray(start, start + bytes);
  }

  #fill(offset: number): void {
    let filled = 0;
    while (filled < this.#block.length) {
      const read = readSync(
        this.#descriptor,
        this.#block,
        filled,
        this.#block.length - filled,
        offset + filled,
      );
      if (read === 0) throw new Error('A corpus file became shorter while it was read.');
      filled += read;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#descriptor);
  }
}

function openBlocks(folder: string, name: string, blockBytes: number): BlockFile {
  const path = join(folder, name);
  try {
    return new BlockFile(path, blockBytes);
  } catch (error) {
    throw asUserError(error, path);
  }
}
