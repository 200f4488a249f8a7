import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { hashJson, writeFileAtomically } from '../../base/files.ts';
import { newIdentifier } from '../../base/identifiers.ts';
import type { CorpusRecord } from '../../store/corpora.ts';
import type { ModelRecord } from '../../store/models.ts';
import type { ProjectRecord } from '../../store/projects.ts';
import type { NewRunRecord } from '../../store/runs.ts';
import { throwIfAborted } from '../calls.ts';
import type { CallContext, Handlers } from '../calls.ts';
import type { ProjectSummary } from '../contract.ts';
import { findCorpus, findModel } from '../find.ts';
import { relativeToHome, resolveInHome } from '../home.ts';
import { initialRun } from '../initialRun.ts';
import { planRuns } from '../projectExpansion.ts';
import type { PlannedRun, SharedSpecification } from '../projectExpansion.ts';
import type { ProjectFile } from '../projectFile.ts';
import { PROJECT_RECORD_FILE, projectRecordJson } from '../projectRecord.ts';
import { toProjectSummary } from '../records.ts';
import { requireSpace, runBytes } from '../space.ts';
import { requireName } from './names.ts';
import type { Services } from './services.ts';

/** What a project file's names stand for. */
interface Material {
  readonly model: ModelRecord;
  readonly target: CorpusRecord;
  /** The source corpus of each use. */
  readonly source: Readonly<Record<string, CorpusRecord>> & { readonly evaluation: CorpusRecord };
}

export function projectHandlers(services: Services): Handlers<'projects/run'> {
  // One at a time: the same file given twice at once must not become two projects.
  let last: Promise<unknown> = Promise.resolve();
  return {
    'projects/run'({ project }, context) {
      const next = last.then(() => runProject(services, project, context));
      last = next.catch(() => undefined);
      return next;
    },
  };
}

async function runProject(
  services: Services,
  project: ProjectFile,
  context: CallContext,
): Promise<ProjectSummary> {
  throwIfAborted(context.signal);
  requireName('project', project.name);
  const material = findMaterial(services, project);
  requireFit(project, material);
  await requireSpaceFor(services, project, material);
  if (project.engine === 'webgpu' || project.engine === 'tensorflow') {
    await services.runJob('system/require-engine', { engine: project.engine }, context);
  }
  const corpora = [material.target, ...Object.values(material.source)];
  return services.corpusUse.reading(
    corpora.map(({ id }) => id),
    async () => {
      const shared = await buildShared(services, project, material, context);
      const planned = planRuns(project, shared);
      const { record, runs } = await register(services, project, material, planned);
      services.queue.admit(runs);
      const summary = toProjectSummary(services.store, record);
      return { ...summary, runs: summary.runs.filter(({ id }) => runs.includes(id)) };
    },
  );
}

function findMaterial({ home, store }: Services, project: ProjectFile): Material {
  const byFolder = store.models
    .list()
    .find((model) => resolveInHome(home, model.folder) === project.base_model);
  const uses: Exclude<ProjectFile['source_corpus'], string> =
    typeof project.source_corpus === 'string'
      ? { evaluation: project.source_corpus }
      : project.source_corpus;
  const source: Record<string, CorpusRecord> = {};
  for (const [use, word] of Object.entries(uses)) {
    if (word !== undefined) source[use] = findCorpus(store, word);
  }
  return {
    model: byFolder ?? findModel(store, project.base_model),
    target: findCorpus(store, project.target_corpus),
    source: { ...source, evaluation: findCorpus(store, uses.evaluation) },
  };
}

/** @throws UserError for settings that the model or the corpora do not allow */
function requireFit(project: ProjectFile, { model, target, source }: Material): void {
  const length = project.training.max_seq_length;
  if (length > model.maxSeqLength) {
    throw new UserError(
      'project/sequence-length',
      `training.max_seq_length is ${length}, but the model "${model.name}" has positions for ${model.maxSeqLength} tokens.`,
      `Set it to ${model.maxSeqLength} or less.`,
    );
  }
  if (target.id === source.evaluation.id) {
    throw new UserError(
      'project/same-corpus',
      `target_corpus and source_corpus are both "${target.name}".`,
      'Forgetting is measured on text of another domain: name a corpus of general text as source.',
    );
  }
  requireDocuments(target, ['train', 'validation', 'test'], 'target_corpus');
  requireDocuments(source.evaluation, ['validation', 'test'], 'source_corpus');
}

function requireDocuments(
  corpus: CorpusRecord,
  splits: readonly ('train' | 'validation' | 'test')[],
  key: string,
): void {
  const empty = splits.filter((split) => corpus[`${split}Documents`] === 0);
  if (empty.length === 0) return;
  throw new UserError(
    'project/empty-split',
    `${key} "${corpus.name}" has no documents in its ${empty.join(' and ')} split.`,
    `It has ${corpus.documents} documents in all; import more, or cut them with a document boundary of line or blank-line.`,
  );
}

async function requireSpaceFor(
  { home }: Services,
  project: ProjectFile,
  { model }: Material,
): Promise<void> {
  const bytes = runBytes(model.parameters, project.training.save_total_limit);
  await requireSpace(home.runs, bytes, `A run of "${model.name}"`);
}

