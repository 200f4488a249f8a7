/**
 * `npm test`: the checks (types, lint, format, dependency direction), then the unit and integration
 * rings. Needs only what `npm ci` installed. The last line reads `N passed, N failed, N skipped`;
 * the lines before it name what was skipped and why.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const root = join(import.meta.dirname, '..');
/** Two at a time, the longest first. */
const CHECKS = [
  'check:lint',
  'check:types',
  'check:renderer',
  'check:format',
  'check:dependencies',
];

/** The part of vitest's JSON report that is read here. */
const reportSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numFailedTestSuites: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })),
    }),
  ),
});

function execute(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      shell: process.platform === 'win32',
    });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

async function runChecks(tally: Tally): Promise<void> {
  const waiting = [...CHECKS];
  const work = async (): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const code = await execute('npm', ['run', '--silent', check]);
      if (code === 0) tally.passed++;
      else tally.failed++;
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${check}`);
    }
  };
  await Promise.all([work(), work()]);
}

async function runTests(tally: Tally): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'palimpsest-test-'));
  const reportPath = join(folder, 'report.json');
  try {
    const code = await execute(process.execPath, [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--config=.config/vitest.config.ts',
      '--project=unit',
      '--project=integration',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportPath}`,
    ]);
    const report = reportSchema.parse(JSON.parse(await readFile(reportPath, 'utf8')));
    tally.passed += report.numPassedTests;
    tally.failed += report.numFailedTests;
    tally.skipped += report.numPendingTests;
    const brokenFiles = report.testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
    );
    tally.failed += brokenFiles.length;
    for (const { name } of brokenFiles) console.log(`FAILED to load: ${name}`);
    for (const { assertionResults } of report.testResults) {
      for (const { status, fullName } of assertionResults) {
        if (status === 'pending' || status === 'skipped') console.log(`skipped: ${fullName}`);
      }
    }
    // An unhandled error outside any test fails the run without failing a test.
    if (code !== 0 && report.numFailedTests === 0 && brokenFiles.length === 0) tally.failed++;
  } catch (error) {
    tally.failed++;
    console.log(`FAILED: the test report could not be read: ${String(error)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
await runChecks(tally);
await runTests(tally);
console.log('not run here: interop ring (needs Python and PyPI): npm run test:interop');
console.log('not run here: end-to-end ring (needs Chromium): npm run test:e2e');
const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : '';
console.log(`${tally.passed} passed, ${tally.failed} failed${skipped}`);
process.exitCode = tally.failed === 0 ? 0 : 1;
