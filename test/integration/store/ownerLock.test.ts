/** The lock on a home folder, with another real process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isOwnerLockHeld, tryOwnerLock } from '../../../core/store/ownerLock.ts';

const HOLD = `
  import { tryOwnerLock } from ${JSON.stringify(new URL('../../../core/store/ownerLock.ts', import.meta.url).href)};
  process.stdout.write(tryOwnerLock(process.argv[1], 0) ? 'held' : 'refused');
  setInterval(() => undefined, 1000);
`;

it('has one holder, also within a process, and is free when the holder is killed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'palimpsest-lock-'));
  const path = join(folder, 'owner.lock');
  const own = tryOwnerLock(path, 0);
  expect(own).toBeDefined();
  expect(tryOwnerLock(path, 0)).toBeUndefined();
  expect(isOwnerLockHeld(path)).toBe(true);
  own?.release();
  expect(isOwnerLockHeld(path)).toBe(false);

  const other = spawn(process.execPath, ['--input-type=module', '-e', HOLD, path]);
  const [answer] = (await once(other.stdout, 'data')) as [Buffer];
  expect(answer.toString()).toBe('held');
  expect(tryOwnerLock(path, 0)).toBeUndefined();
  expect(isOwnerLockHeld(path)).toBe(true);
  other.kill('SIGKILL');
  await once(other, 'exit');
  expect(isOwnerLockHeld(path)).toBe(false);
  const next = tryOwnerLock(path, 0);
  expect(next).toBeDefined();
  next?.release();
  await rm(folder, { recursive: true });
});
