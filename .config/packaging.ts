/** Which files the packaged program holds: its JavaScript, and of its packages what runs there. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '..');

const packageSchema = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
});

/** What is copied besides packages. */
const PROGRAM = ['/package.json', '/LICENSE', '/dist/app'];

/** Of a package, what nothing loads. */
const NEVER_LOADED = [
  /\.(map|md|markdown|ts|cts|mts|flow|gyp|gypi|c|cc|cpp|h|hpp)$/i,
  /^\/(test|tests|__tests__|docs|example|examples|benchmark|benchmarks|\.github)\//,
];

/** Packages that are headers or bundles for browsers, by what stays of them. */
const ONLY: Readonly<Record<string, RegExp>> = {
  'better-sqlite3': /^\/(package\.json|LICENSE|lib\/|prebuilds\/)/,
  'node-addon-api': /^\/(package\.json|LICENSE)/,
};

/** TensorFlow.js's packages carry their modules four times; `require` takes these. */
const TENSORFLOW = /^\/(package\.json|LICENSE|dist\/tf[\w.-]*\.node\.js$)/;

/** Native files that have to lie outside of the archive: the system loads them, not Node. */
export const UNPACKED = '**/*.{node,dll,dylib,so,so.*}';
/** The demo's base model is copied like a person's own folder. */
export const UNPACKED_FOLDER = 'dist/app/resources';

/** Folders of the packages that run in the program, as "/node_modules/zod". */
export function runtimePackages(root = ROOT): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [root];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    // Optional dependencies of our own are for development: other Nodes, TensorFlow's library.
    for (const name of Object.keys(readPackage(folder).dependencies)) {
      if (name.startsWith('@types/')) continue;
      const place = resolvePackage(name, folder, root);
      const path = place.slice(root.length);
      if (found.has(path)) continue;
      found.add(path);
      waiting.push(place);
    }
  }
  return found;
}

/** For Electron Packager: paths start with a slash, in the project's folder. */
export function leavesOut(packages = runtimePackages()): (path: string) => boolean {
  return (path) => {
    if (path === '' || isAbove(path, [...PROGRAM, ...packages])) return false;
    if (PROGRAM.some((kept) => path === kept || path.startsWith(`${kept}/`))) return false;
    const owner = packageOf(path);
    if (owner === undefined || !packages.has(owner)) return true;
    const inside = path.slice(owner.length);
    return inside !== '' && !isLoaded(owner.slice(owner.lastIndexOf('node_modules/') + 13), inside);
  };
}

function isLoaded(name: string, inside: string): boolean {
  if (NEVER_LOADED.some((pattern) => pattern.test(inside))) return false;
  const only = name.startsWith('@tensorflow/') ? TENSORFLOW : ONLY[name];
  // A folder is looked into when something in it may stay.
  return only === undefined || only.test(inside) || /^\/(dist|lib|prebuilds)$/.test(inside);
}

function isAbove(path: string, kept: readonly string[]): boolean {
  return kept.some((other) => other.startsWith(`${path}/`));
}

/** The innermost package that holds a path. */
function packageOf(path: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/@][^/]*/.exec(path)?.[0];
}

function readPackage(folder: string): z.infer<typeof packageSchema> {
  return packageSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
}

/** As Node resolves it: the nearest node_modules that has it. */
function resolvePackage(name: string, from: string, root: string): string {
  for (let folder = from; folder.startsWith(root); folder = dirname(folder)) {
    const place = join(folder, 'node_modules', name);
    if (existsSync(join(place, 'package.json'))) return place;
  }
  throw new Error(`${name} is not installed, which ${from} needs`);
}

/** Names of native files of each package, by the platform that they are for. */
const PLATFORMS: readonly RegExp[] = [
  /\/better-sqlite3\/prebuilds\/(?<platform>[a-z0-9]+)-(?<arch>[a-z0-9]+)\.node$/,
  /\/onnxruntime-node\/bin\/napi-v\d+\/(?<platform>[a-z0-9]+)\/(?<arch>[a-z0-9]+)\//,
  /\/tokenizers\/tokenizers\.(?<platform>[a-z0-9]+)-(?<arch>[a-z0-9]+)(?<variant>-[a-z]+)?\.node$/,
];

/** Whether a file is a native one for another system than the packaged program's. */
export function isForAnotherSystem(path: string, platform: string, arch: string): boolean {
  for (const pattern of PLATFORMS) {
    const groups = pattern.exec(path)?.groups;
    if (groups === undefined) continue;
    const { variant = '' } = groups;
    // Electron itself is built for glibc and for Microsoft's compiler.
    const isVariant = ['', '-gnu', '-msvc'].includes(variant);
    return groups['platform'] !== platform || groups['arch'] !== arch || !isVariant;
  }
  return false;
}
