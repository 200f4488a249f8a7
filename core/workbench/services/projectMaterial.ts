/** What a project file's names stand for, and what its runs share, made once and kept. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { hashJson } from '../../base/files.ts';
import type { CorpusRecord } from '../../store/corpora.ts';
import type { ModelRecord } from '../../store/models.ts';
import type { CallContext } from '../calls.ts';
import { findCorpus, findModel } from '../find.ts';
import { relativeToHome, resolveInHome } from '../home.ts';
import type { SharedSpecification } from '../projectExpansion.ts';
import type { ProjectFile } from '../projectFile.ts';
import { findMisfits } from '../projectFit.ts';
import { sourceWords } from '../sourceUses.ts';
import type { SourceUse } from '../sourceUses.ts';
import { sourceNeeds } from '../strategyEntries.ts';
import { requireSpace, runBytes } from '../space.ts';
import { fisherFor } from './fisher.ts';
import type { Services } from './services.ts';

export interface Material {
  readonly model: ModelRecord;
  readonly target: CorpusRecord;
  readonly source: { readonly evaluation: CorpusRecord } & {
    readonly [Use in SourceUse]?: CorpusRecord | undefined;
  };
}

/** @throws UserError `model/not-found`, `corpus/not-found`, `project/needs-source` and their like */
export function findMaterial({ home, store }: Services, project: ProjectFile): Material {
  const byFolder = store.models
    .list()
    .find((model) => resolveInHome(home, model.folder) === project.base_model);
  const words = sourceWords(project);
  const find = (use: SourceUse): CorpusRecord | undefined => {
    const word = words[use];
    return word === undefined ? undefined : findCorpus(store, word);
  };
  return {
    model: byFolder ?? findModel(store, project.base_model),
    target: findCorpus(store, project.target_corpus),
    source: {
      evaluation: findCorpus(store, words.evaluation),
      rehearsal: find('rehearsal'),
      fisher: find('fisher'),
    },
  };
}

/** @throws UserError for settings that the model or the corpora do not allow */
export function requireFit(project: ProjectFile, material: Material): void {
  const [misfit] = findMisfits(project, material);
  if (misfit) throw new UserError(misfit.code, misfit.sentence, misfit.hint);
}

export async function requireSpaceFor(
  { home }: Services,
  project: ProjectFile,
  { model }: Material,
): Promise<void> {
  const bytes = runBytes(model.parameters, project.training.save_total_limit);
  await requireSpace(home.runs, bytes, `A run of "${model.name}"`);
}

/** Token shards, frozen-mask sets and the Fisher diagonal: made once, used by every run, kept for later projects. */
export async function buildShared(
  services: Services,
  project: ProjectFile,
  material: Material,
  context: CallContext,
): Promise<SharedSpecification> {
  const { home, runJob } = services;
  const { model, target, source } = material;
  const modelFolder = resolveInHome(home, model.folder);
  if (model.linked) {
    await runJob('models/verify', { folder: modelFolder, hash: model.hash }, context);
  }
  const shards = async (corpus: CorpusRecord): Promise<SharedSpecification['target']> => {
    const request = { corpusFolder: resolveInHome(home, corpus.folder), modelFolder };
    const { folder: shardFolder } = await runJob('corpora/shards', request, context);
    return { corpusId: corpus.id, contentHash: corpus.contentHash, shardFolder };
  };
  const targetShards = await shards(target);
  const evaluations: SharedSpecification['evaluations'] = [];
  for (const [role, corpus] of [
    ['source', source.evaluation],
    ['target', target],
  ] as const) {
    for (const split of ['validation', 'test'] as const) {
      const set = await frozenSet(services, project, model, corpus, split, context);
      const corpusFolder = resolveInHome(home, corpus.folder);
      const { contentHash } = corpus;
      evaluations.push({ name: role, role, split, corpusFolder, contentHash, ...set });
    }
  }
  const needs = sourceNeeds(project);
  const { rehearsal, fisher } = source;
  let rehearsalShards: SharedSpecification['rehearsal'];
  if (needs.has('rehearsal corpus') && rehearsal !== undefined) {
    rehearsalShards = { ...(await shards(rehearsal)), buffer: project.rehearsal };
  }
  let diagonal: SharedSpecification['fisher'];
  if (needs.has('Fisher diagonal') && fisher !== undefined) {
    const { shardFolder } =
      fisher.id === rehearsal?.id && rehearsalShards !== undefined
        ? rehearsalShards
        : await shards(fisher);
    const made = await fisherFor(
      services,
      { model, corpus: fisher, shardFolder, project },
      context,
    );
    const { id, folder } = made;
    diagonal = { id, corpusHash: fisher.contentHash, settings: project.fisher, folder };
  }
  return {
    modelFolder,
    modelHash: model.hash,
    tokenizerHash: model.tokenizerHash,
    target: targetShards,
    ...(rehearsalShards === undefined ? {} : { rehearsal: rehearsalShards }),
    ...(diagonal === undefined ? {} : { fisher: diagonal }),
    baseScoresFolder: home.baseScores,
    evaluations,
  };
}

/** What a frozen-mask set of a project is drawn by, and where it is once it has been drawn. */
export function frozenSetOf(
  { home, store }: Pick<Services, 'home' | 'store'>,
  project: ProjectFile,
  model: ModelRecord,
  corpus: CorpusRecord,
  split: 'validation' | 'test',
) {
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
  const sha256 = known !== undefined && existsSync(path) ? known.sha256 : undefined;
  return { id, path, settings, sha256 };
}

/** The set with these settings, drawn now unless it was before. */
async function frozenSet(
  services: Services,
  project: ProjectFile,
  model: ModelRecord,
  corpus: CorpusRecord,
  split: 'validation' | 'test',
  context: CallContext,
): Promise<{ path: string; sha256: string }> {
  const { home, store, runJob } = services;
  const {
    id,
    path,
    settings,
    sha256: known,
  } = frozenSetOf(services, project, model, corpus, split);
  if (known !== undefined) return { path, sha256: known };

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
