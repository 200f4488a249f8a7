import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TEMPORARY_PREFIX } from '../../base/files.ts';
import type { CorpusRecord } from '../../store/corpora.ts';
import type { ModelRecord } from '../../store/models.ts';
import { fisherId } from '../../strategies/fisherConvention.ts';
import type { FisherConvention } from '../../strategies/fisherConvention.ts';
import type { CallContext } from '../calls.ts';
import { relativeToHome, resolveInHome } from '../home.ts';
import type { ProjectFile } from '../projectFile.ts';
import { fisherBytes, requireSpace } from '../space.ts';
import type { Services } from './services.ts';

export interface FisherMaterial {
  readonly model: ModelRecord;
  /** The source corpus of the use `fisher`, and its token shards for the model. */
  readonly corpus: CorpusRecord;
  readonly shardFolder: string;
  readonly project: Pick<ProjectFile, 'fisher' | 'training' | 'engine' | 'threads'>;
}

/**
 * The Fisher diagonal of a base model on a corpus, estimated now unless there is an intact estimate
 * with the same convention. A linked model was verified by the caller.
 * @throws UserError `run/no-space`, `fisher/no-text`, `fisher/not-finite`, and those of jobs
 */
export async function fisherFor(
  services: Pick<Services, 'home' | 'store' | 'runJob' | 'corpusUse'>,
  { model, corpus, shardFolder, project }: FisherMaterial,
  context: CallContext,
): Promise<{ id: string; folder: string }> {
  const { home, store, runJob, corpusUse } = services;
  const convention = conventionOf(model, corpus, project);
  const id = fisherId(convention);
  const folder = join(home.fisher, id);
  return corpusUse.reading([corpus.id], async () => {
    if (!existsSync(folder)) {
      const bytes = fisherBytes(model.parameters);
      await requireSpace(home.fisher, bytes, `The Fisher diagonal of "${model.name}"`);
    }
    // Before the folder: a purge of the corpus finds every one. A record without a folder is harmless.
    store.fisher.put({
      id,
      corpusId: corpus.id,
      modelHash: model.hash,
      folder: relativeToHome(home, folder),
      createdAt: new Date().toISOString(),
    });
    const request = {
      convention,
      modelFolder: resolveInHome(home, model.folder),
      shardFolder,
      engine: project.engine,
      ...(project.threads === undefined ? {} : { threads: project.threads }),
      folder,
    };
    try {
      await runJob('fisher/estimate', request, context);
    } catch (error) {
      await removeTemporariesOf(home.fisher, id);
      throw error;
    }
    return { id, folder };
  });
}

export function conventionOf(
  model: ModelRecord,
  corpus: CorpusRecord,
  { fisher, training }: Pick<ProjectFile, 'fisher' | 'training'>,
): FisherConvention {
  return {
    modelHash: model.hash,
    tokenizerHash: model.tokenizerHash,
    corpusHash: corpus.contentHash,
    settings: fisher,
    max_seq_length: training.max_seq_length,
    packing: training.packing,
    mlm_probability: training.mlm_probability,
    whole_word_mask: training.whole_word_mask,
  };
}

/** What a process that was killed left of its estimate. */
async function removeTemporariesOf(parent: string, id: string): Promise<void> {
  for (const entry of await readdir(parent)) {
    if (entry.startsWith(TEMPORARY_PREFIX) && entry.endsWith(`-${id}`)) {
      await rm(join(parent, entry), { recursive: true, force: true });
    }
  }
}
