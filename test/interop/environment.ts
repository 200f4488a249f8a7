/**
 * The Python environment of the interop tests and the benchmark: `.venv` in the repository root,
 * made from requirements.txt and made again only when that file changes.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const ENVIRONMENT = join(REPOSITORY, '.venv');
/** Holds the hash of the requirements that are installed; absent while an install is unfinished. */
const STAMP = join(ENVIRONMENT, 'requirements.sha256');

export type PythonEnvironment =
  { readonly python: string } | { readonly unavailable: string } | { readonly failure: string };

function pythonPath(): string {
  return process.platform === 'win32'
    ? join(ENVIRONMENT, 'Scripts', 'python.exe')
    : join(ENVIRONMENT, 'bin', 'python');
}

function requirementsHash(): string {
  return createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
}

/** The interpreter of a finished environment, or undefined when it has to be made first. */
export function existingPython(): string | undefined {
  const finished = existsSync(STAMP) && readFileSync(STAMP, 'utf8').trim() === requirementsHash();
  return finished && existsSync(pythonPath()) ? pythonPath() : undefined;
}

/**
 * Makes the environment when it is not there. `unavailable` says in one line that Python or PyPI is
 * missing here, which is no fault of the repository; `failure` is any other reason.
 */
export function ensurePythonEnvironment(): PythonEnvironment {
  const existing = existingPython();
  if (existing !== undefined) return { python: existing };

  const system = ['python3', 'python'].find(
    (name) =>
      spawnSync(name, ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']).status === 0,
  );
  if (system === undefined) return { unavailable: 'Python 3.10 or later is not installed' };

  rmSync(ENVIRONMENT, { recursive: true, force: true });
  const venv = spawnSync(system, ['-m', 'venv', ENVIRONMENT], { encoding: 'utf8' });
  if (venv.status !== 0) {
    return { unavailable: `Python's venv module does not work here: ${lastLine(venv.stdout)}` };
  }
  console.log('Installing PyTorch and transformers into .venv (once, some minutes) …');
  const pip = spawnSync(
    pythonPath(),
    [
      ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '2'],
      ...['-r', REQUIREMENTS],
    ],
    { encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  if (pip.status !== 0) {
    const reason = lastLine(pip.stderr);
    return offersNothing(pip.stderr)
      ? { unavailable: `PyPI does not answer: ${reason}` }
      : { failure: `pip install failed: ${reason}` };
  }
  writeFileSync(STAMP, `${requirementsHash()}\n`);
  return { python: pythonPath() };
}

/** True when pip reached no index, or one that has none of what was asked. */
function offersNothing(output: string): boolean {
  return /no matching distribution|connection|timed out|timeout|name resolution|proxy/i.test(
    output,
  );
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}
