/** `corpus preview`: what an import would read, before anything is stored. */
import { resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { DocumentBoundary } from '../../text/types.ts';
import type { Request } from '../../workbench/contract.ts';
import {
  PERSONAL_DATA_HINT,
  PERSONAL_DATA_WORDS,
  changeWords,
  filesWords,
  sampleWords,
  stopsImport,
} from '../../workbench/corpusPreviewWords.ts';
import { MOST_DOCUMENTS } from '../../workbench/schemas/corpusPreview.ts';
import type { CorpusPreview } from '../../workbench/schemas/corpusPreview.ts';
import { answerFromWorkbench, callWithProgress, examples, newCommand } from '../command.ts';
import type { CommonOptions, Session } from '../command.ts';
import { FAILED_EXIT_CODE } from '../failure.ts';
import { formatBytes, formatCount } from '../output/format.ts';
import { table } from '../output/table.ts';

/** How files are read: the same for a preview and for the import after it. */
export interface ReadingOptions {
  readonly column?: string;
  readonly groupColumn?: string;
  readonly documents: DocumentBoundary;
  readonly strict?: boolean;
}

const BOUNDARIES: readonly DocumentBoundary[] = ['file', 'line', 'blank-line'];
/** Of a document and of a column's value, as a terminal shows them. */
const LONGEST_TEXT = 600;
const LONGEST_VALUE = 48;

export function addReadingOptions(command: Command): Command {
  return command
    .argument('<paths...>', 'files and folders')
    .option('--column <name>', 'column that holds the text (.csv, .tsv, .jsonl, .parquet)')
    .option('--group-column <name>', 'column whose values stay in one split, such as the patient')
    .addOption(
      new Option('--documents <boundary>', 'what a document is in a .txt file')
        .choices(BOUNDARIES)
        .default('file'),
    )
    .option('--strict', 'refuse text that is not valid UTF-8 instead of replacing it');
}

export function readingRequest(
  paths: readonly string[],
  { column, groupColumn, documents, strict }: ReadingOptions,
): Request<'corpora/preview'> {
  return {
    paths: paths.map((path) => resolve(path)),
    ...(column === undefined ? {} : { column }),
    ...(groupColumn === undefined ? {} : { groupColumn }),
    documentBoundary: documents,
    strict: strict ?? false,
  };
}

export function previewCommand(session: Session): Command {
  type Options = CommonOptions & ReadingOptions & { readonly show: number };
  return addReadingOptions(
    newCommand(
      'preview',
      'look into text files before an import',
      'Shows the files, columns and first documents that an import would read, what looks like ' +
        'personal data in a sample of them, and what would stop it. Nothing is stored.',
    ),
  )
    .option('--show <number>', `documents to show, 1 to ${MOST_DOCUMENTS}`, documentCount, 3)
    .addHelpText(
      'after',
      examples(
        'palimpsest corpus preview ./notes',
        'palimpsest corpus preview medquad.csv --column answer',
      ),
    )
    .action((paths: string[], { show, ...options }: Options) =>
      answerFromWorkbench(session, options, async (workbench) => {
        const request = { ...readingRequest(paths, options), limit: show };
        const preview = await callWithProgress(
          session.environment,
          workbench,
          'corpora/preview',
          request,
        );
        const exitCode = stopsImport(preview.problem) ? FAILED_EXIT_CODE : 0;
        return { document: preview, text: describePreview(preview), exitCode };
      }),
    );
}

function documentCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= MOST_DOCUMENTS) return count;
  throw new InvalidArgumentError(`A whole number from 1 to ${MOST_DOCUMENTS} is needed.`);
}

function describePreview(preview: CorpusPreview): string {
  const { bytes, problem } = preview;
  const overview = [`${filesWords(preview)}, ${formatBytes(bytes)}.`, ...changeWords(preview)];
  return [
    overview.map((line) => `${line}\n`).join(''),
    describeColumns(preview),
    describeDocuments(preview),
    describePersonalData(preview),
    describeProblem(problem),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function describeProblem(problem: CorpusPreview['problem']): string {
  if (problem === null) return '';
  const start = stopsImport(problem) ? 'An import would stop: ' : '';
  return `${start}${problem.message}\n${problem.hint}\n`;
}

function describeColumns(preview: CorpusPreview): string {
  const { columns, columnsLeftOut, column, suggestedColumn, suggestedGroupColumn } = preview;
  if (columns.length === 0) return '';
  const useOf = (name: string): string => {
    if (name === column) return 'text';
    if (name === suggestedColumn) return 'text?';
    return name === suggestedGroupColumn ? 'group?' : '';
  };
  const rows = columns.map(({ name, kind, examples: values }) => [
    useOf(name),
    printable(name),
    kind,
    shortened(printable(values[0] ?? ''), LONGEST_VALUE),
  ]);
  const titles = ['use', 'column', 'kind', 'first value'].map((title) => ({ title }));
  const more =
    columnsLeftOut === 0 ? '' : `${formatCount(columnsLeftOut)} more columns are not shown.\n`;
  return table(titles, rows) + more;
}

function describeDocuments({ documents }: CorpusPreview): string {
  return documents
    .map(({ text, characters }, index) => {
      const size = `${formatCount(characters)} character${characters === 1 ? '' : 's'}`;
      const lines = shortened(text, LONGEST_TEXT, characters).split('\n').map(printable);
      return `Document ${index + 1}, ${size}\n${lines.map((line) => `  ${line}\n`).join('')}`;
    })
    .join('\n');
}

function describePersonalData({ personalData, files }: CorpusPreview): string {
  const { findings, documents } = personalData;
  if (documents === 0) return '';
  const where = sampleWords(personalData, files);
  if (findings.length === 0) {
    return `Nothing was found that looks like personal data ${where}.\n${PERSONAL_DATA_HINT}\n`;
  }
  const rows = findings.map((found) => [
    PERSONAL_DATA_WORDS[found.kind].toLowerCase(),
    formatCount(found.count),
    formatCount(found.documents),
    found.examples.map(printable).join('   '),
  ]);
  const columns = [
    { title: 'kind' },
    { title: 'places', align: 'right' },
    { title: 'documents', align: 'right' },
    { title: 'such as' },
  ] as const;
  return `This looks like personal data (looked ${where}):\n${table(columns, rows)}${PERSONAL_DATA_HINT}\n`;
}

function shortened(text: string, length: number, of = text.length): string {
  return of > length ? `${text.slice(0, length).toWellFormed()}…` : text;
}

/** Files may hold what a terminal would take for commands. */
function printable(text: string): string {
  return text.replace(/\t/g, '    ').replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '·');
}
