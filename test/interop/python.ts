/** Runs the reference scripts and keeps what was measured against them. */
import { execFile } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { existingPython } from './environment.ts';

/** Runs a script of test/interop/python; throws with its output when it fails. */
export async function runScript(name: string, ...args: readonly string[]): Promise<void> {
  const python = process.env.PALIMPSEST_INTEROP_PYTHON ?? existingPython();
  if (python === undefined) {
    throw new Error('The Python environment is not there; run `npm run test:interop` once.');
  }
  const script = join(import.meta.dirname, 'python', name);
  await promisify(execFile)(python, [script, ...args], {
    maxBuffer: 1 << 26,
    env: {
      ...process.env,
      HF_HUB_OFFLINE: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      TRANSFORMERS_VERBOSITY: 'error',
    },
  });
}

export async function outputFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'palimpsest-interop-'));
}

/**
 * Asserts that a deviation is within its bound and reports it: `npm run test:interop` prints all of
 * them at its end.
 */
export function expectDeviation(what: string, deviation: number, allowed: number): void {
  const report = process.env.PALIMPSEST_INTEROP_REPORT;
  if (report !== undefined) {
    appendFileSync(report, `${JSON.stringify({ what, deviation, allowed })}\n`);
  }
  expect(deviation, what).toBeLessThanOrEqual(allowed);
}
