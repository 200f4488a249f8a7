/** Whether the disk holds what a run will write, asked before it starts. */
import { statfs } from 'node:fs/promises';
import { UserError } from '../base/errors.ts';

const BYTES_PER_VALUE = 4;
/** Logs, scores, tokenizer files and the database's own growth. */
const MARGIN_BYTES = 64 * 2 ** 20;
/** Events, scores and rows of a finished run. */
const LOG_BYTES = 2 ** 20;

/**
 * The most a run takes at one moment: `saveTotalLimit` resumable checkpoints (weights and Adam's two
 * moments) and one more while it is being written, the best weights and the final ones.
 */
export function runBytes(parameters: number, saveTotalLimit: number): number {
  const weights = parameters * BYTES_PER_VALUE;
  return (saveTotalLimit + 1) * 3 * weights + 2 * weights + MARGIN_BYTES;
}

/** What a run leaves when it has completed, at most: weights of its checkpoints and the best ones. */
export function keptBytes(parameters: number, saveTotalLimit: number): number {
  return (saveTotalLimit + 1) * weightBytes(parameters) + LOG_BYTES;
}

export function weightBytes(parameters: number): number {
  return parameters * BYTES_PER_VALUE;
}

/** What the estimate of a Fisher diagonal takes. */
export function fisherBytes(parameters: number): number {
  return parameters * BYTES_PER_VALUE + MARGIN_BYTES;
}

export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** @throws UserError `run/no-space` */
export async function requireSpace(folder: string, bytes: number, purpose: string): Promise<void> {
  const shortage = spaceShortage(folder, bytes, await freeBytes(folder), purpose);
  if (shortage !== undefined) throw shortage;
}

/** Undefined when there is enough. */
export function spaceShortage(
  folder: string,
  bytes: number,
  free: number,
  purpose: string,
): UserError | undefined {
  if (free >= bytes) return undefined;
  return new UserError(
    'run/no-space',
    `${purpose} needs ${gigabytes(bytes)} GB in ${folder}, where ${gigabytes(free)} GB are free.`,
    'Free some space, lower save_total_limit, or use a home folder on a larger disk.',
  );
}

export function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(bytes < 1e10 ? 2 : 0);
}
