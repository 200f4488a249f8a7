/** Lists folders for choosing what to import, under the allowed roots only. */
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { UserError, asUserError } from '../base/errors.ts';
import type { FileEntry, FolderListing } from './fileReplies.ts';

const MOST_ENTRIES = 5000;
/** Entries looked at together. */
const AT_ONCE = 64;

/**
 * Real paths of the roots, without those inside another one.
 * @throws UserError for one that is not a folder
 */
export async function resolveRoots(folders: readonly string[]): Promise<string[]> {
  const real: string[] = [];
  for (const folder of folders) {
    try {
      const path = await realpath(folder);
      await readdir(path);
      real.push(path);
    } catch (error) {
      throw asUserError(error, folder);
    }
  }
  const unique = [...new Set(real)];
  return unique.filter((path) => !unique.some((other) => other !== path && isInside(other, path)));
}

/**
 * The files and folders in `path`, or the roots when it is left out. Links that lead out of the
 * roots are left out, as is everything that is neither file nor folder.
 * @throws UserError `files/outside` for a path outside the roots, hidden ones included unless asked
 * for; `system/…`
 */
export async function listFolder(
  roots: readonly string[],
  path: string | undefined,
  { hidden = false } = {},
): Promise<FolderListing> {
  if (path === undefined) {
    const entries = roots.map((root) => ({
      name: basename(root) === '' ? root : basename(root),
      path: root,
      kind: 'folder' as const,
      size: null,
    }));
    return { path: null, parent: null, entries, truncated: false, roots };
  }
  const folder = await realPathInside(roots, path, hidden);
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw asUserError(error, path);
  }
  const shown = names.filter((name) => hidden || !name.startsWith('.')).sort(byName);
  const entries: FileEntry[] = [];
  const looked = shown.slice(0, MOST_ENTRIES);
  for (let from = 0; from < looked.length; from += AT_ONCE) {
    const some = looked.slice(from, from + AT_ONCE);
    const found = await Promise.all(some.map((name) => describe(roots, folder, name, hidden)));
    entries.push(...found.flatMap((entry) => entry ?? []));
  }
  return {
    path: folder,
    parent: roots.includes(folder) ? null : dirname(folder),
    entries: [
      ...entries.filter(({ kind }) => kind === 'folder'),
      ...entries.filter(({ kind }) => kind === 'file'),
    ],
    truncated: shown.length > MOST_ENTRIES,
    roots,
  };
}

async function realPathInside(
  roots: readonly string[],
  path: string,
  hidden: boolean,
): Promise<string> {
  if (!isAbsolute(path) || path.includes('\0')) throw outside(roots);
  let real;
  try {
    real = await realpath(path);
  } catch (error) {
    // Whether something is there is told only of what may be seen.
    if (!roots.some((root) => isInside(root, path))) throw outside(roots);
    throw asUserError(error, path);
  }
  if (!isAllowed(roots, real, hidden)) throw outside(roots);
  return real;
}

async function describe(
  roots: readonly string[],
  folder: string,
  name: string,
  hidden: boolean,
): Promise<FileEntry | undefined> {
  const path = join(folder, name);
  try {
    if ((await lstat(path)).isSymbolicLink()) {
      if (!isAllowed(roots, await realpath(path), hidden)) return undefined;
    }
    const status = await stat(path);
    if (status.isDirectory()) return { name, path, kind: 'folder', size: null };
    return status.isFile() ? { name, path, kind: 'file', size: status.size } : undefined;
  } catch {
    // Gone meanwhile, or not to be looked at.
    return undefined;
  }
}

function isAllowed(roots: readonly string[], real: string, hidden: boolean): boolean {
  return roots.some((root) => {
    if (!isInside(root, real)) return false;
    const below = relative(root, real).split(sep);
    return hidden || !below.some((segment) => segment.startsWith('.'));
  });
}

/** Whether `path` is `folder` or lies in it; both are absolute. */
function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

const collator = new Intl.Collator('en', { numeric: true });

function byName(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : 1);
}

function outside(roots: readonly string[]): UserError {
  return new UserError(
    'files/outside',
    `Only files under these folders are shown: ${roots.join(', ')}.`,
    'Start "palimpsest serve" with --allow-root and the folder, or type the path itself.',
  );
}
