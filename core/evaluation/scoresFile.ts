/**
 * Per-document sums of one evaluation as a file: little-endian, no text.
 *
 * | bytes | content |
 * |---|---|
 * | 8 | `PLMPSCR1` |
 * | 4 | n, the number of documents, uint32 |
 * | 4 | 0 |
 * | 8 n | Σ loss of each document, nats, float64 |
 * | 4 n | index of the document in the corpus, uint32 |
 * | 4 n | masked tokens, uint32 |
 * | 4 n | masked words, uint32 |
 */
import { readFileSync } from 'node:fs';
import { UserError, asUserError } from '../base/errors.ts';
import { hashBytes, writeFileAtomically } from '../base/files.ts';
import type { FrozenMaskScores } from './scoring.ts';

const MAGIC = 'PLMPSCR1';
const HEADER_BYTES = 16;
const BYTES_PER_DOCUMENT = 20;

/** Returns the SHA-256 of the file. */
export async function writeScores(path: string, scores: FrozenMaskScores): Promise<string> {
  const count = scores.document.length;
  const bytes = Buffer.alloc(HEADER_BYTES + count * BYTES_PER_DOCUMENT);
  bytes.write(MAGIC, 'latin1');
  bytes.writeUInt32LE(count, 8);
  let offset = HEADER_BYTES;
  for (const value of scores.lossSum) offset = bytes.writeDoubleLE(value, offset);
  for (const values of [scores.document, scores.tokens, scores.words]) {
    for (const value of values) offset = bytes.writeUInt32LE(value, offset);
  }
  await writeFileAtomically(path, bytes);
  return hashBytes(bytes);
}

/** Throws `evaluation/damaged-scores` when the file is not the one whose SHA-256 is given. */
export function readScores(path: string, sha256: string): FrozenMaskScores {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw asUserError(error, path);
  }
  if (hashBytes(bytes) !== sha256 || bytes.toString('latin1', 0, 8) !== MAGIC) {
    throw new UserError(
      'evaluation/damaged-scores',
      `The scores in ${path} are not the ones that the run wrote.`,
      'Restore the run folder from a copy, or run the project again.',
    );
  }
  const count = bytes.readUInt32LE(8);
  const integers = (part: number): Uint32Array =>
    Uint32Array.from({ length: count }, (_, i) =>
      bytes.readUInt32LE(HEADER_BYTES + count * (8 + 4 * part) + 4 * i),
    );
  return {
    lossSum: Float64Array.from({ length: count }, (_, i) =>
      bytes.readDoubleLE(HEADER_BYTES + 8 * i),
    ),
    document: integers(0),
    tokens: integers(1),
    words: integers(2),
  };
}
