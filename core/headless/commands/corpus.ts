import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { SplitShares } from '../../text/splits.ts';
import type { Corpus, CorpusReport } from '../../workbench/contract.ts';
import {
  answerFromWorkbench,
  examples,
  newCommand,
  wholeNumber,
  callWithProgress,
} from '../command.ts';
import type { CommonOptions, Session } from '../command.ts';
import { formatBytes, formatCount, formatPercent, formatTime } from '../output/format.ts';
import { facts, table } from '../output/table.ts';
import { addReadingOptions, previewCommand, readingRequest } from './corpusPreview.ts';
import type { ReadingOptions } from './corpusPreview.ts';

interface ImportOptions extends CommonOptions, ReadingOptions {
  readonly name: string;
  readonly seed: number;
  readonly split?: SplitShares;
}

const BAR_WIDTH = 30;

/** Reads `train,validation,test`; that they sum to 1 is the import's to check. */
function splitShares(text: string): SplitShares {
  const shares = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (shares.length !== 3 || !shares.every((share) => share >= 0 && share <= 1)) {
    throw new InvalidArgumentError(
      'Three shares between 0 and 1 are needed, such as 0.9,0.05,0.05.',
    );
  }
  const [train, validation, test] = shares;
  return { train, validation, test };
}

/** `corpus import`, `corpus preview`, `corpus list` and `corpus report`. */
export function addCorpusCommands(group: Command, session: Session): void {
  const { environment } = session;

  const importing = addReadingOptions(
    newCommand(
      'import',
      'import text files',
      'Imports text: .txt, .csv, .tsv, .jsonl and .parquet files, also gzipped, or folders of them. ' +
        'Exact duplicates are left out; near-duplicates stay together in one split.',
    ),
  )
    .requiredOption('--name <name>', 'name to use in project files')
    .option('--seed <number>', 'seed of the train, validation and test split', wholeNumber, 0)
    .option(
      '--split <shares>',
      'shares of train,validation,test (default: 0.9,0.05,0.05); 0,0.5,0.5 for text that only evaluates',
      splitShares,
    )
    .addHelpText(
      'after',
      examples(
        'palimpsest corpus import ./notes --name notes',
        'palimpsest corpus import medquad.csv --name medquad --column answer --group-column url',
        'palimpsest corpus import wiki.txt.gz --name wiki --documents blank-line',
      ),
    )
    .action((paths: string[], options: ImportOptions) =>
      answerFromWorkbench(session, options, async (workbench) => {
        const { name, seed, split } = options;
        const request = {
          ...readingRequest(paths, options),
          name,
          seed,
          ...(split === undefined ? {} : { splitShares: split }),
        };
        const corpus = await callWithProgress(environment, workbench, 'corpora/import', request);
        return { document: corpus, text: describeImport(corpus) };
      }),
    );

  const listing = newCommand('list', 'list the corpora').action((options: CommonOptions) =>
    answerFromWorkbench(session, options, async (workbench) => {
      const corpora = await workbench.call('corpora/list', {});
      return { document: corpora, text: describeCorpora(corpora) };
    }),
  );

  const reporting = newCommand(
    'report',
    'show how a vocabulary fits a corpus',
    'Shows documents, tokens, tokens a word, unknown tokens, the words that the vocabulary of a ' +
      'model splits most, the lengths of documents, and duplicates.',
  )
    .argument('<corpus>', 'name or id of the corpus')
    .requiredOption('--model <model>', 'name or id of the model whose tokenizer is used')
    .addHelpText('after', examples('palimpsest corpus report notes --model bert-base'))
    .action((corpus: string, { model, ...options }: CommonOptions & { readonly model: string }) =>
      answerFromWorkbench(session, options, async (workbench) => {
        const report = await callWithProgress(environment, workbench, 'corpora/report', {
          corpus,
          model,
        });
        return { document: report, text: describeReport(report) };
      }),
    );

  const previewing = previewCommand(session);
  for (const command of [importing, previewing, listing, reporting]) group.addCommand(command);
}

