import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importModel, verifyModelFolder } from '../../../core/model/importModel.ts';
import { loadModelFolder } from '../../../core/model/modelFolder.ts';
import { temporaryFolder, tinyConfig, tinyModelFolder } from '../../fixtures/modelFolders.ts';

test('a copy holds what the product uses, under its hash, writable by its owner only', async () => {
  const source = await tinyModelFolder(tinyConfig('bert'));
  await writeFile(join(source, 'README.md'), 'not needed');
  await chmod(join(source, 'vocab.txt'), 0o444);
  const modelsFolder = join(await temporaryFolder(), 'models');
  const { folder, model } = await importModel({ source, modelsFolder, link: false });
  expect(folder).toBe(join(modelsFolder, model.hash));
  expect((await readdir(folder)).sort()).toEqual(['config.json', 'model.safetensors', 'vocab.txt']);
  expect((await loadModelFolder(folder)).hash).toBe(model.hash);
  if (process.platform !== 'win32') {
    expect((await stat(join(folder, 'vocab.txt'))).mode & 0o777).toBe(0o600);
  }
});

test('a model that is there already is left alone, a damaged copy is replaced', async () => {
  const source = await tinyModelFolder(tinyConfig('bert'));
  const modelsFolder = join(await temporaryFolder(), 'models');
  const { folder } = await importModel({ source, modelsFolder, link: false });
  const { mtimeMs } = await stat(join(folder, 'vocab.txt'));
  await importModel({ source, modelsFolder, link: false });
  expect((await stat(join(folder, 'vocab.txt'))).mtimeMs).toBe(mtimeMs);

  await rm(join(folder, 'config.json'));
  await importModel({ source, modelsFolder, link: false });
  expect((await readdir(folder)).length).toBe(3);
  expect(await readdir(modelsFolder)).toHaveLength(1);
});

test('a linked model stays where it is and is recognised when it has changed', async () => {
  const source = await tinyModelFolder(tinyConfig('bert'));
  const modelsFolder = join(await temporaryFolder(), 'models');
  const { folder, model } = await importModel({ source, modelsFolder, link: true });
  expect(folder).toBe(source);
  await verifyModelFolder(folder, model.hash);
  const weights = await readFile(join(source, 'model.safetensors'));
  weights[weights.length - 1] ^= 1;
  await writeFile(join(source, 'model.safetensors'), weights);
  await expect(verifyModelFolder(folder, model.hash)).rejects.toMatchObject({
    code: 'model/changed',
  });
});

test('nothing is left of an import that is refused', async () => {
  const source = await tinyModelFolder(tinyConfig('bert'));
  const modelsFolder = await temporaryFolder();
  await rm(join(source, 'vocab.txt'));
  await expect(importModel({ source, modelsFolder, link: false })).rejects.toThrow(/no tokenizer/);
  await expect(
    importModel({ source: join(source, 'away'), modelsFolder, link: false }),
  ).rejects.toMatchObject({ code: 'system/enoent' });
  expect(await readdir(modelsFolder)).toEqual([]);
});

test('a models folder that cannot be written to is named', async () => {
  const source = await tinyModelFolder(tinyConfig('bert'));
  const modelsFolder = join(await temporaryFolder(), 'models');
  await writeFile(modelsFolder, 'not a folder');
  const importing = importModel({ source, modelsFolder, link: false });
  await expect(importing).rejects.toMatchObject({ name: 'UserError' });
  await expect(importing).rejects.toThrow(modelsFolder);
});
