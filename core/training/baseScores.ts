/**
 * Scores of base models on frozen-mask sets, shared by runs: every run begins with the same ones. A
 * file is the bytes of a scores file and the SHA-256 of them and of what they were computed from, so
 * that only scores which this run would have computed to the last bit are taken; what is damaged is
 * computed again. Processes may write one file at once: their bytes are equal, and the last one stays.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { UserError, asUserError } from '../base/errors.ts';
import { hashBytes, hashJson, writeFileAtomically } from '../base/files.ts';
import { readScores } from '../evaluation/scoresFile.ts';
import type { FrozenMaskScores } from '../evaluation/scoring.ts';
import type { RunSpecification } from './configuration.ts';
import type { Machine } from './runFile.ts';

/** Of the file, and of how a set is scored: with another one, scores are computed anew. */
const FORMAT_VERSION = 1;
const DIGEST_BYTES = 32;

export interface SharedScores {
  readonly scores: FrozenMaskScores;
  /** SHA-256 of the scores file. */
  readonly scoresHash: string;
}

export class BaseScores {
  readonly #folder: string;
  readonly #origin: object;

  /** Undefined for a run that shares none. */
  static of(specification: RunSpecification, machine: Machine): BaseScores | undefined {
    const { baseScoresFolder: folder } = specification;
    return folder === undefined ? undefined : new BaseScores(folder, specification, machine);
  }

  constructor(
    folder: string,
    specification: Pick<RunSpecification, 'modelHash' | 'tokenizerHash' | 'settings'>,
    machine: Machine,
  ) {
    const { modelHash, tokenizerHash, settings } = specification;
    this.#folder = folder;
    this.#origin = {
      formatVersion: FORMAT_VERSION,
      modelHash,
      tokenizerHash,
      maxSeqLength: settings.max_seq_length,
      ...machine,
      // Kernels are chosen by what the processor can do, and with them the last digits.
      processor: [process.platform, process.arch, cpus()[0]?.model ?? ''],
    };
  }

  /** Whether there are scores on a set; that they are sound is seen when they are taken. */
  has(setHash: string): boolean {
    return existsSync(this.#placeOf(setHash).file);
  }

  /** Copies the scores on a set to a scores file of the run's; undefined when there are none to trust. */
  async copyTo(
    path: string,
    setHash: string,
    documents: Uint32Array,
  ): Promise<SharedScores | undefined> {
    const { file, key } = this.#placeOf(setHash);
    const bytes = await readIfThere(file);
    if (bytes === undefined || bytes.length <= DIGEST_BYTES) return undefined;
    const content = bytes.subarray(0, -DIGEST_BYTES);
    if (digestOf(key, content) !== bytes.toString('hex', content.length)) return undefined;
    await writeFileAtomically(path, content);
    const scoresHash = hashBytes(content);
    const scores = readScores(path, scoresHash);
    const isOfSet =
      scores.document.length === documents.length &&
      documents.every((document, row) => scores.document[row] === document);
    return isOfSet ? { scores, scoresHash } : undefined;
  }

  /** Shares a scores file of the run's. Throws a UserError when it cannot be written. */
  async keep(path: string, setHash: string): Promise<void> {
    const { file, key } = this.#placeOf(setHash);
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw asUserError(error, this.#folder);
    }
    const content = await readFile(path);
    const digest = Buffer.from(digestOf(key, content), 'hex');
    await writeFileAtomically(file, Buffer.concat([content, digest]));
  }

  /** The name begins with the set's, so that the scores on a set can be found. */
  #placeOf(setHash: string): { file: string; key: string } {
    const key = hashJson({ ...this.#origin, setHash });
    const name = `${setHash.slice(0, 16)}-${key.slice(0, 32)}.scores`;
    return { file: join(this.#folder, name), key };
  }
}

function digestOf(key: string, content: Uint8Array): string {
  return hashBytes(Buffer.concat([Buffer.from(key, 'hex'), content]));
}

/** What cannot be read is not there: it is computed instead. */
async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (asUserError(error, path) instanceof UserError) return undefined;
    throw error;
  }
}
