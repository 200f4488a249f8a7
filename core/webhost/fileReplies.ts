/** What the web host answers to a browser about files; the screens read the same types. */

export interface FileEntry {
  readonly name: string;
  readonly path: string;
  readonly kind: 'file' | 'folder';
  /** Bytes; null for a folder. */
  readonly size: number | null;
}

export interface FolderListing {
  /** Null for the list of roots. */
  readonly path: string | null;
  /** Null at a root and for the list of roots. */
  readonly parent: string | null;
  /** Folders first, each kind by name. */
  readonly entries: readonly FileEntry[];
  /** Whether there are more entries than were listed. */
  readonly truncated: boolean;
  readonly roots: readonly string[];
}

/** A file that has arrived. */
export interface Uploaded {
  /** Names the upload that more files of the same folder are added to. */
  readonly upload: string;
  /** For an import: the file, or the folder that the first part of its name stands for. */
  readonly path: string;
  readonly bytes: number;
}
