import { existsSync } from 'node:fs';
import {
  cp,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../../core/base/errors.ts';
import { hashBytes } from '../../../core/base/files.ts';
import {
  dropFile,
  listCheckpoints,
  recoverCheckpoints,
  removeCheckpoints,
  replaceCheckpoint,
  writeCheckpoint,
} from '../../../core/training/checkpoint.ts';
import type { Checkpoint, CheckpointFiles } from '../../../core/training/checkpoint.ts';

let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'palimpsest-checkpoint-'));
});
afterEach(() => rm(run, { recursive: true }));

const content = (text: string): CheckpointFiles[string] => {
  return async (path) => {
    await writeFile(path, text);
    return { bytes: text.length, sha256: hashBytes(text) };
  };
};
const write = (step: number, salt = ''): Promise<Checkpoint> =>
  writeCheckpoint(run, 'checkpoints', step, {
    'model.safetensors': content(`weights of step ${step}${salt}`),
    'optimizer.safetensors': content(`moments of step ${step}${salt}`),
  });
const recoveredSteps = async (): Promise<number[]> =>
  (await recoverCheckpoints(run, 'checkpoints')).checkpoints.map(({ step }) => step);

describe('checkpoints', () => {
  it('come back latest first, with what they hold', async () => {
    await write(2);
    await write(10);
    const { checkpoints, damaged } = await recoverCheckpoints(run, 'checkpoints');
    expect(damaged).toEqual([]);
    expect(checkpoints.map(({ step }) => step)).toEqual([10, 2]);
    expect(checkpoints[0]?.bytes).toBe(2 * 'weights of step 10'.length);
    expect([...(checkpoints[0]?.files ?? [])]).toEqual([
      'model.safetensors',
      'optimizer.safetensors',
    ]);
    expect(await recoverCheckpoints(run, 'best')).toEqual({ checkpoints: [], damaged: [] });
  });

  it('are written once: a step has one state', async () => {
    const first = await write(3);
    expect(await write(3, ' again')).toEqual(first);
    expect(await readFile(join(first.folder, 'model.safetensors'), 'utf8')).toBe(
      'weights of step 3',
    );
  });

  it('are ignored when torn at any point of writing; without a manifest they go, with one they are set aside', async () => {
    await write(1);
    const whole = (await write(2)).folder;
    const kept = join(run, 'whole');
    await cp(whole, kept, { recursive: true });
    const files = ['model.safetensors', 'optimizer.safetensors', 'manifest.json'];
    // The order of writing: each prefix of it, and each file cut in the middle.
    const tears: (() => Promise<void>)[] = [];
    for (const [written, name] of files.entries()) {
      tears.push(async () => {
        for (const missing of files.slice(written)) await rm(join(whole, missing));
      });
      tears.push(async () => {
        for (const missing of files.slice(written + 1)) await rm(join(whole, missing));
        await truncate(join(whole, name), 5);
      });
    }
    tears.push(() => truncate(join(whole, 'model.safetensors'), 5));
    tears.push(() => rm(join(whole, 'optimizer.safetensors')));
    tears.push(() => writeFile(join(whole, 'manifest.json'), '{"formatVersion":1,"step":99'));
    for (const tear of tears) {
      await rm(whole, { recursive: true, force: true });
      await cp(kept, whole, { recursive: true });
      expect(await recoveredSteps()).toEqual([2, 1]);
      await tear();
      expect((await listCheckpoints(run, 'checkpoints')).map(({ step }) => step)).toEqual([1]);
      const hadManifest = existsSync(join(whole, 'manifest.json'));
      const left = await readdir(whole);
      const recovered = await recoverCheckpoints(run, 'checkpoints');
      expect(recovered.checkpoints.map(({ step }) => step)).toEqual([1]);
      expect(existsSync(whole)).toBe(false);
      expect(recovered.damaged.map(({ name }) => name)).toEqual(
        hadManifest ? ['checkpoints/step-2'] : [],
      );
      for (const { keptAs } of recovered.damaged) {
        expect(await readdir(join(run, keptAs))).toEqual(left);
      }
    }
  });

  it('fall back to the one before when bytes changed but sizes did not, and delete neither', async () => {
    await write(1);
    const { folder } = await write(2);
    await writeFile(join(folder, 'model.safetensors'), 'weights of step 3');
    const { checkpoints, damaged } = await recoverCheckpoints(run, 'checkpoints');
    expect(checkpoints.map(({ step }) => step)).toEqual([1]);
    const [{ name, keptAs } = { name: '', keptAs: '' }] = damaged;
    expect(name).toBe('checkpoints/step-2');
    expect(await readFile(join(run, keptAs, 'optimizer.safetensors'), 'utf8')).toBe(
      'moments of step 2',
    );
    // It is not used, not told of again, and leaves its name to another.
    expect((await write(2)).step).toBe(2);
    expect(await recoveredSteps()).toEqual([2, 1]);
    expect(existsSync(join(run, keptAs))).toBe(true);
  });

  it('that cannot be read are neither believed nor touched', async () => {
    const { folder } = await write(2);
    const before = await readdir(join(run, 'checkpoints'));
    for (const name of ['manifest.json', 'model.safetensors']) {
      const path = join(folder, name);
      await rename(path, `${path}.real`);
      // Of all that a disk can refuse, a link in a circle can be made everywhere.
      await symlink(path, path);
      const unreadable = { code: 'system/eloop', message: expect.stringContaining(path) as string };
      await expect(recoverCheckpoints(run, 'checkpoints')).rejects.toMatchObject(unreadable);
      await expect(listCheckpoints(run, 'checkpoints')).rejects.toMatchObject(unreadable);
      await expect(write(2)).rejects.toMatchObject(unreadable);
      await rm(path);
      await rename(`${path}.real`, path);
    }
    expect(await readdir(join(run, 'checkpoints'))).toEqual(before);
    expect(await recoveredSteps()).toEqual([2]);
  });

  it('are not believed under another step, and temporaries of a dead process go', async () => {
    const { folder } = await write(4);
    await cp(folder, join(run, 'checkpoints', 'step-9'), { recursive: true });
    await mkdir(join(run, 'checkpoints', '.tmp-0123-step-12'));
    const { checkpoints, damaged } = await recoverCheckpoints(run, 'checkpoints');
    expect(checkpoints.map(({ step }) => step)).toEqual([4]);
    expect(damaged.map(({ name }) => name)).toEqual(['checkpoints/step-9']);
    const names = await readdir(join(run, 'checkpoints'));
    expect(names.filter((name) => !name.startsWith('.damaged-step-9-'))).toEqual(['step-4']);
  });

  it('leave nothing when writing fails, and say so when the disk is full', async () => {
    await write(1);
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    const failing = writeCheckpoint(run, 'checkpoints', 2, {
      'model.safetensors': content('weights'),
      'optimizer.safetensors': () => Promise.reject(full),
    });
    await expect(failing).rejects.toBeInstanceOf(UserError);
    await expect(failing).rejects.toMatchObject({ code: 'system/enospc' });
    expect(await readdir(join(run, 'checkpoints'))).toEqual(['step-1']);
  });

  it('are replaced, whether or not there was one', async () => {
    const replace = (step: number): Promise<Checkpoint> =>
      replaceCheckpoint(run, 'checkpoints', step, {
        'model.safetensors': content(`other weights of step ${step}`),
      });
    const before = await write(3);
    const replaced = await replace(3);
    expect(replaced.sha256).not.toBe(before.sha256);
    expect(await readdir(replaced.folder)).toEqual(['manifest.json', 'model.safetensors']);
    await replace(4);
    expect(await recoveredSteps()).toEqual([4, 3]);
    expect((await readdir(join(run, 'checkpoints'))).sort()).toEqual(['step-3', 'step-4']);
  });

  it('come back when a process died between giving up a name and taking it', async () => {
    const { folder, sha256 } = await write(3);
    await rename(folder, `${folder}.superseded`);
    expect(await listCheckpoints(run, 'checkpoints')).toEqual([]);
    const { checkpoints, damaged } = await recoverCheckpoints(run, 'checkpoints');
    expect(damaged).toEqual([]);
    expect(checkpoints.map((one) => one.sha256)).toEqual([sha256]);

    await cp(folder, `${folder}.superseded`, { recursive: true });
    const changed = await replaceCheckpoint(run, 'best', 3, { 'a.bin': content('a') });
    await rm(folder, { recursive: true });
    await cp(changed.folder, folder, { recursive: true });
    const recovered = await recoverCheckpoints(run, 'checkpoints');
    expect(recovered.checkpoints.map((one) => one.sha256)).toEqual([changed.sha256]);
    expect(await readdir(join(run, 'checkpoints'))).toEqual(['step-3']);

    // The one that was given up stays for as long as the one that took its name is not whole.
    await cp(folder, `${folder}.superseded`, { recursive: true });
    await writeFile(join(folder, 'a.bin'), 'b');
    const settled = await recoverCheckpoints(run, 'checkpoints');
    expect(settled.checkpoints.map((one) => one.sha256)).toEqual([changed.sha256]);
    expect(settled.damaged.map(({ name }) => name)).toEqual(['checkpoints/step-3']);
  });

  it('are pruned by age, counted from the latest', async () => {
    for (const step of [1, 2, 3, 4]) await write(step);
    await removeCheckpoints(run, 'checkpoints', (_, age) => age < 2);
    expect(await recoveredSteps()).toEqual([4, 3]);
  });

  it('stay complete when a file is taken out', async () => {
    const checkpoint = await write(5);
    await dropFile(checkpoint, 'optimizer.safetensors');
    expect((await readdir(checkpoint.folder)).sort()).toEqual([
      'manifest.json',
      'model.safetensors',
    ]);
    const [after] = (await recoverCheckpoints(run, 'checkpoints')).checkpoints;
    expect([...(after?.files ?? [])]).toEqual(['model.safetensors']);
    expect(after?.sha256).not.toBe(checkpoint.sha256);
  });
});
