/** What every reader yields, and the limit they share. */
import { UserError } from '../../base/errors.ts';

/** A document as the file holds it, before normalisation. */
export interface TextRecord {
  readonly text: string;
  /** Value of the group column; null without one. */
  readonly group: string | null;
}

/** Records in the order of the file, in batches so that a chunk costs one asynchronous step. */
export type RecordBatches = AsyncGenerator<TextRecord[]>;

/** Longest line, row or document in UTF-16 code units; longer ones would not fit in memory. */
export const MAXIMUM_RECORD_LENGTH = 64 * 2 ** 20;

export function recordTooLong(where: string, hint: string): UserError {
  return new UserError(
    'corpus/record-too-long',
    `${where} is longer than ${MAXIMUM_RECORD_LENGTH / 2 ** 20} Mi characters.`,
    hint,
  );
}
