/** `npm run package` as it is, but for Electron's binary, which is played. */
import { readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extractFile, listPackage } from '@electron/asar';
import { api } from '@electron-forge/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, isBuilt } from '../../../electron/tools/build.ts';
import { FUSES } from '../../../forge.config.ts';
import { fusesOf, playedElectron } from '../../fixtures/electron/playedBinary.ts';

const ROOT = join(import.meta.dirname, '../../..');
const isLinux = process.platform === 'linux';

let folder: string;
let packaged: string;

beforeAll(async () => {
  if (!isLinux) return;
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-forge-'));
  if (!isBuilt()) build();
  const { version } = JSON.parse(
    readFileSync(join(ROOT, 'node_modules/electron/package.json'), 'utf8'),
  ) as { version: string };
  process.env['PALIMPSEST_ELECTRON_ARCHIVES'] = await playedElectron(
    join(folder, 'electron'),
    version,
  );
  const [result] = await api.package({ dir: ROOT, outDir: join(folder, 'out') });
  packaged = result?.packagedPath ?? '';
});
afterAll(async () => {
  if (isLinux) await rm(folder, { recursive: true, force: true });
});

test.runIf(isLinux)('sets every fuse in the binary', async () => {
  const fuses = fusesOf(await readFile(join(packaged, 'palimpsest')));
  expect(fuses).toEqual(fuses.map((_, fuse) => FUSES[fuse as keyof typeof FUSES]));
  expect(fuses).toHaveLength(9);
});

test.runIf(isLinux)(
  'leaves native files and the demo outside of the archive, and no script',
  () => {
    const outside = readdirSync(join(packaged, 'resources/app.asar.unpacked'), {
      recursive: true,
      withFileTypes: true,
    }).filter((entry) => entry.isFile());
    expect(
      outside.some(({ name }) => name === 'linux-x64.node' || name === 'linux-arm64.node'),
    ).toBe(true);
    expect(outside.some(({ name }) => name === 'model.safetensors')).toBe(true);
    expect(outside.filter(({ name }) => /\.(c|m)?js$/.test(name))).toEqual([]);
  },
);

test.runIf(isLinux)('holds the program and its screens in the archive', () => {
  const archive = join(packaged, 'resources/app.asar');
  const manifest = JSON.parse(extractFile(archive, 'package.json').toString()) as { main: string };
  const files = listPackage(archive, { isPack: false });
  expect(files).toContain(`/${manifest.main}`);
  expect(files).toContain('/dist/app/electron/preload.cjs');
  expect(files).toContain('/dist/app/dist/renderer/index.html');
  expect(files.filter((path) => /^\/(core|electron|renderer|test)\//.test(path))).toEqual([]);
  expect(files.filter((path) => path.endsWith('.ts'))).toEqual([]);
});
