/** Corpus work, inside a job process. */
import { join } from 'node:path';
import { openCorpus } from '../../text/corpusReader.ts';
import { importCorpus } from '../../text/importCorpus.ts';
import { previewCorpus } from '../../text/previewCorpus.ts';
import { buildShards } from '../../text/shards.ts';
import { openTokenizer } from '../../text/tokenizer.ts';
import type { CorpusReader, ReportProgress } from '../../text/types.ts';
import { reportVocabulary } from '../../text/vocabularyReport.ts';
import { SHARDS_FOLDER } from '../home.ts';
import type { JobReply, JobRequest } from '../jobContract.ts';
import { LONGEST_COLUMN_NAME, LONGEST_EXCERPT, MOST_COLUMNS } from '../schemas/corpusPreview.ts';

export async function importWork(
  request: JobRequest<'corpora/import'>,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<JobReply<'corpora/import'>> {
  return importCorpus(request, report, signal);
}

/** What a person sees of it: a document may be as long as a file, a table wider than a screen. */
export async function previewWork(
  { paths, limit, ...options }: JobRequest<'corpora/preview'>,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<JobReply<'corpora/preview'>> {
  const preview = await previewCorpus(paths, options, limit, report, signal);
  const columns = preview.columns
    .filter(({ name }) => name.length <= LONGEST_COLUMN_NAME)
    .slice(0, MOST_COLUMNS)
    .map((column) => ({ ...column, examples: [...column.examples] }));
  const { findings, ...sample } = preview.personalData;
  return {
    ...preview,
    columns,
    columnsLeftOut: preview.columns.length - columns.length,
    documents: preview.documents.map((text) => ({
      text: text.slice(0, LONGEST_EXCERPT).toWellFormed(),
      characters: text.length,
    })),
    personalData: {
      ...sample,
      findings: findings.map((found) => ({ ...found, examples: [...found.examples] })),
    },
  };
}

export async function reportWork(
  { corpusFolder, modelFolder }: JobRequest<'corpora/report'>,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<JobReply<'corpora/report'>> {
  const { tokenizer } = await openTokenizer(modelFolder);
  using reader = openReader(corpusFolder);
  return reportVocabulary({ corpus: reader.corpus, tokenizer }, report, signal);
}

export async function shardsWork(
  { corpusFolder, modelFolder }: JobRequest<'corpora/shards'>,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<JobReply<'corpora/shards'>> {
  const { tokenizer } = await openTokenizer(modelFolder);
  using reader = openReader(corpusFolder);
  const folder = join(corpusFolder, SHARDS_FOLDER, tokenizer.hash);
  await buildShards({ corpus: reader.corpus, tokenizer, folder }, report, signal);
  return { folder };
}

function openReader(folder: string): Disposable & { readonly corpus: CorpusReader } {
  const corpus = openCorpus(folder);
  return {
    corpus,
    [Symbol.dispose]: () => {
      corpus.close();
    },
  };
}
