/** A training job may outlive its owner for a moment: it saves a checkpoint first. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until the process of an earlier owner's job is gone, so that two jobs never write one run
 * folder; ends it when it does not go by itself. A process id that another program was given since
 * is recognised by its command line where the system shows it, and left alone everywhere.
 */
export async function outlast(pid: number, runId: string, patience = 30_000): Promise<void> {
  for (let waited = 0; isJobOf(pid, runId); waited += 100) {
    if (waited >= patience) {
      if (process.platform === 'linux') process.kill(pid, 'SIGKILL');
      else return;
    }
    await sleep(100);
  }
}

function isJobOf(pid: number, runId: string): boolean {
  try {
    process.kill(pid, 0);
    if (process.platform !== 'linux') return true;
    // A zombie has an empty command line.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(runId);
  } catch {
    return false;
  }
}
