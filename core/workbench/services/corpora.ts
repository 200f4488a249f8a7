import { existsSync } from 'node:fs';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { TEMPORARY_PREFIX, temporaryPathFor } from '../../base/files.ts';
import { newIdentifier } from '../../base/identifiers.ts';
import type { CorpusRecord } from '../../store/corpora.ts';
import type { Store } from '../../store/store.ts';
import type { Handlers } from '../calls.ts';
import { findCorpus, findModel } from '../find.ts';
import { folderBytes } from '../folderBytes.ts';
import { relativeToHome, resolveInHome } from '../home.ts';
import type { Home } from '../home.ts';
import { toCorpus } from '../records.ts';
import { requireFreeName } from './names.ts';
import type { Services } from './services.ts';

/** Beside a corpus folder while it is not yet registered. */
const PENDING_SUFFIX = '.importing';

export function corpusHandlers(
  services: Services,
): Handlers<'corpora/import' | 'corpora/report' | 'corpora/purge'> {
  const { home, store, runJob, corpusUse } = services;
  return {
    async 'corpora/import'({ paths, name, ...settings }, context) {
      requireFreeName('corpus', store.corpora.list(), name);
      const id = newIdentifier('corpus');
      const folder = join(home.corpora, id);
      const pending = `${folder}${PENDING_SUFFIX}`;
      await writeFile(pending, '', { mode: 0o600 });
      try {
        const request = { ...settings, paths: paths.map((path) => resolve(path)), folder };
        const { splitDocuments, ...manifest } = await runJob('corpora/import', request, context);
        const record = {
          ...manifest,
          id,
          name,
          folder: relativeToHome(home, folder),
          trainDocuments: splitDocuments.train,
          validationDocuments: splitDocuments.validation,
          testDocuments: splitDocuments.test,
          createdAt: new Date().toISOString(),
        };
        store.transaction(() => {
          // Another import may have taken the name since.
          requireFreeName('corpus', store.corpora.list(), name);
          store.corpora.insert(record);
        });
        return toCorpus(home, record);
      } catch (error) {
        await removeCorpusFolder(folder);
        throw error;
      } finally {
        await rm(pending, { force: true });
      }
    },

    async 'corpora/report'({ corpus: corpusWord, model: modelWord }, context) {
      const corpus = findCorpus(store, corpusWord);
      const model = findModel(store, modelWord);
      const request = {
        corpusFolder: resolveInHome(home, corpus.folder),
        modelFolder: resolveInHome(home, model.folder),
      };
      return corpusUse.reading([corpus.id], async () => ({
        ...(await runJob('corpora/report', request, context)),
        corpus: corpus.name,
        model: model.name,
      }));
    },

    async 'corpora/purge'({ corpus: word }) {
      const corpus = findCorpus(store, word);
      requireUnused(services, corpus.id, corpus.name);
      const sets = store.corpora
        .frozenSetsOf(corpus.id)
        .map(({ path }) => dirname(resolveInHome(home, path)));
      const twin = twinOf(store, corpus);
      const estimates = twin === undefined ? store.fisher.ofCorpus(corpus.id) : [];
      const hidden = [corpus, ...estimates].map((made) => resolveInHome(home, made.folder));
      let bytes = 0;
      for (const place of [...hidden, ...sets]) bytes += await folderBytes(place);
      // A project may have begun to read it while its size was taken.
      requireUnused(services, corpus.id, corpus.name);
      // Out of sight first, so that nothing begins to read it; a temporary name is removed at the
      // next start should this process die before the end.
      const doomed: string[] = [];
      for (const place of hidden.filter((path) => existsSync(path))) {
        const temporary = temporaryPathFor(place);
        await rename(place, temporary);
        doomed.push(temporary);
      }
      store.transaction(() => {
        if (twin !== undefined) store.fisher.handOver(corpus.id, twin.id);
        store.corpora.remove(corpus.id);
      });
      for (const place of [...doomed, ...sets]) await rm(place, { recursive: true, force: true });
      await services.clearSpool();
      await removeBackups(home);
      store.eraseRemnants();
      return { bytes };
    },
  };
}

/** Another corpus of the same content: what was estimated from their text stays for that one. */
function twinOf(store: Store, { id, contentHash }: CorpusRecord): CorpusRecord | undefined {
  return store.corpora.list().find((other) => other.id !== id && other.contentHash === contentHash);
}

function requireUnused(services: Services, corpusId: string, name: string): void {
  const using = services.store.runs
    .usingCorpus(corpusId)
    .filter(({ state }) => ['queued', 'running', 'paused', 'interrupted'].includes(state));
  if (using.length > 0) {
    const list = using.slice(0, 5).map(({ id, state }) => `${id} (${state})`);
    throw new UserError(
      'corpus/in-use',
      `Corpus "${name}" is used by ${using.length} unfinished ${using.length === 1 ? 'run' : 'runs'}: ${list.join(', ')}.`,
      'Let them finish or cancel them, then try again.',
    );
  }
  if (services.corpusUse.isRead(corpusId)) {
    throw new UserError(
      'corpus/in-use',
      `Corpus "${name}" is being read at this moment.`,
      'Wait until the work on it is done, then try again.',
    );
  }
}

/** Copies of the database from before a migration name the corpus too. */
async function removeBackups(home: Home): Promise<void> {
  for (const entry of await readdir(home.backups)) await rm(join(home.backups, entry));
}

/** The folder and what a killed import left of it under a temporary name. */
async function removeCorpusFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const entry of await readdir(dirname(folder))) {
    if (entry.startsWith(TEMPORARY_PREFIX) && entry.endsWith(`-${basename(folder)}`)) {
      await rm(join(dirname(folder), entry), { recursive: true, force: true });
    }
  }
}

/** Imports that were cut off between the folder and the database. Only the owner may call this. */
export async function removeUnregisteredCorpora(home: Home, store: Store): Promise<void> {
  for (const entry of await readdir(home.corpora)) {
    if (!entry.endsWith(PENDING_SUFFIX)) continue;
    const id = entry.slice(0, -PENDING_SUFFIX.length);
    if (store.corpora.find(id) === undefined) {
      await rm(join(home.corpora, id), { recursive: true, force: true });
    }
    await rm(join(home.corpora, entry));
  }
}
