/** Takes a run folder in that was made in another home folder, or that went on there. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { TEMPORARY_PREFIX, createFolderAtomically, temporaryPathFor } from '../../base/files.ts';
import { isIdentifier } from '../../base/identifiers.ts';
import { copyFileContents } from '../../model/fileAccess.ts';
import type { CorpusRecord } from '../../store/corpora.ts';
import type { RunRecord } from '../../store/runs.ts';
import type { Store } from '../../store/store.ts';
import type { RunSpecification } from '../../training/configuration.ts';
import { EVENTS_FILE, readEvents } from '../../training/eventLog.ts';
import { readRunFile } from '../../training/runFile.ts';
import { isRunLocked } from '../../training/runLock.ts';
import type { RunFile } from '../../training/runFile.ts';
import { resolveInHome } from '../home.ts';
import type { Home } from '../home.ts';
import { reconcile } from '../ingestion.ts';
import { initialRun } from '../initialRun.ts';
import { readProjectRecord } from '../projectRecord.ts';
import type { ProjectRecordFile } from '../projectRecord.ts';
import { restState } from '../queue.ts';
import type { Services } from './services.ts';

/**
 * Copies the folder and takes its events in. A run that is here already is replaced when the folder
 * knows more of it, and left as it is otherwise, so that importing twice changes nothing.
 * @throws UserError `run/unreadable`, `run/other-run`, `run/not-at-rest`
 */
export async function importRun(services: Services, source: string): Promise<RunRecord> {
  const { home, store, publish } = services;
  const runFile = readRunFile(source);
  if (runFile === undefined) {
    throw new UserError(
      'run/not-a-run',
      `${source} is not a run folder: it has no run.json.`,
      'Name a folder like runs/run-… of another home folder.',
    );
  }
  const { runId } = runFile.specification;
  // The id becomes the name of a folder.
  if (!isIdentifier(runId)) {
    throw new UserError(
      'run/unreadable',
      `${source} holds a run with an id that is none.`,
      'Copy the folder again from where the run was made.',
    );
  }
  const record = readProjectRecord(source) ?? recordFor(runFile);
  const events = readEvents(source);
  if (record.run.id !== runId || events.some(({ run }) => run !== runId)) {
    throw new UserError(
      'run/unreadable',
      `The files in ${source} belong to different runs.`,
      'Copy the whole folder again from where the run was made.',
    );
  }
  const known = store.runs.find(runId);
  if (known !== undefined) requireSameRun(known, runFile);
  const folder = join(home.runs, runId);
  requireNoJob(runId, folder);

  const last = events.at(-1);
  const isNews =
    known === undefined ||
    (last !== undefined &&
      (last.attempt > known.lastAttempt ||
        (last.attempt === known.lastAttempt && last.sequence > known.lastSequence)));
  if (isNews && source !== folder) await copyRunFolder(source, folder);
  store.transaction(() => {
    if (known === undefined) insert(services, record, runFile, folder);
    reconcile(store, runId, folder);
    const settled = store.runs.find(runId)?.lastAttempt ?? 0;
    if (isNews) {
      store.runs.update(runId, { ...restState(folder), settledAttempt: settled });
    }
  });
  const imported = store.runs.find(runId);
  if (imported === undefined) throw new Error(`run ${runId} was not registered`);
  if (isNews) publish({ type: 'runs/changed', runs: [runId] });
  return imported;
}

function requireSameRun(known: RunRecord, { configurationHash }: RunFile): void {
  if (known.state === 'running' || known.state === 'queued') {
    throw new UserError(
      'run/not-at-rest',
      `Run ${known.id} is here and is ${known.state}.`,
      'Pause it before its folder is imported.',
    );
  }
  if (known.configurationHash === configurationHash) return;
  throw new UserError(
    'run/other-run',
    `Run ${known.id} is here with another configuration.`,
    'The folder was changed, or its id was given twice; it is not imported.',
  );
}

/** A job that outlived its owner still writes there. */
function requireNoJob(runId: string, folder: string): void {
  if (!isRunLocked(folder)) return;
  throw new UserError(
    'run/not-at-rest',
    `Run ${runId} is here and its training job is at work.`,
    'Import its folder when the job has ended.',
  );
}

/**
 * Regular files and folders only: a link could lead anywhere. A folder that is here already stays in
 * place until the copy is whole: what has a temporary name is removed when this process dies.
 */
async function copyRunFolder(source: string, folder: string): Promise<void> {
  const incoming = temporaryPathFor(folder);
  await createFolderAtomically(incoming, (temporary) => copyTree(source, temporary));
  const replaced = temporaryPathFor(folder);
  if (existsSync(folder)) await rename(folder, replaced);
  try {
    await rename(incoming, folder);
  } catch (error) {
    if (existsSync(replaced)) await rename(replaced, folder);
    throw error;
  }
  await rm(replaced, { recursive: true, force: true });
}

