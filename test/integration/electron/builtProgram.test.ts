/**
 * The program as it is packaged, but for Electron itself: JavaScript, and of the packages only the files
 * that the packager takes for this system, in a folder where no others can be found.
 */
import { execFile } from 'node:child_process';
import { cpSync, linkSync, mkdirSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leavesOut } from '../../../.config/packaging.ts';
import { VERSION } from '../../../core/base/version.ts';
import { buildProgram } from '../../../electron/tools/build.ts';
import { removeOtherSystems } from '../../../forge.config.ts';
import type * as desktop from '../../../electron/desktop.ts';
import { DesktopProgram } from '../../fixtures/electron/desktopProgram.ts';
import { fill, newScratch, tinyProject, waitForState } from '../../fixtures/workbenchHome.ts';

const ROOT = join(import.meta.dirname, '../../..');
const STAND_IN = new URL('../../fixtures/electron/registerElectron.ts', import.meta.url).href;

let folder: string;
/** Where the packaged program has its JavaScript. */
let built: string;
let home: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-packaged-'));
  home = join(folder, 'home');
  const program = join(folder, 'program');
  takeFiles('', leavesOut(), program);
  removeOtherSystems(program, process.platform, process.arch);
  mkdirSync(join(program, 'dist'), { recursive: true });
  built = join(program, 'dist', 'app');
  // Built inside the project, as ever; its packages are then the folder's own.
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  const place = await mkdtemp(join(ROOT, 'dist', 'test-'));
  buildProgram(place);
  cpSync(place, built, { recursive: true });
  await rm(place, { recursive: true });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** As the packager: what is not left out, and nothing below a folder that is. */
function takeFiles(path: string, isLeftOut: (path: string) => boolean, target: string): void {
  for (const entry of readdirSync(ROOT + path, { withFileTypes: true })) {
    const inside = `${path}/${entry.name}`;
    if (isLeftOut(inside) || inside === '/dist') continue;
    const isFolder = entry.isDirectory() || inside === '/node_modules';
    if (isFolder) takeFiles(inside, isLeftOut, target);
    else {
      mkdirSync(target + path, { recursive: true });
      take(ROOT + inside, target + inside);
    }
  }
}

/** A second name for the file, where the disk is the same. */
function take(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    cpSync(from, to);
  }
}

/** Runs the built entry with the stand-in in place of Electron. */
async function runMain(...args: readonly string[]): Promise<{ code: number; stdout: string }> {
  const command = ['--import', STAND_IN, join(built, 'electron/main.js'), ...args];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, command);
    return { code: 0, stdout };
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return { code, stdout };
  }
}

test('trains a run from the window', async () => {
  const { startDesktop } = (await import(join(built, 'electron/desktop.js'))) as typeof desktop;
  const program = await DesktopProgram.make(startDesktop);
  const scratch = await newScratch();
  try {
    await program.start();
    const { workbench } = program.client();
    await fill(workbench, scratch);
    const project = await workbench.call('projects/run', { project: tinyProject() });
    const run = project.runs.find(({ strategy }) => strategy === 'sdt')?.id ?? '';
    await waitForState(workbench, run, 'completed');
    // The demo's base model and its generated text come with the program.
    expect((await workbench.call('demo/prepare', {})).strategies).not.toHaveLength(0);
    const entries = program.electron.processes.map(({ entry }) => entry);
    expect(entries.filter((entry) => !entry.startsWith(built))).toEqual([]);
    expect(entries).toContain(join(built, 'core/training/job.js'));
  } finally {
    await program.remove();
    await scratch.remove();
  }
});

test('is a command line with --headless, and exits with its code', async () => {
  const { code, stdout } = await runMain('--headless', 'doctor', '--json', '--home', home);
  expect(code).toBe(0);
  const diagnostics = JSON.parse(stdout) as { version: string; engines: { available: boolean }[] };
  expect(diagnostics.version).toBe(VERSION);
  expect(diagnostics.engines[0]?.available).toBe(true);
  expect((await runMain('--headless', 'nonsense')).code).toBe(2);
});

test('finds the built-in demo and the compiled kernels beside itself', async () => {
  for (const file of [
    'resources/demo/base-model/model.safetensors',
    'core/engine/kernels/kernels.wasm',
  ]) {
    expect(await readFile(join(built, file))).toEqual(await readFile(join(ROOT, file)));
  }
});

test('has a preload that the sandbox can load: one script that needs only Electron', async () => {
  const script = await readFile(join(built, 'electron/preload.cjs'), 'utf8');
  expect(script).not.toMatch(/^import /m);
  expect([...script.matchAll(/require\(([^)]*)\)/g)].map(([, name]) => name)).toEqual([
    "'electron'",
  ]);
});

test('has every package that it depends on, whole enough to be loaded', async () => {
  const { dependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const names = Object.keys(dependencies);
  const script = `for (const name of ${JSON.stringify(names)}) await import(name);`;
  const command = ['--input-type=module', '--eval', script];
  const { stderr } = await promisify(execFile)(process.execPath, command, { cwd: built });
  expect(stderr).not.toContain('Error');
});

test('has native files of this system alone, and nothing of development', () => {
  const program = join(built, '../..');
  const files = readdirSync(program, { recursive: true }).map(String);
  const natives = files.filter((path) => /\.(node|dylib|dll|so(\.\d+)*)$/.test(path));
  expect(natives.filter((path) => path.includes('better-sqlite3'))).toHaveLength(1);
  expect(natives.filter((path) => path.includes('tokenizers'))).toHaveLength(1);
  expect(
    natives.filter((path) => path.includes('onnxruntime-node') && path.endsWith('.node')),
  ).toHaveLength(1);
  expect(files.filter((path) => /^node_modules\/(electron|vitest|node-linux)/.test(path))).toEqual(
    [],
  );
});
