/** Times the estimate of a Fisher diagonal on a few sequences. */
import { setImmediate } from 'node:timers/promises';
import type { Session } from '../../../engine/types.ts';
import type { EncoderConfig } from '../../../model/config.ts';
import { drawFisherSample } from '../../../strategies/fisherSample.ts';
import type { FisherSettings } from '../../../strategies/fisherSettings.ts';
import type { Tokenizer } from '../../../text/types.ts';
import { openWindows } from '../../../text/windows.ts';
import type { TrainingSettings } from '../../../training/configuration.ts';
import { splitForMemory } from '../../../training/microBatches.ts';
import type { Measurements } from '../../probeContract.ts';
import type { ProbedCorpus } from './corpora.ts';

/** Elements of the sample that are timed: sequences, or batches of them. */
const ELEMENTS = 12;
const SECONDS = 10;
const FEWEST = 2;

export interface FisherProbe {
  readonly session: Session;
  readonly config: EncoderConfig;
  readonly tokenizer: Tokenizer;
  readonly settings: TrainingSettings;
  readonly fisher: FisherSettings;
  readonly corpus: ProbedCorpus;
}

export async function measureFisher(
  { session, config, tokenizer, settings, fisher, corpus }: FisherProbe,
  signal: AbortSignal,
): Promise<Measurements['fisher']> {
  const size = fisher.variant === 'batch' ? fisher.batch_size : 1;
  const windows = openWindows({
    shards: corpus.shardFolder,
    split: 'train',
    packing: settings.packing,
    maxSeqLength: settings.max_seq_length,
    tokenizer,
    corpusHash: corpus.contentHash,
  });
  try {
    const { elements } = drawFisherSample({
      source: windows,
      settings: { ...fisher, sequences: Math.min(fisher.sequences, ELEMENTS * size) },
      tokenizer,
      mlmProbability: settings.mlm_probability,
      wholeWordMask: settings.whole_word_mask,
      maxSeqLength: settings.max_seq_length,
      split: (rows, padTo) => splitForMemory(rows, config, padTo),
    });
    const sums = session.allocateSums();
    const secondsEach: number[] = [];
    const seen = new Set<string>();
    const began = performance.now();
    for (const batches of elements) {
      const isLate = (performance.now() - began) / 1000 > SECONDS;
      if (isLate && secondsEach.length >= FEWEST) break;
      const term = { name: 'source', weight: 1, batches };
      const shape = batches.map((one) => `${one.batchSize} × ${one.sequenceLength}`).join();
      // The first of a shape makes its graph.
      if (!seen.has(shape)) await session.addSquaredGradients([term], sums);
      seen.add(shape);
      const started = performance.now();
      await session.addSquaredGradients([term], sums);
      const sequences = Math.max(
        1,
        batches.reduce((total, { batchSize }) => total + batchSize, 0),
      );
      secondsEach.push((performance.now() - started) / 1000 / sequences);
      await setImmediate();
      signal.throwIfAborted();
    }
    const { windows: all } = corpus.measurement;
    return { sequences: Math.min(fisher.sequences, Math.max(1, Math.round(all))), secondsEach };
  } finally {
    windows.close();
  }
}
