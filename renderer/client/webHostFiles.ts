/** Files by way of the local web host: folders under its roots, and uploads. */
import type { FolderListing, Uploaded } from '../../core/webhost/fileReplies.ts';
import { WorkbenchError, abortedError, reportOf, unreadableFileError } from './errors.ts';
import type { ErrorReport } from './errors.ts';
import { rootName } from './hostFiles.ts';
import type { DroppedFile, HostFiles, TakenFile, UploadProgress } from './hostFiles.ts';

const FILES_PATH = '/files';
const UPLOADS_PATH = '/uploads';

interface Exchange {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly address: string;
  readonly body?: File | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onSent?: ((bytes: number) => void) | undefined;
}

export const webHostFiles: HostFiles = {
  takesCopies: true,

  browse: (path, signal) =>
    exchange<FolderListing>({
      method: 'GET',
      address: path === undefined ? FILES_PATH : `${FILES_PATH}?${new URLSearchParams({ path })}`,
      signal,
    }),

  take: uploadAll,

  release(paths) {
    for (const path of paths) {
      if (!held.delete(path)) continue;
      // What it does not reach the host forgets by itself.
      const address = `${UPLOADS_PATH}?${new URLSearchParams({ path })}`;
      // eslint-disable-next-line no-restricted-globals -- to the window's own host, which it outlives
      void fetch(address, { method: 'DELETE', keepalive: true }).catch(() => undefined);
    }
  },

  async isSignedIn() {
    try {
      await exchange({ method: 'GET', address: FILES_PATH });
      return true;
    } catch (error) {
      const { code } = reportOf(error);
      return code === 'host/signed-out' ? false : undefined;
    }
  },
};

/** Copies that the host keeps for this window. They go with it, unless an import is reading them. */
const held = new Set<string>();

window.addEventListener('pagehide', ({ persisted }) => {
  if (!persisted) webHostFiles.release?.([...held]);
});

/** One after the other; what was sent is removed again when one fails or the person stops it. */
async function uploadAll(
  files: readonly DroppedFile[],
  onProgress: (progress: UploadProgress) => void,
  signal: AbortSignal,
): Promise<readonly TakenFile[]> {
  const totalBytes = files.reduce((sum, { file }) => sum + file.size, 0);
  const taken = new Map<string, TakenFile>();
  let done = 0;
  let upload: string | undefined;
  try {
    for (const { file, name } of files) {
      await requireReadable(file, name);
      const query = new URLSearchParams({ name, ...(upload === undefined ? {} : { upload }) });
      const uploaded: Uploaded = await exchange<Uploaded>({
        method: 'POST',
        address: `${UPLOADS_PATH}?${query}`,
        body: file,
        signal,
        onSent: (bytes) => {
          onProgress({ sentBytes: done + Math.min(bytes, file.size), totalBytes });
        },
      }).catch(async (error: unknown) => {
        // A file that changes or goes while it is sent looks like a broken connection.
        await requireReadable(file, name);
        throw error;
      });
      upload = uploaded.upload;
      taken.set(uploaded.path, { path: uploaded.path, name: rootName(name) });
      done += file.size;
      onProgress({ sentBytes: done, totalBytes });
    }
  } catch (error) {
    if (upload !== undefined) {
      const address = `${UPLOADS_PATH}?${new URLSearchParams({ upload })}`;
      // The host forgets what is not used by itself.
      await exchange({ method: 'DELETE', address }).catch(() => undefined);
    }
    throw error;
  }
  for (const path of taken.keys()) held.add(path);
  return [...taken.values()];
}

/** @throws WorkbenchError `files/unreadable` where the browser cannot read the file's first byte */
async function requireReadable(file: File, name: string): Promise<void> {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw unreadableFileError(name);
  }
}

/** XMLHttpRequest, because it tells how much of a body has been sent. */
function exchange<Answer>({ method, address, body, signal, onSent }: Exchange): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortedError());
      return;
    }
    const request = new XMLHttpRequest();
    const stop = (): void => {
      request.abort();
    };
    signal?.addEventListener('abort', stop);
    request.addEventListener('loadend', () => signal?.removeEventListener('abort', stop));
    request.addEventListener('abort', () => {
      reject(abortedError());
    });
    request.addEventListener('error', () => {
      reject(new WorkbenchError(UNREACHABLE));
    });
    request.addEventListener('load', () => {
      const answer = parse(request.responseText);
      if (request.status === 200) resolve(answer as Answer);
      else reject(new WorkbenchError(errorOf(answer, request.status)));
    });
    if (onSent !== undefined) {
      request.upload.addEventListener('progress', ({ loaded }) => {
        onSent(loaded);
      });
    }
    request.open(method, address);
    request.send(body ?? null);
  });
}

const UNREACHABLE: ErrorReport = {
  code: 'connection/lost',
  message: 'The connection to Palimpsest was lost.',
  hint: 'Check that it is still running, then try again.',
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The host says `{error}`; anything else comes from something between it and the window. */
function errorOf(answer: unknown, status: number): ErrorReport {
  if (typeof answer === 'object' && answer !== null && 'error' in answer) {
    return answer.error as ErrorReport;
  }
  return { ...UNREACHABLE, message: `The host answered with status ${status}.` };
}