/** `purge corpus`. */
export function addPurgeCommands(group: Command, session: Session): void {
  const { environment } = session;
  const purging = newCommand(
    'corpus',
    'remove a corpus for good',
    'Removes a corpus, its shards, its examples and its rows in the database. There is no way back.',
  )
    .argument('<corpus>', 'name or id of the corpus')
    .option('-y, --yes', 'do not ask')
    .action((corpus: string, { yes, ...options }: CommonOptions & { readonly yes?: boolean }) =>
      answerFromWorkbench(session, options, async (workbench) => {
        const asked = yes === true || options.json === true;
        const question = `Remove corpus ${corpus} and everything made from it for good?`;
        if (!asked && (await environment.confirm(question)) === false) {
          return { document: null, text: 'Nothing was removed.\n', exitCode: 1 };
        }
        const purged = await workbench.call('corpora/purge', { corpus });
        const text = `Removed corpus ${corpus}: ${formatBytes(purged.bytes)}.\n`;
        return { document: { corpus, ...purged }, text };
      }),
    );
  group.addCommand(purging);
}

function describeImport(corpus: Corpus): string {
  const { documents, documentsRead, exactDuplicates, splitDocuments: split } = corpus;
  const kept = `${formatCount(documents)} of ${formatCount(documentsRead)} documents`;
  const replaced = corpus.replacedSequences;
  const entries: [string, string][] = [
    ['id', corpus.id],
    ['documents', `${kept}; ${formatCount(exactDuplicates)} exact duplicates left out`],
    [
      'near-duplicates',
      `${formatCount(corpus.nearDuplicates)} documents in ${formatCount(corpus.nearDuplicateClusters)} clusters, kept together`,
    ],
    ['characters', formatCount(corpus.characters)],
    [
      'split',
      `${formatCount(split.train)} train, ${formatCount(split.validation)} validation, ${formatCount(split.test)} test documents`,
    ],
  ];
  if (replaced > 0) {
    entries.push(['note', `${formatCount(replaced)} sequences that were not UTF-8 were replaced`]);
  }
  const removed = corpus.removedNulCharacters;
  if (removed > 0) entries.push(['note', `${formatCount(removed)} NUL characters were removed`]);
  return `Imported corpus ${corpus.name}.\n${facts(entries)}`;
}

function describeCorpora(corpora: readonly Corpus[]): string {
  if (corpora.length === 0) {
    return 'No corpora yet. "palimpsest corpus import PATH --name NAME" imports one.\n';
  }
  return table(
    [
      { title: 'name' },
      { title: 'documents', align: 'right' },
      { title: 'characters', align: 'right' },
      { title: 'train', align: 'right' },
      { title: 'validation', align: 'right' },
      { title: 'test', align: 'right' },
      { title: 'imported' },
      { title: 'id' },
    ],
    corpora.map(({ name, documents, characters, splitDocuments: split, createdAt, id }) => [
      name,
      formatCount(documents),
      formatCount(characters),
      formatCount(split.train),
      formatCount(split.validation),
      formatCount(split.test),
      formatTime(createdAt),
      id,
    ]),
  );
}

function describeReport(report: CorpusReport): string {
  const overview = facts([
    ['documents', formatCount(report.documents)],
    ['tokens', formatCount(report.tokens)],
    ['words', formatCount(report.words)],
    ['tokens a word', report.tokensPerWord.toFixed(3)],
    [
      'unknown tokens',
      `${formatCount(report.unknownTokens)} (${(100 * report.unknownRate).toFixed(3)} %)`,
    ],
    ['exact duplicates', `${formatCount(report.exactDuplicates)} documents left out`],
    [
      'near-duplicates',
      `${formatCount(report.nearDuplicates)} documents in ${formatCount(report.nearDuplicateClusters)} clusters`,
    ],
  ]);
  const words = table(
    [{ title: 'word' }, { title: 'count', align: 'right' }, { title: 'pieces' }],
    report.mostSplitWords.map(({ word, count, pieces }) => [
      word,
      formatCount(count),
      pieces.join(' '),
    ]),
  );
  const most = Math.max(1, ...report.lengthHistogram.map(({ documents }) => documents));
  const lengths = table(
    [
      { title: 'tokens', align: 'right' },
      { title: 'documents', align: 'right' },
      { title: 'share', align: 'right' },
      { title: '' },
    ],
    report.lengthHistogram.map(({ from, to, documents }) => [
      `${formatCount(from)}–${formatCount(to - 1)}`,
      formatCount(documents),
      formatPercent(documents / Math.max(1, report.documents)),
      '█'.repeat(Math.round((BAR_WIDTH * documents) / most)),
    ]),
  );
  return [
    `Corpus ${report.corpus}, vocabulary of ${report.model}\n${overview}`,
    `Words that are split most\n${words}`,
    `Length of documents\n${lengths}`,
  ].join('\n');
}
