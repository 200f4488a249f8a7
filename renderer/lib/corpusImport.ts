/** What a person chooses for an import, and what a look into the files suggests. */
import type { Request } from '../../core/workbench/contract.ts';
import type { CorpusPreview } from '../../core/workbench/schemas/corpusPreview.ts';
import { formatCount, formatCounted } from './format.ts';

export interface ImportChoices {
  /** Empty: found by its name. */
  column: string;
  /** The column that was suggested where none was clear. */
  guessedColumn: string;
  /** Empty: none. */
  groupColumn: string;
  boundary: 'file' | 'line' | 'blank-line';
  use: 'all' | 'evaluation';
  isStrict: boolean;
}

export const FIRST_CHOICES: ImportChoices = {
  column: '',
  guessedColumn: '',
  groupColumn: '',
  boundary: 'file',
  use: 'all',
  isStrict: false,
};

/** Documents that the dialog shows. */
const SHOWN_DOCUMENTS = 5;
const LONGEST_VALUE = 36;

const hasColumns = (path: string): boolean =>
  /\.(csv|tsv|tab|jsonl|ndjson|parquet)(\.gz)?$/i.test(path);

/** Which kinds of settings matter: of the files once they are known, else by the names given. */
export function settingsFor(
  paths: readonly string[],
  preview: CorpusPreview | undefined,
): { readonly text: boolean; readonly table: boolean } {
  if (preview !== undefined && preview.files > 0) {
    const text = preview.filesByFormat.text ?? 0;
    return { text: text > 0, table: preview.files > text };
  }
  return {
    text: paths.some((path) => !hasColumns(path)),
    table: paths.some((path) => hasColumns(path)),
  };
}

/** What both a preview and an import ask for. */
export function readingRequest(
  paths: readonly string[],
  { column, groupColumn, boundary, isStrict }: ImportChoices,
): Request<'corpora/preview'> {
  return {
    paths: [...paths],
    documentBoundary: boundary,
    strict: isStrict,
    ...(column.trim() === '' ? {} : { column: column.trim() }),
    ...(groupColumn.trim() === '' ? {} : { groupColumn: groupColumn.trim() }),
  };
}

export function previewRequest(
  paths: readonly string[],
  choices: ImportChoices,
): Request<'corpora/preview'> {
  return { ...readingRequest(paths, choices), limit: SHOWN_DOCUMENTS };
}

/** The columns that a first look suggests for what was not chosen; undefined when there is none. */
export function suggestedChoices(
  { suggestedColumn, suggestedGroupColumn }: CorpusPreview,
  { column, groupColumn }: ImportChoices,
): Partial<ImportChoices> | undefined {
  const suggested = {
    ...(column === '' && suggestedColumn !== null
      ? { column: suggestedColumn, guessedColumn: suggestedColumn }
      : {}),
    ...(groupColumn === '' && suggestedGroupColumn !== null
      ? { groupColumn: suggestedGroupColumn }
      : {}),
  };
  return Object.keys(suggested).length === 0 ? undefined : suggested;
}

export interface ColumnOption {
  readonly value: string;
  readonly label: string;
  readonly detail: string;
}

const KIND_WORDS: Readonly<Record<CorpusPreview['columns'][number]['kind'], string>> = {
  text: 'text',
  number: 'number',
  date: 'date',
  boolean: 'yes or no',
  structure: 'has parts',
  empty: 'empty',
};

export function columnOptions(columns: CorpusPreview['columns']): ColumnOption[] {
  return columns.map(({ name, kind, examples: [first] }) => ({
    value: name,
    label: name,
    detail: first === undefined ? KIND_WORDS[kind] : `${KIND_WORDS[kind]} · ${shortened(first)}`,
  }));
}

function shortened(value: string): string {
  if (value.length <= LONGEST_VALUE) return value;
  return `${value.slice(0, LONGEST_VALUE - 1).toWellFormed()}…`;
}

/** "2,310 of 2,614 documents; 304 exact duplicates left out." and what else a person should know. */
export function importReport(corpus: {
  readonly documents: number;
  readonly documentsRead: number;
  readonly exactDuplicates: number;
  readonly nearDuplicates: number;
  readonly nearDuplicateClusters: number;
  readonly replacedSequences: number;
  readonly splitDocuments: Readonly<Record<'train' | 'validation' | 'test', number>>;
}): { readonly message: string; readonly detail: string } {
  const { documents, documentsRead, exactDuplicates: exact, nearDuplicates: near } = corpus;
  const { train, validation, test } = corpus.splitDocuments;
  const read = `${formatCount(documents)} of ${formatCounted(documentsRead, 'document')}`;
  const details = [
    near === 0
      ? ''
      : `${formatCounted(near, 'near duplicate')} in ${formatCounted(corpus.nearDuplicateClusters, 'cluster')} kept together`,
    `${formatCount(train)} train, ${formatCount(validation)} validation and ${formatCount(test)} test documents`,
    corpus.replacedSequences === 0
      ? ''
      : `${formatCounted(corpus.replacedSequences, 'place')} not UTF-8 replaced`,
  ];
  return {
    message:
      exact === 0 ? `${read}.` : `${read}; ${formatCounted(exact, 'exact duplicate')} left out.`,
    detail: `${details.filter((part) => part !== '').join('; ')}.`,
  };
}
