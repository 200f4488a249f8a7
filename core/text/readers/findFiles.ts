/** The files that the given paths stand for, in an order that depends on names alone. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { asUserError, UserError } from '../../base/errors.ts';
import { fileKind, SUPPORTED_EXTENSIONS } from './formats.ts';
import type { FileKind } from './formats.ts';

export interface SourceFile {
  readonly path: string;
  /** The path as people see it: from the name of the given file or folder on. */
  readonly name: string;
  readonly bytes: number;
  readonly kind: FileKind;
}

/** What one given path stands for. */
export interface Source {
  readonly name: string;
  /** Whether a folder was given. */
  readonly folder: boolean;
  readonly files: readonly SourceFile[];
  /** Files in the folder that no reader knows. */
  readonly skippedFiles: number;
}

/**
 * Folders are walked recursively in code-unit order of their names. Hidden entries are left out,
 * links are followed, and each folder is entered once, so that links in a circle end.
 */
export async function findSources(paths: readonly string[]): Promise<Source[]> {
  const sources: Source[] = [];
  for (const path of paths) {
    try {
      const status = await stat(path);
      sources.push(status.isDirectory() ? await folderSource(path) : fileSource(path, status));
    } catch (error) {
      throw asUserError(error, path);
    }
  }
  return sources;
}

function fileSource(path: string, status: { isFile(): boolean; size: number }): Source {
  const kind = fileKind(path);
  if (!status.isFile() || kind === undefined) {
    throw new UserError(
      'corpus/unknown-format',
      `The format of ${path} is not known.`,
      `Files are read by their extension, ${SUPPORTED_EXTENSIONS}, each also with .gz; rename or convert it.`,
    );
  }
  const name = basename(path);
  const file = { path, name, bytes: status.size, kind };
  return { name, folder: false, files: [file], skippedFiles: 0 };
}

async function folderSource(path: string): Promise<Source> {
  // The last part of the real path: `.` and `..` are no names.
  const name = basename(await realpath(path));
  const files: SourceFile[] = [];
  const entered = new Set<string>();
  let skippedFiles = 0;

  async function walk(folder: string, folderName: string): Promise<void> {
    const real = await realpath(folder);
    if (entered.has(real)) return;
    entered.add(real);
    for (const entry of (await readdir(folder)).sort()) {
      if (entry.startsWith('.')) continue;
      const entryPath = join(folder, entry);
      const entryName = `${folderName}/${entry}`;
      const status = await stat(entryPath).catch(() => undefined);
      const kind = fileKind(entry);
      if (status?.isDirectory() === true) await walk(entryPath, entryName);
      else if (status?.isFile() === true && kind !== undefined) {
        files.push({ path: entryPath, name: entryName, bytes: status.size, kind });
      } else skippedFiles++;
    }
  }
  await walk(path, name);
  return { name, folder: true, files, skippedFiles };
}
