import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isRunLocked, lockRun } from '../../../core/training/runLock.ts';
import { unigramTraining } from '../../fixtures/unigramTraining.ts';
import type { UnigramTraining } from '../../fixtures/unigramTraining.ts';

let training: UnigramTraining;
beforeAll(async () => {
  training = await unigramTraining();
});
afterAll(() => training.remove());

it('a run folder is locked for as long as its run is at work, however it ends', async () => {
  const ways = [undefined, 'pause', 'throw'] as const;
  for (const way of ways) {
    const spec = training.specification();
    const locked: boolean[] = [];
    const { outcome } = await training.run(spec, {
      publish: () => locked.push(isRunLocked(spec.runFolder)),
      interrupt: (step) => {
        if (step < 3 || way === undefined) return undefined;
        if (way === 'throw') throw new Error('stop here');
        return way;
      },
    });
    expect(outcome).toBe(way === undefined ? 'completed' : way === 'pause' ? 'paused' : 'failed');
    expect(new Set(locked)).toEqual(new Set([true]));
    expect(isRunLocked(spec.runFolder)).toBe(false);
  }
});

it('another is refused while it lasts, and one that is to stop writes nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'palimpsest-run-lock-'));
  const lock = await lockRun(folder, () => false);
  expect(lock).toBeDefined();
  await expect(lockRun(folder, () => false, 0)).rejects.toMatchObject({
    code: 'run/folder-in-use',
    message: `Another training job works in the run folder ${folder}.`,
  });
  expect(await lockRun(folder, () => true)).toBeUndefined();
  const spec = { ...training.specification(), runFolder: folder };
  expect(await training.run(spec, { interrupt: () => 'cancel' })).toMatchObject({
    outcome: 'cancelled',
    events: [],
  });
  expect((await readdir(folder)).filter((name) => !name.startsWith('job.lock'))).toEqual([]);
  lock?.release();
  expect((await training.run(spec)).outcome).toBe('completed');
  await rm(folder, { recursive: true });
});
