/** The files of a drop or a file dialog, folders read to their depths. */
import { filesBelow } from '../lib/fileTree.ts';
import { tooManyFilesError, unreadableFileError } from './errors.ts';
import type { DroppedFile } from './hostFiles.ts';

/** More than this is no corpus that a person drops, and would stop the window. */
const MOST_FILES = 50_000;

/** Whether what is dragged are files, not a piece of text or a link. */
export function carriesFiles(transfer: DataTransfer | null): boolean {
  return transfer?.types.includes('Files') ?? false;
}

/**
 * Must be called before the drop's event is over; the promise may be awaited later. Rejects with
 * `files/too-many` or `files/unreadable` rather than take a part of what was dropped.
 */
export function droppedFiles(transfer: DataTransfer, readFolders: boolean): Promise<DroppedFile[]> {
  const plain = Array.from(transfer.files, (file) => ({ file, name: file.name }));
  if (!readFolders) return Promise.resolve(plain);
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry()).filter(
    (entry) => entry !== null,
  );
  return entries.length === 0 ? Promise.resolve(plain) : readEntries(entries);
}

/**
 * Of an <input type="file">, with or without `webkitdirectory`.
 * @throws WorkbenchError `files/too-many`
 */
export function chosenFiles(list: FileList): DroppedFile[] {
  if (list.length > MOST_FILES) throw tooManyFilesError(MOST_FILES);
  return Array.from(list, (file) => ({
    file,
    name: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath,
  }));
}

async function readEntries(entries: readonly FileSystemEntry[]): Promise<DroppedFile[]> {
  const inside = (entry: FileSystemEntry): Promise<FileSystemEntry[]> | undefined =>
    entry.isFile ? undefined : childrenOf(entry as FileSystemDirectoryEntry);
  const found = await filesBelow(entries, inside, MOST_FILES, () => tooManyFilesError(MOST_FILES));
  const files: DroppedFile[] = [];
  for (const entry of found) {
    files.push({ file: await fileOf(entry as FileSystemFileEntry), name: nameOf(entry) });
  }
  return files;
}

/** Its path from the dropped folder on. */
const nameOf = (entry: FileSystemEntry): string => entry.fullPath.replace(/^\//, '');

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => {
    entry.file(resolve, () => {
      reject(unreadableFileError(nameOf(entry)));
    });
  });
}

/** A reader gives a folder's entries in parts, the last of them empty. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, () => {
        reject(unreadableFileError(nameOf(folder)));
      });
    });
    if (part.length === 0) return children;
    children.push(...part);
  }
}
