/** Whether the settings of a project go with its model and corpora. Pure. */
import type { CorpusRecord } from '../store/corpora.ts';
import type { ModelRecord } from '../store/models.ts';
import type { ProjectFile } from './projectFile.ts';
import { USE_OF } from './sourceUses.ts';
import type { SourceUse } from './sourceUses.ts';
import { sourceNeeds } from './strategyEntries.ts';

type FitCorpus = Pick<
  CorpusRecord,
  'id' | 'name' | 'documents' | 'trainDocuments' | 'validationDocuments' | 'testDocuments'
>;

/** What the names of a project file stand for, as far as it is looked at here. */
export interface FitMaterial {
  readonly model: Pick<ModelRecord, 'name' | 'maxSeqLength'>;
  readonly target: FitCorpus;
  readonly source: { readonly evaluation: FitCorpus } & {
    readonly [Use in SourceUse]?: FitCorpus | undefined;
  };
}

export interface Misfit {
  readonly code: 'project/sequence-length' | 'project/same-corpus' | 'project/empty-split';
  /** Of the key in the project file. */
  readonly path: readonly string[];
  readonly sentence: string;
  readonly hint: string;
}

/** Every setting that the model or the corpora do not allow. */
export function findMisfits(project: ProjectFile, material: FitMaterial): Misfit[] {
  const { model, target, source } = material;
  const misfits: Misfit[] = [];
  const length = project.training.max_seq_length;
  if (length > model.maxSeqLength) {
    misfits.push({
      code: 'project/sequence-length',
      path: ['training', 'max_seq_length'],
      sentence: `training.max_seq_length is ${length}, but the model "${model.name}" has positions for ${model.maxSeqLength} tokens.`,
      hint: `Set it to ${model.maxSeqLength} or less.`,
    });
  }
  const pathOf = (use: SourceUse): string[] =>
    typeof project.source_corpus === 'string' ? ['source_corpus'] : ['source_corpus', use];
  for (const use of ['evaluation', 'rehearsal', 'fisher'] as const) {
    if (source[use]?.id === target.id) misfits.push(sameCorpus(pathOf(use), target));
  }
  misfits.push(
    ...emptySplits(target, ['train', 'validation', 'test'], ['target_corpus']),
    ...emptySplits(source.evaluation, ['validation', 'test'], pathOf('evaluation')),
  );
  for (const [need, strategy] of sourceNeeds(project)) {
    const use = USE_OF[need];
    const corpus = source[use];
    if (corpus === undefined || corpus.trainDocuments > 0) continue;
    misfits.push({
      code: 'project/empty-split',
      path: pathOf(use),
      sentence: `${pathOf(use).join('.')} "${corpus.name}" has no documents in its train split, which the strategy ${strategy.toUpperCase()} reads.`,
      hint: `Import the corpus without --split, or name another one as source_corpus.${use}.`,
    });
  }
  return misfits;
}

function sameCorpus(path: readonly string[], { name }: FitCorpus): Misfit {
  return {
    code: 'project/same-corpus',
    path,
    sentence: `target_corpus and ${path.join('.')} are both "${name}".`,
    hint: 'Forgetting is of another domain than the target: name a corpus of general text as source.',
  };
}

function emptySplits(
  corpus: FitCorpus,
  splits: readonly ('train' | 'validation' | 'test')[],
  path: readonly string[],
): Misfit[] {
  const empty = splits.filter((split) => corpus[`${split}Documents`] === 0);
  if (empty.length === 0) return [];
  return [
    {
      code: 'project/empty-split',
      path,
      sentence: `${path.join('.')} "${corpus.name}" has no documents in its ${empty.join(' and ')} split.`,
      hint: `It has ${corpus.documents} documents in all; import more, or cut them with a document boundary of line or blank-line.`,
    },
  ];
}
