/** Masked batches of real text, made by our tokenizer, windows and collator. */
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import type { MlmBatch } from '../../core/engine/types.ts';
import { collate } from '../../core/text/collator.ts';
import { buildShards } from '../../core/text/shards.ts';
import type { Tokenizer } from '../../core/text/types.ts';
import { openWindows } from '../../core/text/windows.ts';
import type { ShardWindows } from '../../core/text/windows.ts';
import { memoryCorpus } from '../fixtures/memoryCorpus.ts';

/** The first `count` articles of enwiki-train. */
export async function wikipediaTexts(shared: string, count: number): Promise<string[]> {
  const input = createReadStream(join(shared, 'data/general/enwiki-train.jsonl.gz'));
  const texts: string[] = [];
  try {
    for await (const line of createInterface({ input: input.pipe(createGunzip()) })) {
      texts.push((JSON.parse(line) as { text: string }).text);
      if (texts.length === count) break;
    }
  } finally {
    input.destroy();
  }
  return texts;
}

/** The first `count` clinical notes of ACI-Bench. */
export async function clinicalTexts(shared: string, count: number): Promise<string[]> {
  const folder = join(shared, 'data/clinical/aci-bench-notes');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.txt')).sort();
  return Promise.all(names.slice(0, count).map((name) => readFile(join(folder, name), 'utf8')));
}

/** The texts cut into windows within documents; `shards` is a folder that is made. */
export async function windowsOf(
  texts: readonly string[],
  tokenizer: Tokenizer,
  maxSeqLength: number,
  shards: string,
): Promise<ShardWindows> {
  await buildShards({ corpus: memoryCorpus(texts), tokenizer, folder: shards });
  return openWindows({ shards, split: 'train', packing: 'document', maxSeqLength, tokenizer });
}

/** Windows `first` … `first + count − 1` as one masked batch, padded at the right. */
export function realBatch(
  windows: ShardWindows,
  tokenizer: Tokenizer,
  { first, count, padTo }: { first: number; count: number; padTo: number },
): MlmBatch {
  const chosen = Array.from({ length: count }, (_, index) => windows.window(first + index));
  const place = { seed: 1, stream: 'targetMasks', step: first, microBatch: 0 } as const;
  return collate(chosen, { tokenizer, mlmProbability: 0.15, wholeWordMask: false, padTo, place });
}

/** The same batch with the padding of every row moved to its left. */
export function paddedLeft(batch: MlmBatch): MlmBatch {
  const { batchSize, sequenceLength } = batch;
  const shifts = Array.from({ length: batchSize }, (_, row) => {
    const mask = batch.attentionMask.subarray(row * sequenceLength, (row + 1) * sequenceLength);
    return sequenceLength - mask.reduce((sum, is) => sum + is, 0);
  });
  const rotated = <T extends Int32Array | Uint8Array>(values: T, into: T): T => {
    for (let position = 0; position < values.length; position++) {
      const row = Math.floor(position / sequenceLength);
      const column = (position % sequenceLength) + shifts[row];
      into[row * sequenceLength + (column % sequenceLength)] = values[position];
    }
    return into;
  };
  return {
    ...batch,
    inputIds: rotated(batch.inputIds, new Int32Array(batch.inputIds.length)),
    attentionMask: rotated(batch.attentionMask, new Uint8Array(batch.attentionMask.length)),
    positions: batch.positions.map(
      (position) => position + shifts[Math.floor(position / sequenceLength)],
    ),
  };
}
