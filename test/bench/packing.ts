/** Packing of a corpus into shards against Python's tokenizers, on one core each, in turns. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCorpus } from '../../core/text/corpusReader.ts';
import { importCorpus } from '../../core/text/importCorpus.ts';
import { sharedFolder } from '../fixtures/shared.ts';
import { median } from './training.ts';

export interface PackingRate {
  readonly megabytesPerSecond: number;
  readonly tokensPerSecond: number;
  readonly tokens: number;
}

export interface PackingResult {
  readonly documents: number;
  readonly megabytes: number;
  readonly ours: PackingRate;
  readonly python: PackingRate | null;
}

export interface PackingOptions {
  readonly turns: number;
  readonly python: string | undefined;
  readonly report: (line: string) => void;
}

/** Measures on MedQuAD's answers; undefined when the shared data is not beside the checkout. */
export async function measurePacking({
  turns,
  python,
  report,
}: PackingOptions): Promise<PackingResult | undefined> {
  const shared = sharedFolder();
  if (shared === undefined) return undefined;
  const tokenizer = join(shared, 'data/tokenizers/bert-base-uncased');
  const folder = await mkdtemp(join(tmpdir(), 'palimpsest-packing-'));
  try {
    const corpusFolder = join(folder, 'corpus');
    report('packing: importing the corpus, not measured');
    await importCorpus(
      {
        paths: [join(shared, 'data/biomedical/medquad.csv')],
        column: 'answer',
        documentBoundary: 'file',
        strict: false,
        seed: 1,
        folder: corpusFolder,
      },
      () => {},
    );
    const texts = join(folder, 'texts.jsonl');
    const { documents, bytes } = await writeTexts(corpusFolder, texts);
    const ours: Measured[] = [];
    const theirs: Measured[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const pack = join(import.meta.dirname, 'pack.ts');
      const shards = join(folder, `shards-${turn}`);
      ours.push(onOneCore(process.execPath, [pack, corpusFolder, tokenizer, shards]));
      if (python !== undefined) {
        const program = join(import.meta.dirname, 'tokenize_texts.py');
        const definition = join(tokenizer, 'tokenizer.json');
        theirs.push(onOneCore(python, [program, texts, definition, join(folder, 'ids.bin')]));
      }
      report(`packing: turn ${turn + 1}/${turns}`);
    }
    const megabytes = bytes / 1e6;
    return {
      documents,
      megabytes,
      ours: rate(ours, megabytes),
      python: theirs.length === 0 ? null : rate(theirs, megabytes),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The corpus' documents as JSON strings, a line each, and their UTF-8 bytes. */
async function writeTexts(
  corpusFolder: string,
  path: string,
): Promise<{ documents: number; bytes: number }> {
  const corpus = openCorpus(corpusFolder);
  const output = createWriteStream(path);
  let documents = 0;
  let bytes = 0;
  for (const { text } of corpus.documents()) {
    documents++;
    bytes += Buffer.byteLength(text);
    if (!output.write(`${JSON.stringify(text)}\n`)) await once(output, 'drain');
  }
  output.end();
  await once(output, 'finish');
  corpus.close();
  return { documents, bytes };
}

interface Measured {
  readonly seconds: number;
  readonly tokens: number;
}

/** Pinned to one core where the system has `taskset`; else only the tokenizers' threads are one. */
function onOneCore(command: string, parameters: readonly string[]): Measured {
  const pinned = spawnSync('taskset', ['--version']).status === 0;
  const [program, ...rest] = pinned
    ? ['taskset', '-c', '0', command, ...parameters]
    : [command, ...parameters];
  const { status, stdout, stderr } = spawnSync(program, rest, {
    encoding: 'utf8',
    env: { ...process.env, RAYON_NUM_THREADS: '1', TOKENIZERS_PARALLELISM: 'false' },
  });
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
  return JSON.parse(stdout) as Measured;
}

function rate(measured: readonly Measured[], megabytes: number): PackingRate {
  const seconds = median(measured.map((each) => each.seconds));
  const [{ tokens }] = measured;
  return { megabytesPerSecond: megabytes / seconds, tokensPerSecond: tokens / seconds, tokens };
}
