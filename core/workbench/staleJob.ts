/**
 * A training job may outlive its owner: it takes the step at work to its end and saves a checkpoint
 * first, which is gigabytes for a large model.
 */
import { readFileSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../base/errors.ts';
import { isRunLocked, runLockPath } from '../training/runLock.ts';

const POLL_MILLISECONDS = 100;
/** From SIGKILL until the system has given back the lock. */
const DEATH_MILLISECONDS = 30_000;

export interface EarlierJob {
  readonly runId: string;
  readonly runFolder: string;
  /** As it was known when it was started; only words depend on it. */
  readonly pid: number | null;
}

/**
 * Waits until no job of an earlier owner works in the run folder. One that is still there after
 * `patience` milliseconds is ended where the system shows which process it is. Answers false when
 * `isStopped` said so first.
 * @throws UserError `run/still-at-work` when it is there and cannot be ended
 */
export async function outlast(
  job: EarlierJob,
  patience: number,
  isStopped: () => boolean,
  findHolders: (lockPath: string) => readonly number[] = lockHolders,
): Promise<boolean> {
  for (let waited = 0; isRunLocked(job.runFolder); waited += POLL_MILLISECONDS) {
    if (isStopped()) return false;
    if (waited >= patience) {
      const holders = findHolders(runLockPath(job.runFolder));
      if (holders.length === 0 || waited >= patience + DEATH_MILLISECONDS) throw stillAtWork(job);
      for (const pid of holders) endProcess(pid);
    }
    await sleep(POLL_MILLISECONDS);
  }
  return true;
}

function stillAtWork({ runId, pid }: EarlierJob): UserError {
  const which = pid === null ? '' : ` (it was started as process ${pid})`;
  return new UserError(
    'run/still-at-work',
    `The training job of an earlier start still works on run ${runId}${which} and does not end.`,
    `End that process, then continue with \`palimpsest runs resume ${runId}\`.`,
  );
}

/** It may have ended since it was found, or belong to somebody else: both are seen at the next look. */
function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Whether the lock is free decides.
  }
}

/**
 * Processes that hold the lock by what Linux says of its locks, and have its file open; none where
 * the system does not show it. A process id alone proves nothing: it may have been given anew.
 */
export function lockHolders(lockPath: string): number[] {
  try {
    const path = realpathSync(lockPath);
    const inode = statSync(path).ino.toString();
    return readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .flatMap((line) => {
        const lock = /POSIX +\w+ +WRITE +(?<pid>\d+) [0-9a-f]+:[0-9a-f]+:(?<inode>\d+) /.exec(line);
        return lock?.groups?.['inode'] === inode ? [Number(lock.groups['pid'])] : [];
      })
      .filter((pid) => pid !== process.pid && hasOpen(pid, path));
  } catch {
    return [];
  }
}

function hasOpen(pid: number, path: string): boolean {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).some((name) => {
    try {
      return readlinkSync(join(folder, name)) === path;
    } catch {
      return false;
    }
  });
}
