/**
 * TensorFlow's native library behind TensorFlow.js, where it is installed: its GPU build, else its
 * CPU build. Loading registers the backend `tensorflow`.
 */
import { createRequire } from 'node:module';
import util from 'node:util';

export interface TensorFlowLibrary {
  /** For people: "TensorFlow 2.9.1 on the GPU build". */
  readonly description: string;
}

export type TensorFlowState =
  | { readonly installed: true; readonly library: TensorFlowLibrary }
  | { readonly installed: false; readonly reason: string };

export const TENSORFLOW_BACKEND = 'tensorflow';

const PACKAGES = [
  { name: '@tensorflow/tfjs-node-gpu', build: 'GPU build' },
  { name: '@tensorflow/tfjs-node', build: 'CPU build' },
];

let loaded: TensorFlowState | undefined;

/** Loads the library once; never throws. */
export function loadTensorFlow(): TensorFlowState {
  loaded ??= load(createRequire(import.meta.url));
  return loaded;
}

function load(require: NodeJS.Require): TensorFlowState {
  restoreUtilities();
  for (const { name, build } of PACKAGES) {
    try {
      const library = require(name) as { readonly version?: Readonly<Record<string, string>> };
      const version = library.version?.['tfjs-node'] ?? library.version?.['tfjs'] ?? '';
      const description = `TensorFlow.js ${version} with TensorFlow's ${build}`.replace('  ', ' ');
      return { installed: true, library: { description } };
    } catch {
      // Not installed, or installed without its native library: the next one may be.
    }
  }
  return { installed: false, reason: "TensorFlow's native library is not installed." };
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
