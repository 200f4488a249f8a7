/** How every host says what a look into files found. */
import type { CorpusPreview } from './schemas/corpusPreview.ts';

type Finding = CorpusPreview['personalData']['findings'][number];

export const PERSONAL_DATA_WORDS: Readonly<Record<Finding['kind'], string>> = {
  name: 'Names',
  'birth-date': 'Dates of birth',
  date: 'Dates',
  phone: 'Phone numbers',
  email: 'E-mail addresses',
  'record-number': 'Record numbers',
  'insurance-number': 'Insurance numbers',
  address: 'Addresses',
};

/** What the list is worth. */
export const PERSONAL_DATA_HINT =
  'A hint and no proof: patterns find what is written in usual forms and miss the rest. ' +
  'The text stays on this machine, but weights trained on it may repeat parts of it.';

/** Whether an import would meet this problem too: one format can be read but not looked into. */
export function stopsImport(problem: CorpusPreview['problem']): boolean {
  return problem !== null && problem.code !== 'corpus/no-preview';
}

const count = (value: number, one: string): string =>
  `${value.toLocaleString('en-US')} ${one}${value === 1 ? '' : 's'}`;

/** "in the first 2,000 documents of 64 files"; "in all 12 documents" when the sample is everything. */
export function sampleWords(
  { complete, documents, files }: CorpusPreview['personalData'],
  allFiles: number,
): string {
  if (complete)
    return documents === 1 ? 'in the one document' : `in all ${count(documents, 'document')}`;
  const of = files < allFiles ? ` of ${allFiles.toLocaleString('en-US')}` : '';
  const first =
    documents === 1 ? 'in the first document' : `in the first ${count(documents, 'document')}`;
  return `${first} of ${files.toLocaleString('en-US')}${of} file${allFiles === 1 ? '' : 's'}`;
}

const FORMAT_WORDS: readonly (readonly [keyof CorpusPreview['filesByFormat'], string])[] = [
  ['text', 'plain text'],
  ['csv', 'CSV'],
  ['tsv', 'TSV'],
  ['jsonl', 'JSON Lines'],
  ['parquet', 'Parquet'],
];

/** "3 files: 2 CSV, 1 plain text". */
export function filesWords({ files, filesByFormat }: CorpusPreview): string {
  const present = FORMAT_WORDS.flatMap(([format, word]) => {
    const number = filesByFormat[format] ?? 0;
    return number === 0 ? [] : [{ number, word }];
  });
  const [only] = present;
  if (only === undefined) return count(files, 'file');
  if (present.length === 1) return `${count(files, 'file')}, ${only.word}`;
  const parts = present.map(({ number, word }) => `${number.toLocaleString('en-US')} ${word}`);
  return `${count(files, 'file')}: ${parts.join(', ')}`;
}

/** What is changed or left out on the way, one sentence each. */
export function changeWords(preview: CorpusPreview): string[] {
  const { emptyDocuments, replacedSequences, removedNulCharacters, skippedFiles } = preview;
  const sentences: string[] = [];
  if (skippedFiles > 0) {
    sentences.push(
      `${count(skippedFiles, 'file')} of other formats ${skippedFiles === 1 ? 'is' : 'are'} passed over.`,
    );
  }
  if (emptyDocuments > 0) {
    sentences.push(`${count(emptyDocuments, 'empty document')} left out so far.`);
  }
  if (replacedSequences > 0) {
    sentences.push(
      `${count(replacedSequences, 'place')} that ${replacedSequences === 1 ? 'is' : 'are'} not UTF-8 so far, read with a replacement character.`,
    );
  }
  if (removedNulCharacters > 0) {
    sentences.push(`${count(removedNulCharacters, 'NUL character')} removed so far.`);
  }
  return sentences;
}
