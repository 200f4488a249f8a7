/** The look into files before an import: it stores nothing and needs no home folder. */
import { resolve } from 'node:path';
import type { Handlers } from '../calls.ts';
import type { RunJob } from '../jobs.ts';

export function corpusPreviewHandlers(runJob: RunJob): Handlers<'corpora/preview'> {
  return {
    'corpora/preview': ({ paths, ...settings }, context) =>
      runJob(
        'corpora/preview',
        { ...settings, paths: paths.map((path) => resolve(path)) },
        context,
      ),
  };
}
