/**
 * The rehearsal buffer: which windows of the source corpus a run may draw from. It is a function of
 * the seed, the windows and the settings, so nothing of it is stored; a larger buffer of the same
 * seed contains a smaller one.
 */
import { RandomStream } from '../base/random.ts';
import type { BatchPlan } from '../text/batchPlan.ts';
import type { WindowSource } from '../text/types.ts';
import type { ShardWindows } from '../text/windows.ts';
import type { BufferComposition, RehearsalSettings } from './rehearsalSettings.ts';

/** Places in the random stream of the buffer. */
const CHOICE = 0;
const WITHIN_DOCUMENT = 1;

/** Windows of a split with the documents they are from. */
export type BufferSource = Pick<ShardWindows, 'windowCount' | 'windowLength' | 'documentsOf'>;

/** (sequences): indices of the windows in the buffer, ascending. */
export function drawBuffer(
  source: BufferSource,
  { size, policy }: RehearsalSettings,
  seed: number,
): Uint32Array {
  const count = source.windowCount;
  if (size >= count) return Uint32Array.from({ length: count }, (_, window) => window);
  const chosen =
    policy === 'uniform'
      ? sample(0, count, size, new RandomStream(seed, 'rehearsalBuffer', CHOICE))
      : byDocument(source, size, seed);
  return chosen.sort();
}

/** The windows of the buffer as a source to plan batches from. */
export function bufferWindows(source: WindowSource, chosen: Uint32Array): WindowSource {
  const at = (index: number): number => {
    if (!(index in chosen)) throw new RangeError(`There is no sequence ${index} in the buffer.`);
    return chosen[index];
  };
  return {
    split: source.split,
    windowCount: chosen.length,
    tokenCount: source.tokenCount,
    windowLength: (index) => source.windowLength(at(index)),
    window: (index) => source.window(at(index)),
    close: () => source.close(),
  };
}

/** What is in the buffer, and how often a run of so many optimizer steps reads it. */
export function compositionOf(
  source: BufferSource & Pick<ShardWindows, 'documentCount'>,
  chosen: Uint32Array,
  { policy }: RehearsalSettings,
  plan: BatchPlan,
  steps: number,
): BufferComposition {
  const documents = new Set<number>();
  let tokens = 0;
  for (const window of chosen) {
    tokens += source.windowLength(window);
    for (const document of source.documentsOf(window)) documents.add(document);
  }
  const { draws, fewest, most } = plan.drawsIn(steps);
  return {
    policy,
    sequences: chosen.length,
    documents: documents.size,
    tokens,
    corpusSequences: source.windowCount,
    corpusDocuments: source.documentCount,
    draws,
    fewestRepeats: fewest,
    mostRepeats: most,
  };
}

/**
 * Documents in random order, one window of each in turn until there are `size`. A window that holds
 * several documents belongs to the one it begins in.
 */
function byDocument(source: BufferSource, size: number, seed: number): Uint32Array {
  const firsts: number[] = [];
  let previous: number | undefined;
  for (let window = 0; window < source.windowCount; window++) {
    const [document] = source.documentsOf(window);
    if (document !== previous) firsts.push(window);
    previous = document;
  }
  const sizeOf = (document: number): number =>
    (firsts[document + 1] ?? source.windowCount) - firsts[document];

  const random = new RandomStream(seed, 'rehearsalBuffer', CHOICE);
  let order = random.shuffle(Uint32Array.from(firsts.keys()));
  const quotas = new Uint32Array(firsts.length);
  for (let wanted = size; wanted > 0;) {
    const turn = order.subarray(0, wanted);
    for (const document of turn) quotas[document]++;
    wanted -= turn.length;
    order = order.filter((document) => sizeOf(document) > quotas[document]);
  }

  const chosen = new Uint32Array(size);
  let filled = 0;
  for (const [document, quota] of quotas.entries()) {
    if (quota === 0) continue;
    const within = new RandomStream(seed, 'rehearsalBuffer', WITHIN_DOCUMENT, document);
    chosen.set(sample(firsts[document], sizeOf(document), quota, within), filled);
    filled += quota;
  }
  return chosen;
}

/** `size` of the `count` numbers from `first` on, without replacement (Fisher and Yates, stopped early). */
function sample(first: number, count: number, size: number, random: RandomStream): Uint32Array {
  const numbers = Uint32Array.from({ length: count }, (_, index) => first + index);
  for (let i = 0; i < size; i++) {
    const j = i + random.nextInteger(count - i);
    const held = numbers[i];
    numbers[i] = numbers[j];
    numbers[j] = held;
  }
  return numbers.slice(0, size);
}
