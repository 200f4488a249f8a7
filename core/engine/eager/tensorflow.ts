/**
 * TensorFlow's native library behind TensorFlow.js, where it is installed: its GPU build, else its
 * CPU build. Loading registers the backend `tensorflow`.
 */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import util from 'node:util';
import { UserError } from '../../base/errors.ts';

export interface TensorFlowLibrary {
  /** For people: "TensorFlow.js 4.22.0 on TensorFlow, GPU build". */
  readonly description: string;
}

export const TENSORFLOW_BACKEND = 'tensorflow';

const PACKAGES = [
  { name: '@tensorflow/tfjs-node-gpu', build: 'GPU build' },
  { name: '@tensorflow/tfjs-node', build: 'CPU build' },
];

const require = createRequire(import.meta.url);
let loaded: TensorFlowLibrary | undefined;

/** Whether a package with its native library is there, without loading it. */
export function isTensorFlowInstalled(): boolean {
  return PACKAGES.some(({ name }) => hasNativeLibrary(name));
}

/** Loads the library once. Throws a UserError when it is not installed or cannot be loaded. */
export function loadTensorFlow(): TensorFlowLibrary {
  loaded ??= load();
  return loaded;
}

function load(): TensorFlowLibrary {
  const found = PACKAGES.find(({ name }) => hasNativeLibrary(name));
  if (found === undefined) {
    const sentence = "TensorFlow's native library is not installed.";
    throw new UserError('engine/unavailable', sentence, INSTALL_HINT);
  }
  restoreUtilities();
  try {
    const { version } = require(found.name) as { readonly version: Record<string, string> };
    return { description: `TensorFlow.js ${version.tfjs} on TensorFlow, ${found.build}` };
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    const sentence = `TensorFlow's native library cannot be loaded: ${reason}.`;
    throw new UserError('engine/unavailable', sentence, LOAD_HINT, { cause: error });
  }
}

const INSTALL_HINT = 'Install it with `npm run setup:tensorflow`, or use --engine cpu.';
const LOAD_HINT =
  'Check that the CUDA libraries it needs are installed and found, or use --engine cpu.';

/** `npm ci` installs the package but not the library that its install script would download. */
function hasNativeLibrary(name: string): boolean {
  try {
    const libraries = join(dirname(require.resolve(`${name}/package.json`)), 'lib');
    return readdirSync(libraries).some((folder) =>
      existsSync(join(libraries, folder, 'tfjs_binding.node')),
    );
  } catch {
    return false;
  }
}

/** The 4.22 packages call these predicates of `node:util`, which Node 23 removed. */
function restoreUtilities(): void {
  const removed = {
    isNullOrUndefined: (value: unknown): boolean => value === null || value === undefined,
    isArray: Array.isArray,
  };
  for (const [name, predicate] of Object.entries(removed)) {
    if (!(name in util)) Object.defineProperty(util, name, { value: predicate });
  }
}
