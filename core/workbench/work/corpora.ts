/** Corpus work, inside a job process. */
import { join } from 'node:path';
import { openCorpus } from '../../text/corpusReader.ts';
import { importCorpus } from '../../text/importCorpus.ts';
import { buildShards } from '../../text/shards.ts';
import { openTokenizer } from '../../text/tokenizer.ts';
import type { CorpusReader, ReportProgress } from '../../text/types.ts';
import { reportVocabulary } from '../../text/vocabularyReport.ts';
import { SHARDS_FOLDER } from '../home.ts';
import type { JobReply, JobRequest } from '../jobContract.ts';

export async function importWork(
  request: JobRequest<'corpora/import'>,
  report: ReportProgress,
  signal: AbortSignal,
): Promise<JobReply<'corpora/import'>> {
  return importCorpus(request, report, signal);
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
