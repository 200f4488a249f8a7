/**
 * `npm run build`: the screens to `dist/renderer`, and the program as JavaScript to `dist/app`, laid out
 * as the sources are, so that what a module finds beside itself is the same from both. See
 * docs/adr/0007-the-desktop-runs-compiled-sources.md.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const APP = join(ROOT, 'dist', 'app');
const SCREENS = join(ROOT, 'dist', 'renderer');
/** Written last: a build that was cut short does not count. */
const STAMP = join(APP, '.complete');

/** What a build is made of. */
const SOURCES = ['core', 'electron', 'renderer', 'resources', '.config', 'package.json'];

/** Of the icon's forms, those that the program itself does not show. */
const INSTALLER_ICONS = new Set(['icon.png', 'icon.ico', 'icon.icns', 'icon.svg']);

export function build(): void {
  run('vite/bin/vite.js', ['build', '--config', '.config/vite.config.ts', '--logLevel', 'warn']);
  buildProgram(APP);
  cpSync(SCREENS, join(APP, 'dist', 'renderer'), { recursive: true });
  writeFileSync(STAMP, '');
}

/** The program without the screens, into a folder inside the project, where its packages are found. */
export function buildProgram(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  run('typescript/bin/tsc', ['--project', '.config/tsconfig.app.json', '--outDir', folder]);
  // The preload imports types of the window's side; nothing of it runs here.
  rmSync(join(folder, 'renderer'), { recursive: true, force: true });
  for (const name of ['core', 'resources']) copyFiles(join(ROOT, name), join(folder, name));
}

/** Whether nothing that a build is made of is newer than the last one. */
export function isBuilt(): boolean {
  const built = modified(STAMP);
  return built !== undefined && SOURCES.every((source) => newest(join(ROOT, source)) <= built);
}

function run(program: string, args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [join(ROOT, 'node_modules', program), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`${program} ended with code ${status}`);
}

/** Everything that is no source: compiled kernels, the demo's base model. */
function copyFiles(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      copyFiles(source, target);
    } else if (!/\.(ts|cts)$/.test(entry.name) && !INSTALLER_ICONS.has(entry.name)) {
      mkdirSync(to, { recursive: true });
      cpSync(source, target);
    }
  }
}

function modified(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/** Of a file, or of everything in a folder; a file that was removed shows in its folder. */
function newest(path: string): number {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return readdirSync(path)
    .filter((name) => name !== 'node_modules')
    .reduce((latest, name) => Math.max(latest, newest(join(path, name))), status.mtimeMs);
}

if (import.meta.main) build();