async function copyTree(source: string, target: string): Promise<void> {
  for (const entry of await readdir(source, { withFileTypes: true })) {
    if (entry.name.startsWith(TEMPORARY_PREFIX)) continue;
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) {
      await mkdir(to, { mode: 0o700 });
      await copyTree(from, to);
    } else if (entry.isFile()) {
      await copyFileContents(from, to);
    } else {
      throw new UserError(
        'run/unreadable',
        `${from} is neither a file nor a folder.`,
        `A run folder has plain files such as ${EVENTS_FILE}; copy it again without links.`,
      );
    }
  }
}

/** For a run that was trained without a Workbench. */
function recordFor({ specification, createdAt }: RunFile): ProjectRecordFile {
  const { runId, strategy, seed, target } = specification;
  return {
    formatVersion: 1,
    project: { id: 'project-imported', name: 'imported', file: {}, createdAt },
    run: { id: runId, name: `${strategy}-seed-${seed}`, purpose: 'result', createdAt },
    corpora: [{ corpusId: target.corpusId, role: 'target' }],
  };
}

function insert(
  { home, store }: Services,
  { project, run, corpora }: ProjectRecordFile,
  { specification, configurationHash }: RunFile,
  folder: string,
): void {
  if (store.projects.find(project.id) === undefined) {
    store.projects.insert({ ...project, file: JSON.stringify(project.file) });
  }
  const here = findMaterialHere(home, store, { ...specification, runFolder: folder });
  const identity = {
    ...run,
    projectId: project.id,
    state: 'interrupted',
    configurationHash,
  } as const;
  store.runs.insert(
    initialRun(home, here, identity),
    corpora.map((use) => ({ ...use, corpusId: corpusHere(store, specification, use.corpusId) })),
  );
}

/** The places in this home folder of what the run reads, as far as it is here; content decides. */
function findMaterialHere(
  home: Home,
  store: Store,
  specification: RunSpecification,
): RunSpecification {
  const model = store.models.find(specification.modelHash);
  const sets = store.corpora.listFrozenSets();
  const { modelFolder, target, rehearsal, fisher, interpolation } = specification;
  return {
    ...specification,
    modelFolder: model === undefined ? modelFolder : resolveInHome(home, model.folder),
    target: shardsHere(home, store, target),
    ...(rehearsal && { rehearsal: shardsHere(home, store, rehearsal) }),
    // Fisher diagonals and runs lie where their names say.
    ...(fisher && { fisher: { ...fisher, folder: moved(fisher.folder, fisher.id, home.fisher) } }),
    ...(interpolation && {
      interpolation: {
        ...interpolation,
        checkpointFolder: moved(interpolation.checkpointFolder, interpolation.run, home.runs),
      },
    }),
    ...(specification.baseScoresFolder !== undefined && { baseScoresFolder: home.baseScores }),
    evaluations: specification.evaluations.map((evaluation) => {
      const set = sets.find(({ sha256 }) => sha256 === evaluation.sha256);
      const owner = set === undefined ? undefined : store.corpora.find(set.corpusId);
      if (set === undefined || owner === undefined) return evaluation;
      return {
        ...evaluation,
        corpusFolder: resolveInHome(home, owner.folder),
        path: resolveInHome(home, set.path),
      };
    }),
  };
}

function shardsHere<Shards extends RunSpecification['target']>(
  home: Home,
  store: Store,
  shards: Shards,
): Shards {
  const corpus = corpusOfContent(store, shards.contentHash);
  if (corpus === undefined) return shards;
  const [, inside = ''] = shards.shardFolder.split(shards.corpusId);
  const shardFolder = join(resolveInHome(home, corpus.folder), inside);
  return { ...shards, corpusId: corpus.id, shardFolder };
}

function corpusOfContent(store: Store, contentHash: string): CorpusRecord | undefined {
  return store.corpora.list().find((corpus) => corpus.contentHash === contentHash);
}

/** The folder `name` and what follows it in `path`, in the folder `parent` of this home. */
function moved(path: string, name: string, parent: string): string {
  const parts = path.split(/[\\/]/);
  const start = parts.lastIndexOf(name);
  const inside = parts.slice(start);
  return start === -1 || inside.includes('..') ? path : join(parent, ...inside);
}

function corpusHere(store: Store, specification: RunSpecification, corpusId: string): string {
  const { target, rehearsal } = specification;
  const shards = [target, rehearsal].find((one) => one?.corpusId === corpusId);
  if (shards === undefined) return corpusId;
  return corpusOfContent(store, shards.contentHash)?.id ?? corpusId;
}
