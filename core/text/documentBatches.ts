import type { CorpusDocument } from './types.ts';

/** Characters and documents that are tokenised at a time: enough for every core, little memory. */
const BATCH_CHARACTERS = 2 ** 20;
const BATCH_DOCUMENTS = 4096;

/** Documents in order, as many at a time as are worth one call of the tokenizer. */
export function* documentBatches(
  documents: Iterable<CorpusDocument>,
): Generator<readonly CorpusDocument[]> {
  let batch: CorpusDocument[] = [];
  let characters = 0;
  for (const document of documents) {
    batch.push(document);
    characters += document.text.length;
    if (characters >= BATCH_CHARACTERS || batch.length >= BATCH_DOCUMENTS) {
      yield batch;
      batch = [];
      characters = 0;
    }
  }
  if (batch.length > 0) yield batch;
}
