/**
 * The lock of a run folder. A training job holds it from before its first write to its end, however
 * it ends, so that two jobs never write one folder: not even when the Workbench that started the
 * first was killed and the next one knows nothing of it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../base/errors.ts';
import { isOwnerLockHeld, tryOwnerLock } from '../store/ownerLock.ts';
import type { OwnerLock } from '../store/ownerLock.ts';

const POLL_MILLISECONDS = 100;

export function runLockPath(runFolder: string): string {
  return join(runFolder, 'job.lock');
}

/** Whether a training job works in the folder. */
export function isRunLocked(runFolder: string): boolean {
  const path = runLockPath(runFolder);
  return existsSync(path) && isOwnerLockHeld(path);
}

/**
 * Takes the lock of a run folder; undefined when the job was asked to stop while it waited for it.
 * The Workbench has waited before it starts a job, so that only one that it does not know of, started
 * a moment before its own end, can still come in between: that one ends by itself, soon.
 * @throws UserError `run/folder-in-use` when another job has held it for all of `patience` milliseconds
 */
export async function lockRun(
  runFolder: string,
  isStopped: () => boolean,
  patience = 60_000,
): Promise<OwnerLock | undefined> {
  for (let waited = 0; ; waited += POLL_MILLISECONDS) {
    const lock = tryOwnerLock(runLockPath(runFolder), 0);
    if (lock !== undefined) return lock;
    if (isStopped()) return undefined;
    if (waited >= patience) {
      throw new UserError(
        'run/folder-in-use',
        `Another training job works in the run folder ${runFolder}.`,
        'Wait until it has ended, or end it, then resume the run.',
      );
    }
    await sleep(POLL_MILLISECONDS);
  }
}
