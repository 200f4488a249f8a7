/** Models removed and put back in a real Workbench. */
import { existsSync } from 'node:fs';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Model, WorkbenchClient } from '../../../core/workbench/contract.ts';
import { fill, newScratch, open, tinyProject, waitForState } from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';

let scratch: Scratch;
let workbench: WorkbenchClient;
let tiny: Model;

beforeAll(async () => {
  scratch = await newScratch();
  workbench = await open(scratch);
  await fill(workbench, scratch);
  [tiny] = await workbench.call('models/list', {});
});
afterAll(async () => {
  await workbench.close();
  await scratch.remove();
});

const list = async (): Promise<Model[]> => workbench.call('models/list', {});

it('can be put back as it was, once', async () => {
  const removed = await workbench.call('models/remove', { model: 'tiny' });
  expect(removed).toMatchObject({ id: tiny.id, name: 'tiny' });
  expect(removed.bytes).toBeGreaterThan(10_000);
  expect(await list()).toEqual([]);
  expect(await workbench.call('models/removed', {})).toEqual([
    { id: tiny.id, name: 'tiny', linked: false },
  ]);
  expect(existsSync(tiny.folder)).toBe(false);
  const predictors = [{ kind: 'model', id: 'tiny' } as const];
  await expect(
    workbench.call('models/fill-mask', { text: '[MASK]', predictors }),
  ).rejects.toMatchObject({ code: 'model/not-found' });

  expect(await workbench.call('models/restore', { model: removed.id })).toEqual(tiny);
  expect(await list()).toEqual([tiny]);
  expect(await workbench.call('models/removed', {})).toEqual([]);
  expect(existsSync(join(tiny.folder, 'config.json'))).toBe(true);
  await expect(workbench.call('models/restore', { model: removed.id })).rejects.toMatchObject({
    code: 'model/not-removed',
  });
});

it('keeps the files of a linked model', async () => {
  const place = join(scratch.inputs, 'linked');
  await cp(tiny.folder, place, { recursive: true });
  const config = JSON.parse(await readFile(join(place, 'config.json'), 'utf8')) as object;
  await writeFile(join(place, 'config.json'), JSON.stringify({ ...config, note: 'linked' }));
  const linked = await workbench.call('models/import', { path: place, name: 'linked', link: true });
  expect(await workbench.call('models/remove', { model: 'linked' })).toMatchObject({ bytes: 0 });
  expect(existsSync(join(place, 'config.json'))).toBe(true);
  expect(await workbench.call('models/restore', { model: linked.id })).toEqual(linked);
  await workbench.call('models/remove', { model: 'linked' });
});

it('leaves no copy behind that cannot be registered, and no folder alone that was there', async () => {
  const place = join(scratch.inputs, 'known');
  await cp(tiny.folder, place, { recursive: true });
  const config = JSON.parse(await readFile(join(place, 'config.json'), 'utf8')) as object;
  await writeFile(join(place, 'config.json'), JSON.stringify({ ...config, note: 'known' }));
  const linked = await workbench.call('models/import', { path: place, name: 'a link', link: true });
  const folders = await readdir(join(scratch.home, 'models'));
  await expect(
    workbench.call('models/import', { path: place, name: 'a copy' }),
  ).rejects.toMatchObject({ code: 'model/known' });
  expect(await readdir(join(scratch.home, 'models'))).toEqual(folders);
  await workbench.call('models/remove', { model: 'a link' });

  // A folder that the history does not know, imported from where it lies under a name that is taken.
  const orphan = join(scratch.home, 'models', linked.hash);
  await cp(place, orphan, { recursive: true });
  await expect(
    workbench.call('models/import', { path: orphan, name: 'tiny' }),
  ).rejects.toMatchObject({ code: 'model/name-taken' });
  expect(existsSync(join(orphan, 'config.json'))).toBe(true);
  await rm(orphan, { recursive: true });
});

it('gives the room back at the next start', async () => {
  await workbench.call('models/remove', { model: 'tiny' });
  expect(await readdir(join(scratch.home, 'models'))).toHaveLength(1);
  await workbench.close();
  workbench = await open(scratch);
  expect(await readdir(join(scratch.home, 'models'))).toEqual([]);
  expect(await workbench.call('models/removed', {})).toEqual([]);
  await expect(workbench.call('models/restore', { model: tiny.id })).rejects.toMatchObject({
    code: 'model/not-removed',
  });
});

it('is refused while a run is there that began with it', async () => {
  const other = await newScratch();
  const used = await open(other);
  try {
    await fill(used, other);
    const { runs } = await used.call('projects/run', { project: tinyProject({ max_steps: 2 }) });
    const run = runs[0]?.id ?? '';
    await waitForState(used, run, 'completed');
    await expect(used.call('models/remove', { model: 'tiny' })).rejects.toMatchObject({
      code: 'model/in-use',
      message: expect.stringContaining(run) as string,
    });
    expect(await used.call('models/list', {})).toHaveLength(1);
  } finally {
    await used.close();
    await other.remove();
  }
});
