/** What the sample host says of storage and of masks. */
import type { Reply } from '../../core/workbench/contract.ts';
import { predictorKey } from '../lib/predictors.ts';
import type { Predictor } from '../lib/predictors.ts';

type Side = Reply<'models/fill-mask'>['predictors'][number];

const LISTS: readonly (readonly [string, number][])[] = [
  ['republican', 'democratic', 'communist', 'labour', 'liberal'].map((word, at) => [
    word,
    0.4 / (at + 1),
  ]),
  ['democratic', 'socialist', 'republican', 'antidisestablishmentarian', 'green'].map(
    (word, at) => [word, 0.3 / (at + 1)],
  ),
];

export function sampleFills(predictors: unknown): Reply<'models/fill-mask'> {
  const asked = predictors as readonly Predictor[];
  return { predictors: asked.map((predictor, index) => sampleSide(predictor, index)) };
}

function sampleSide(predictor: Predictor, index: number): Side {
  const piece = (text: string) => ({ text, startsWord: true, special: false });
  const words = (LISTS[index] ?? []).map(([text, probability], at) => ({
    ...{ ...piece(text), id: at, probability, rank: at + 1 },
  }));
  const tokens = 'she is a member of the [MASK] party'.split(' ').map((text) => ({
    ...{ ...piece(text), isMask: text === '[MASK]', isCut: false },
  }));
  return {
    ...{ predictor, name: predictorKey(predictor), step: predictor.kind === 'run' ? 2000 : null },
    ...{ tokens, maxSeqLength: 512, masks: [{ fills: words, others: [] }] },
  };
}

export function sampleStorage(): Reply<'system/storage'> {
  const kinds = [
    { kind: 'models', bytes: 1_310_000_000, count: 5 },
    { kind: 'corpora', bytes: 410_000_000, count: 4 },
    { kind: 'checkpoints', bytes: 3_300_000_000, count: 12 },
    { kind: 'backups', bytes: 0, count: 0 },
  ] as const;
  return {
    bytes: 5_020_000_000,
    freeBytes: 212_000_000_000,
    kinds: [...kinds],
    largest: [{ kind: 'model', id: 'model-1', name: 'bert-base-uncased', bytes: 440_000_000 }],
    freeable: [{ kind: 'corpora', bytes: 120_000_000, count: 1 }],
  };
}
