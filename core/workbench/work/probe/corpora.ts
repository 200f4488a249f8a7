/** Tokens of a corpus for a probe: those that are there, else of a sample of its documents. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../../base/errors.ts';
import { RandomStream } from '../../../base/random.ts';
import { openCorpus } from '../../../text/corpusReader.ts';
import { SHARD_MANIFEST_FILE } from '../../../text/shardFormat.ts';
import { readShardManifest } from '../../../text/shardReader.ts';
import { buildShards } from '../../../text/shards.ts';
import type { CorpusDocument, CorpusReader, Tokenizer } from '../../../text/types.ts';
import { openWindows } from '../../../text/windows.ts';
import type { ShardWindows } from '../../../text/windows.ts';
import type { TrainingSettings } from '../../../training/configuration.ts';
import { SHARDS_FOLDER } from '../../home.ts';
import type { CorpusMeasurement } from '../../probeContract.ts';
import { errorOfMean } from '../../spans.ts';

/** Windows are sorted by length within 50 batches, so a sample is to hold about as many. */
const BATCHES_WANTED = 50;
const CHARACTERS_A_TOKEN = 6;
const LEAST_CHARACTERS = 200_000;
const MOST_CHARACTERS = 3_000_000;
const MOST_DOCUMENTS = 20_000;

export interface ProbedCorpus {
  readonly shardFolder: string;
  readonly contentHash: string;
  readonly measurement: CorpusMeasurement;
}

export interface CorpusProbe {
  readonly folder: string;
  readonly tokenizer: Tokenizer;
  readonly settings: TrainingSettings;
  /** Where the tokens of a sample are put. */
  readonly sampleFolder: string;
}

/** Throws a UserError when the corpus is damaged or its training split has no text. */
export async function probeCorpus(probe: CorpusProbe, signal: AbortSignal): Promise<ProbedCorpus> {
  const { folder, tokenizer } = probe;
  const corpus = openCorpus(folder);
  try {
    const { contentHash } = corpus.manifest;
    const shardFolder = join(folder, SHARDS_FOLDER, tokenizer.hash);
    if (hasTokens(shardFolder, contentHash, tokenizer)) {
      const windows = openTrainWindows(probe, shardFolder, contentHash);
      const windowCount = windows.windowCount;
      windows.close();
      const known = { windows: windowCount, windowsError: 0, seconds: 0, bytes: 0 };
      return { shardFolder, contentHash, measurement: { folder, isThere: true, ...known } };
    }
    const measurement = await tokeniseSample(probe, corpus, signal);
    return { shardFolder: probe.sampleFolder, contentHash, measurement };
  } finally {
    corpus.close();
  }
}

async function tokeniseSample(
  probe: CorpusProbe,
  corpus: CorpusReader,
  signal: AbortSignal,
): Promise<CorpusMeasurement> {
  const { folder, tokenizer, settings, sampleFolder } = probe;
  const batch = settings.per_device_train_batch_size * settings.max_seq_length;
  const wanted = Math.max(LEAST_CHARACTERS, BATCHES_WANTED * batch * CHARACTERS_A_TOKEN);
  const sample = drawSample(corpus, Math.min(MOST_CHARACTERS, wanted));
  const characters = sample.reduce((sum, { text }) => sum + text.length, 0);
  const started = performance.now();
  await buildShards(
    { corpus: readerOf(corpus, sample), tokenizer, folder: sampleFolder },
    undefined,
    signal,
  );
  const seconds = (performance.now() - started) / 1000;

  const { manifest } = corpus;
  const share = characters === 0 ? 0 : manifest.characters / characters;
  const windows = openTrainWindows(probe, sampleFolder, manifest.contentHash);
  try {
    const counts = new Map<number, number>();
    for (let window = 0; window < windows.windowCount; window++) {
      const [document] = windows.documentsOf(window);
      if (document !== undefined) counts.set(document, (counts.get(document) ?? 0) + 1);
    }
    const perDocument = sample.map(({ index }) => counts.get(index) ?? 0);
    const documents = manifest.splitDocuments.train;
    return {
      folder,
      isThere: false,
      windows: (windows.windowCount / Math.max(1, sample.length)) * documents,
      windowsError: errorOfMean(perDocument, documents),
      seconds: seconds * share,
      bytes: bytesIn(sampleFolder) * share,
    };
  } finally {
    windows.close();
  }
}

/** Documents of the training split in random order, until they have so many characters. */
function drawSample(corpus: CorpusReader, characters: number): CorpusDocument[] {
  const order = Uint32Array.from({ length: corpus.manifest.documents }, (_, index) => index);
  new RandomStream(0, 'probeSample').shuffle(order);
  const sample: CorpusDocument[] = [];
  let drawn = 0;
  for (const index of order) {
    if (drawn >= characters || sample.length >= MOST_DOCUMENTS) break;
    const document = corpus.document(index);
    if (document.split !== 'train') continue;
    sample.push(document);
    drawn += document.text.length;
  }
  return sample.sort((a, b) => a.index - b.index);
}

/** The corpus as if it held the sample alone. */
function readerOf(corpus: CorpusReader, sample: readonly CorpusDocument[]): CorpusReader {
  return {
    folder: corpus.folder,
    manifest: { ...corpus.manifest, documents: sample.length },
    document: (index) => corpus.document(index),
    documents: (split) => sample.filter((one) => split === undefined || one.split === split),
    close: () => undefined,
  };
}

/** Damaged tokens, or those of another corpus, are made anew by a run. */
function hasTokens(folder: string, contentHash: string, tokenizer: Tokenizer): boolean {
  try {
    const manifest = readShardManifest(folder);
    return manifest?.corpusHash === contentHash && manifest.tokenizerHash === tokenizer.hash;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

function openTrainWindows(
  { tokenizer, settings }: CorpusProbe,
  shards: string,
  corpusHash: string,
): ShardWindows {
  const { packing, max_seq_length: maxSeqLength } = settings;
  return openWindows({ shards, split: 'train', packing, maxSeqLength, tokenizer, corpusHash });
}

function bytesIn(folder: string): number {
  const { files = {} } = readShardManifest(folder) ?? {};
  const manifest = statSync(join(folder, SHARD_MANIFEST_FILE)).size;
  return Object.values(files).reduce((sum, { bytes }) => sum + bytes, manifest);
}
