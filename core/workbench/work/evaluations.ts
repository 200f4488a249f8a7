/** Draws frozen-mask sets, inside a job process. */
import { drawFrozenMasks, writeFrozenMasks } from '../../evaluation/frozenMasks.ts';
import { openCorpus } from '../../text/corpusReader.ts';
import { openTokenizer } from '../../text/tokenizer.ts';
import type { JobReply, JobRequest } from '../jobContract.ts';

export async function drawWork(
  request: JobRequest<'evaluations/draw'>,
): Promise<JobReply<'evaluations/draw'>> {
  const { corpusFolder, modelFolder, path, ...options } = request;
  const { tokenizer } = await openTokenizer(modelFolder);
  const corpus = openCorpus(corpusFolder);
  try {
    const set = await drawFrozenMasks(corpus, tokenizer, options);
    return { sha256: await writeFrozenMasks(path, set) };
  } finally {
    corpus.close();
  }
}
