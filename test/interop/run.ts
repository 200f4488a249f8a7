/**
 * `npm run test:interop`: the comparison with PyTorch and Hugging Face transformers; file names after
 * `--` choose among its files, and `-- --install-only` makes the Python environment and nothing else.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePythonEnvironment } from './environment.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');

interface Outcome {
  readonly passed: number;
  readonly failed: number;
}

function runTests(python: string): Outcome {
  const folder = mkdtempSync(join(tmpdir(), 'palimpsest-interop-'));
  const report = join(folder, 'report.json');
  const deviations = join(folder, 'deviations.jsonl');
  try {
    const { status } = spawnSync(
      process.execPath,
      [
        ...[join(REPOSITORY, 'node_modules/vitest/vitest.mjs'), 'run'],
        ...['--config', '.config/vitest.config.ts', '--project', 'interop'],
        ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
        ...process.argv.slice(2),
      ],
      {
        cwd: REPOSITORY,
        stdio: 'inherit',
        env: {
          ...process.env,
          PALIMPSEST_INTEROP_PYTHON: python,
          PALIMPSEST_INTEROP_REPORT: deviations,
        },
      },
    );
    printDeviations(deviations);
    const counts = JSON.parse(readFileSync(report, 'utf8')) as {
      numPassedTests: number;
      numFailedTests: number;
    };
    // A file that cannot even be loaded fails without a test of its own.
    const failed = Math.max(counts.numFailedTests, status === 0 ? 0 : 1);
    return { passed: counts.numPassedTests, failed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What was measured, as a Markdown table. */
function printDeviations(path: string): void {
  if (!existsSync(path)) return;
  console.log('\n| deviation from PyTorch and transformers | measured | allowed |\n|---|---|---|');
  for (const line of readFileSync(path, 'utf8').trimEnd().split('\n')) {
    const { what, deviation, allowed } = JSON.parse(line) as Deviation;
    const measured = deviation === 0 ? '0' : deviation.toExponential(1);
    console.log(`| ${what} | ${measured} | ${allowed} |`);
  }
  console.log();
}

interface Deviation {
  readonly what: string;
  readonly deviation: number;
  readonly allowed: number;
}

const environment = ensurePythonEnvironment();
if ('unavailable' in environment) {
  console.log(`0 passed, 0 failed, skipped: ${environment.unavailable}`);
} else if ('failure' in environment) {
  console.log(environment.failure);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
} else if (!process.argv.includes('--install-only')) {
  const { passed, failed } = runTests(environment.python);
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}
