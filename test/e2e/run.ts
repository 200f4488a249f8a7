/**
 * `npm run test:e2e`: builds the program and drives it in a real browser against the real host and
 * trainer; file names after `--` choose among its files. PALIMPSEST_E2E_FOLDER names a folder in which
 * the home folders that specs copy are kept for the next time. The last line is `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, isBuilt } from '../../electron/tools/build.ts';
import { chromiumPath } from './drivers/chromium.ts';
import { electronPath } from './drivers/electron.ts';
import { recorderProblem } from './support/connections.ts';
import { makeTemplates } from './support/homes.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const PICTURES = join(import.meta.dirname, 'screenshots');

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
}

/** Runs a program of node_modules and returns its exit status. */
function execute(program: string, args: readonly string[], folder: string): number | null {
  const env = { ...process.env, PALIMPSEST_E2E_FOLDER: folder };
  const all = [join(REPOSITORY, 'node_modules', program), ...args];
  return spawnSync(process.execPath, all, { cwd: REPOSITORY, stdio: 'inherit', env }).status;
}

function runSpecs(folder: string): Outcome {
  const report = join(folder, 'report.json');
  const status = execute(
    'vitest/vitest.mjs',
    [
      ...['run', '--config', '.config/vitest.config.ts', '--project', 'e2e'],
      // Two even on two cores: these wait for browsers and hosts more than they compute.
      '--maxWorkers=2',
      ...['--reporter=verbose', '--reporter=json', `--outputFile.json=${report}`],
      ...process.argv.slice(2),
    ],
    folder,
  );
  const counts = JSON.parse(readFileSync(report, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    testResults: { assertionResults: { status: string; fullName: string }[] }[];
  };
  const specs = counts.testResults.flatMap(({ assertionResults }) => assertionResults);
  return {
    passed: counts.numPassedTests,
    // A file that cannot even be loaded fails without a test of its own.
    failed: Math.max(counts.numFailedTests, status === 0 ? 0 : 1),
    skipped: specs
      .filter((spec) => spec.status === 'skipped' || spec.status === 'pending')
      .map(({ fullName }) => fullName),
  };
}

async function runRing(): Promise<Outcome> {
  const nothing: Outcome = { passed: 0, failed: 1, skipped: [] };
  if (chromiumPath() === undefined) {
    console.log('FAILED: there is no Chromium; install it (Debian: apt-get install chromium)');
    console.log('or name its program in the environment variable CHROMIUM.');
    return nothing;
  }
  if (electronPath() === undefined) {
    console.log('Electron is not driven: its binary is not on this machine (PALIMPSEST_ELECTRON).');
  }
  const problem = recorderProblem();
  if (problem !== undefined) {
    const isNeeded = process.env['PALIMPSEST_REQUIRE_RECORDER'] === '1';
    console.log(`${isNeeded ? 'FAILED: c' : 'C'}onnections are not recorded: ${problem}`);
    if (isNeeded) return nothing;
  }
  const kept = process.env['PALIMPSEST_E2E_FOLDER'];
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'palimpsest-e2e-ring-'));
  try {
    try {
      if (!isBuilt()) build();
    } catch (error) {
      console.log(`FAILED: the program could not be built: ${String(error)}`);
      return nothing;
    }
    if (process.argv.length === 2) {
      // Pictures of an earlier run would be taken for those of this one.
      rmSync(PICTURES, { recursive: true, force: true });
      process.env['PALIMPSEST_E2E_FOLDER'] = folder;
      await makeTemplates();
    }
    return runSpecs(folder);
  } finally {
    if (kept === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

const { passed, failed, skipped } = await runRing();
for (const name of skipped) console.log(`skipped: ${name}`);
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
