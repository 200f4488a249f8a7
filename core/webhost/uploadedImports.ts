/** Removes uploaded files once an import has read them. */
import { UserError } from '../base/errors.ts';
import type { WorkbenchClient } from '../workbench/contract.ts';
import type { Uploads } from './uploads.ts';

/** Calls after which the files they read are not needed any more; a preview is none of them. */
const IMPORTS = /\/import$/;

/**
 * The same Workbench for windows that may name uploaded files: the files stay while a call reads
 * them, and go when an import is done. One that failed may be tried again with other settings.
 */
export function withUploads(
  workbench: WorkbenchClient,
  uploads: Uploads,
  onFault: (error: unknown) => void,
): WorkbenchClient {
  return {
    async call(name, request, options) {
      const ids = uploads.namedIn(request);
      if (ids.length === 0) return workbench.call(name, request, options);
      if ('link' in request && request.link === true) throw linkedUpload();
      const release = uploads.hold(ids);
      let reply;
      try {
        reply = await workbench.call(name, request, options);
      } finally {
        release();
      }
      if (IMPORTS.test(name)) {
        for (const id of ids) {
          // What is still in use goes with its last import, or when the process ends.
          await uploads.remove(id).catch((error: unknown) => {
            if (!(error instanceof UserError)) onFault(error);
          });
        }
      }
      return reply;
    },
    subscribe: (listener) => workbench.subscribe(listener),
    close: () => workbench.close(),
  };
}

function linkedUpload(): UserError {
  return new UserError(
    'upload/linked',
    'Uploaded files cannot be linked: they are removed after the import.',
    'Import them without a link, or name a folder of this machine.',
  );
}
