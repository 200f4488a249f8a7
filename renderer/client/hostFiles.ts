/** How a person names files to a host: the system's dialog, a list of folders, or an upload. */
import type { FolderListing } from '../../core/webhost/fileReplies.ts';

export interface ChooseOptions {
  readonly title: string;
  readonly kind: 'file' | 'folder' | 'file-or-folder';
  readonly multiple: boolean;
  /** Without the dot; all when left out. */
  readonly extensions?: readonly string[];
}

/** A file to be uploaded, with its place in the folder that was dropped. */
export interface DroppedFile {
  readonly file: File;
  /** "notes/2024/a.txt" of a folder "notes", or the file's own name. */
  readonly name: string;
}

/** A file or folder of which the host knows the path, with the name that the person knows it by. */
export interface TakenFile {
  readonly path: string;
  readonly name: string;
}

export interface UploadProgress {
  readonly sentBytes: number;
  readonly totalBytes: number;
}

export interface HostFiles {
  /** The system's own dialog; a host without one has folders to browse instead. */
  readonly choose?: (options: ChooseOptions) => Promise<readonly string[]>;
  /** The roots when the path is left out. */
  readonly browse?: (path: string | undefined, signal?: AbortSignal) => Promise<FolderListing>;
  /**
   * Where dropped files are for the host: their own paths on the desktop, uploaded copies from a
   * browser. One for each file or dropped folder. Rejects with a WorkbenchError.
   */
  readonly take: (
    files: readonly DroppedFile[],
    onProgress: (progress: UploadProgress) => void,
    signal: AbortSignal,
  ) => Promise<readonly TakenFile[]>;
  /**
   * Removes copies that `take` has made, as far as they are still there; one that an import is reading
   * goes when it has been read.
   */
  readonly release?: (paths: readonly string[]) => void;
  /** Whether `take` copies: the copy goes when it has been imported, so it cannot be linked. */
  readonly takesCopies: boolean;
  /** Whether this browser may still speak with the host; undefined when there is no answer. */
  readonly isSignedIn?: () => Promise<boolean | undefined>;
}

/** "notes" of "notes/2024/a.txt". */
export function rootName(name: string): string {
  return name.split('/')[0] ?? name;
}
