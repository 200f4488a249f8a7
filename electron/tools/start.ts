/** `npm start`: the window where Electron can open one, else the same screens in a browser. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { build, isBuilt } from './build.ts';
import { chooseHost } from './chooseHost.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PACKAGE = join(ROOT, 'node_modules', 'electron');

/** Undefined where the package is there and its binary is not. To load the package would fetch it. */
function electronBinary(): string | undefined {
  const named = process.env['PALIMPSEST_ELECTRON'];
  if (named !== undefined && named !== '') return named;
  const pathFile = join(PACKAGE, 'path.txt');
  if (!existsSync(pathFile)) return undefined;
  const folder = process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(PACKAGE, 'dist');
  const binary = join(folder, readFileSync(pathFile, 'utf8').trim());
  return existsSync(binary) ? binary : undefined;
}

if (!isBuilt()) {
  process.stderr.write('Building the program; this takes about half a minute.\n');
  build();
}
const host = chooseHost({
  electron: electronBinary(),
  platform: process.platform,
  environment: process.env,
  isRoot: process.getuid?.() === 0,
});
const args = process.argv.slice(2);
if (host.kind === 'browser') process.stderr.write(`${host.reason}\n`);
const child =
  host.kind === 'electron'
    ? spawn(host.binary, [ROOT, ...args], { stdio: 'inherit' })
    : spawn(process.execPath, [join(ROOT, 'core/headless/palimpsest.cjs'), 'serve', ...args], {
        stdio: 'inherit',
      });
// The terminal sends an interrupt to both; the child decides what it means.
process.on('SIGINT', () => undefined);
for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    child.kill(signal);
  });
}
child.on('error', (error) => {
  process.stderr.write(`Error: Palimpsest could not be started: ${error.message}\n`);
  process.exitCode = 1;
});
child.on('exit', (code, signal) => {
  if (signal !== null) {
    process.stderr.write(
      `Error: Palimpsest was ended by ${signal}. Runs at work go on from their last checkpoint when they are resumed; start it again.\n`,
    );
  }
  process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
});
