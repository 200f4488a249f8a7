/** The demo project: its base model comes with the program, its corpora are generated. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { temporaryPathFor } from '../../base/files.ts';
import { resourcePath } from '../../base/resources.ts';
import {
  DEMO_MODEL,
  DEMO_PROJECT,
  SOURCE_CORPUS,
  TARGET_CORPUS,
  writeDemoCorpus,
} from '../../demo/demoProject.ts';
import type { DemoCorpus } from '../../demo/demoProject.ts';
import { throwIfAborted } from '../calls.ts';
import type { CallContext, CheckedRequest, Handlers } from '../calls.ts';
import { projectFileSchema } from '../projectFile.ts';
import type { ProjectFile } from '../projectFile.ts';
import { oneAtATime } from './oneAtATime.ts';
import type { Services } from './services.ts';

type Needed = Handlers<'models/import' | 'corpora/import' | 'projects/run'>;

/** Progress of generated text is told after so many documents. */
const DOCUMENTS_A_REPORT = 100;

export function demoHandlers(
  services: Services,
  handlers: Needed,
): Handlers<'demo/prepare' | 'demo/start'> {
  // One at a time: a second one finds what the first has made.
  const inTurn = oneAtATime();
  const prepare = (
    request: CheckedRequest<'demo/prepare'>,
    context: CallContext,
  ): Promise<ProjectFile> => inTurn(() => prepareDemo(services, handlers, request, context));
  return {
    'demo/prepare': prepare,
    'demo/start': async (request, context) => {
      const project = await prepare(request, context);
      return handlers['projects/run']({ project }, context);
    },
  };
}

/** Imports what is not there yet, and returns the project file that names it. */
async function prepareDemo(
  services: Services,
  handlers: Needed,
  { engine }: CheckedRequest<'demo/prepare'>,
  context: CallContext,
): Promise<ProjectFile> {
  throwIfAborted(context.signal);
  const base_model = await requireModel(services, handlers, context);
  for (const corpus of [SOURCE_CORPUS, TARGET_CORPUS]) {
    await requireCorpus(services, handlers, corpus, context);
  }
  return projectFileSchema.parse({ ...DEMO_PROJECT, base_model, engine });
}

/** The name under which the base model is here. */
async function requireModel(
  { store }: Services,
  handlers: Needed,
  context: CallContext,
): Promise<string> {
  if (store.models.list().some(({ name }) => name === DEMO_MODEL)) return DEMO_MODEL;
  const request = { path: resourcePath('demo', 'base-model'), link: false };
  try {
    const { name } = await handlers['models/import']({ ...request, name: DEMO_MODEL }, context);
    return name;
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'model/known') throw error;
    // The same files were imported by hand.
    const { name } = await handlers['models/import'](request, context);
    return name;
  }
}

async function requireCorpus(
  { home, store }: Services,
  handlers: Needed,
  corpus: DemoCorpus,
  context: CallContext,
): Promise<void> {
  if (store.corpora.list().some(({ name }) => name === corpus.name)) return;
  const folder = temporaryPathFor(join(home.path, corpus.name));
  await mkdir(folder, { mode: 0o700 });
  try {
    const path = await writeDemoCorpus(folder, corpus, undefined, (done) => {
      throwIfAborted(context.signal);
      if (done % DOCUMENTS_A_REPORT > 0) return;
      const total = corpus.documents;
      context.report({ stage: 'generating the demo text', done, total, unit: 'documents' });
    });
    const request = { paths: [path], name: corpus.name, column: 'text' };
    const settings = { documentBoundary: 'file', strict: false, seed: 0 } as const;
    await handlers['corpora/import']({ ...request, ...settings }, context);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
