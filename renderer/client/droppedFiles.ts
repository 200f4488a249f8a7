/** The files of a drop or a file dialog, folders read to their depths. */
import type { DroppedFile } from './hostFiles.ts';

/** More than this is no corpus that a person drops, and would stop the window. */
const MOST_FILES = 50_000;

/** Must be called before the drop's event is over; the promise may be awaited later. */
export function droppedFiles(transfer: DataTransfer, readFolders: boolean): Promise<DroppedFile[]> {
  const plain = Array.from(transfer.files, (file) => ({ file, name: file.name }));
  if (!readFolders) return Promise.resolve(plain);
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry()).filter(
    (entry) => entry !== null,
  );
  return entries.length === 0 ? Promise.resolve(plain) : readEntries(entries);
}

/** Of an <input type="file">, with or without `webkitdirectory`. */
export function chosenFiles(list: FileList): DroppedFile[] {
  return Array.from(list, (file) => ({
    file,
    name: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath,
  }));
}

async function readEntries(entries: readonly FileSystemEntry[]): Promise<DroppedFile[]> {
  const found: DroppedFile[] = [];
  const waiting = [...entries];
  for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
    if (found.length >= MOST_FILES) break;
    if (entry.isFile) {
      const file = await fileOf(entry as FileSystemFileEntry);
      found.push({ file, name: entry.fullPath.replace(/^\//, '') });
    } else {
      waiting.push(...(await childrenOf(entry as FileSystemDirectoryEntry)));
    }
  }
  return found;
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => {
    entry.file(resolve, reject);
  });
}

/** A reader gives a folder's entries in parts, the last of them empty. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (part.length === 0) return children;
    children.push(...part);
  }
}