/** Token shards and frozen-mask sets: made once, used by every run, kept for later projects. */
async function buildShared(
  services: Services,
  project: ProjectFile,
  { model, target, source }: Material,
  context: CallContext,
): Promise<SharedSpecification> {
  const { home, runJob } = services;
  const modelFolder = resolveInHome(home, model.folder);
  if (model.linked) {
    await runJob('models/verify', { folder: modelFolder, hash: model.hash }, context);
  }
  const { folder: shardFolder } = await runJob(
    'corpora/shards',
    { corpusFolder: resolveInHome(home, target.folder), modelFolder },
    context,
  );
  const evaluations: SharedSpecification['evaluations'] = [];
  for (const [role, corpus] of [
    ['source', source.evaluation],
    ['target', target],
  ] as const) {
    for (const split of ['validation', 'test'] as const) {
      const set = await frozenSet(services, project, model, corpus, split, context);
      const corpusFolder = resolveInHome(home, corpus.folder);
      evaluations.push({ name: role, role, split, corpusFolder, ...set });
    }
  }
  return {
    modelFolder,
    modelHash: model.hash,
    tokenizerHash: model.tokenizerHash,
    target: { corpusId: target.id, contentHash: target.contentHash, shardFolder },
    evaluations,
  };
}

/** The set with these settings, drawn now unless it was before. */
async function frozenSet(
  { home, store, runJob }: Services,
  project: ProjectFile,
  model: ModelRecord,
  corpus: CorpusRecord,
  split: 'validation' | 'test',
  context: CallContext,
): Promise<{ path: string; sha256: string }> {
  const settings = {
    split,
    seed: project.evaluation.seed,
    maskProbability: project.evaluation.mask_probability,
    maxSequenceLength: project.training.max_seq_length,
    maxTokens: project.evaluation.max_tokens,
  };
  // Of the corpus by id: equal text in two corpora has two sets, and each goes with its corpus.
  const key = { corpus: corpus.id, tokenizer: model.tokenizerHash, ...settings };
  const id = hashJson(key).slice(0, 32);
  const path = join(home.evaluations, id, 'frozen-masks.jsonl');
  const known = store.corpora.findFrozenSet(id);
  if (known !== undefined && existsSync(path)) return { path, sha256: known.sha256 };

  await mkdir(join(home.evaluations, id), { recursive: true, mode: 0o700 });
  const request = {
    ...settings,
    corpusFolder: resolveInHome(home, corpus.folder),
    modelFolder: resolveInHome(home, model.folder),
    path,
  };
  const { sha256 } = await runJob('evaluations/draw', request, context);
  store.corpora.putFrozenSet({
    id,
    corpusId: corpus.id,
    path: relativeToHome(home, path),
    sha256,
    createdAt: new Date().toISOString(),
  });
  return { path, sha256 };
}

/**
 * Registers the project with its runs. The same file again, or one that differs only in strategies
 * and seeds, continues the project that is there: runs with a configuration it has are taken from
 * it, cancelled ones excepted. Returns the ids of the runs that the file means.
 */
async function register(
  services: Services,
  project: ProjectFile,
  material: Material,
  planned: readonly PlannedRun[],
): Promise<{ record: ProjectRecord; runs: string[] }> {
  const { home, store } = services;
  const known = store.projects
    .list()
    .findLast(({ name, file }) => name === project.name && isSameStudy(file, project));
  const record = known ?? {
    id: newIdentifier('project'),
    name: project.name,
    file: JSON.stringify(project),
    createdAt: new Date().toISOString(),
  };
  const existing = new Map(
    store.runs
      .list({ projectId: record.id })
      .filter(({ state }) => state !== 'cancelled')
      .map((run) => [run.configurationHash, run.id]),
  );
  const added = planned
    .filter((plan) => !existing.has(plan.configurationHash))
    .map((plan) => newRun(services, record, plan));
  // The folder first: a run in the database always has one, a folder without a run is empty.
  try {
    for (const run of added) {
      const folder = resolveInHome(home, run.folder);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const content = projectRecordJson(record, run, corporaOf(material));
      await writeFileAtomically(join(folder, PROJECT_RECORD_FILE), content);
    }
    store.transaction(() => {
      for (const { id, name } of [material.target, ...Object.values(material.source)]) {
        if (store.corpora.find(id) === undefined) throw purgedMeanwhile(name);
      }
      if (known === undefined) store.projects.insert(record);
      for (const run of added) {
        const queuePosition = store.runs.nextQueuePosition();
        store.runs.insert({ ...run, queuePosition }, corporaOf(material));
      }
    });
  } catch (error) {
    for (const run of added)
      await rm(resolveInHome(home, run.folder), { recursive: true, force: true });
    throw error;
  }
  const byHash = new Map([
    ...existing,
    ...added.map((run) => [run.configurationHash, run.id] as const),
  ]);
  return { record, runs: planned.flatMap((plan) => byHash.get(plan.configurationHash) ?? []) };
}

function newRun({ home }: Services, project: ProjectRecord, plan: PlannedRun): NewRunRecord {
  const runId = newIdentifier('run');
  const runFolder = join(home.runs, runId);
  return initialRun(
    home,
    { ...plan.specification, runId, runFolder },
    {
      projectId: project.id,
      name: plan.name,
      purpose: 'result',
      state: 'queued',
      configurationHash: plan.configurationHash,
      createdAt: new Date().toISOString(),
    },
  );
}

function corporaOf({ target, source }: Material): { corpusId: string; role: string }[] {
  return [
    { corpusId: target.id, role: 'target' },
    ...Object.entries(source).map(([use, { id }]) => ({ corpusId: id, role: `source/${use}` })),
  ];
}

/** Whether a stored project file and a new one may share a project: strategies and seeds aside, they are equal. */
function isSameStudy(stored: string, project: ProjectFile): boolean {
  const study = (file: object): string => hashJson({ ...file, strategies: null, seeds: null });
  return study(JSON.parse(stored) as object) === study(project);
}

function purgedMeanwhile(name: string): UserError {
  return new UserError(
    'corpus/purged',
    `Corpus "${name}" was purged while the project was prepared.`,
    'Import it again, or name another corpus in the project file.',
  );
}
