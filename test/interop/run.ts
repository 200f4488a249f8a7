/** `npm run test:interop`: the comparison with PyTorch and Hugging Face transformers. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
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
  try {
    const { status } = spawnSync(
      process.execPath,
      [
        ...[join(REPOSITORY, 'node_modules/vitest/vitest.mjs'), 'run'],
        ...['--config', '.config/vitest.config.ts', '--project', 'interop'],
        ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
      ],
      {
        cwd: REPOSITORY,
        stdio: 'inherit',
        env: { ...process.env, PALIMPSEST_INTEROP_PYTHON: python },
      },
    );
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

const environment = ensurePythonEnvironment();
if ('unavailable' in environment) {
  console.log(`0 passed, 0 failed, skipped: ${environment.unavailable}`);
} else if ('failure' in environment) {
  console.error(environment.failure);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
} else {
  const { passed, failed } = runTests(environment.python);
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}
