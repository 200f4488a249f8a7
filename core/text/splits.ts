/** Which documents train, validate and test: by group, so that no near copy is on both sides. */
import { RandomStream } from '../base/random.ts';
import { UserError } from '../base/errors.ts';
import type { SplitName } from './types.ts';

export const SPLIT_NAMES: readonly SplitName[] = ['train', 'validation', 'test'];

/** Share of the documents of each split; they sum to 1. */
export type SplitShares = Readonly<Record<SplitName, number>>;
export const DEFAULT_SPLIT_SHARES: SplitShares = { train: 0.9, validation: 0.05, test: 0.05 };

/** Groups as columns, since there may be as many as documents. */
export interface Groups {
  /** (group, 2): 64 bits that depend on the content of each group alone. */
  readonly keys: Uint32Array;
  /** (group): number of documents. */
  readonly documents: Uint32Array;
}

const TRAIN = 0;
const VALIDATION = 1;
const TEST = 2;

/** A larger part of a held-out split than this may not be one group: it would speak for the rest. */
const LARGEST_HELD_OUT_PART = 1 / 4;
/** A held-out split with less than this part of what it is meant to have is given more. */
const SMALLEST_HELD_OUT_PART = 1 / 2;

/**
 * The split of each group, as indices into SPLIT_NAMES. A group's split is a pure function of the
 * seed and its key, so that a corpus that grows keeps the splits it had, with two exceptions that
 * matter for few or very unequal groups: a group that would be more than a quarter of a held-out
 * split trains instead, and a held-out split that has come out empty or less than half as large as
 * meant is given the smallest training groups. With enough groups no split is empty. Throws a
 * UserError when there are fewer groups than splits with a share.
 */
export function assignSplits(groups: Groups, shares: SplitShares, seed: number): Uint8Array {
  checkShares(shares);
  const sizes = groups.documents;
  const documents = sizes.reduce((sum, size) => sum + size, 0);
  const wanted = SPLIT_NAMES.filter((name) => shares[name] > 0);
  if (sizes.length < wanted.length) throw tooFewGroups(sizes.length, documents, wanted);

  const meant = SPLIT_NAMES.map((name) => shares[name] * documents);
  const splits = new Uint8Array(sizes.length);
  const places = new Float64Array(sizes.length);
  for (let group = 0; group < sizes.length; group++) {
    const [high, low] = groups.keys.subarray(group * 2, group * 2 + 2);
    places[group] = new RandomStream(seed, 'split', high, low).nextFloat();
    const split = splitAt(places[group], shares);
    const tooLarge = sizes[group] > Math.max(1, meant[split] * LARGEST_HELD_OUT_PART);
    splits[group] = shares.train > 0 && tooLarge ? TRAIN : split;
  }
  for (const split of [TEST, VALIDATION]) {
    if (meant[split] > 0) topUp(splits, split, sizes, places, meant[split]);
  }
  if (meant[TRAIN] > 0 && !splits.includes(TRAIN)) giveTrainingGroup(splits, sizes);
  return splits;
}

function splitAt(place: number, shares: SplitShares): number {
  if (place < shares.test) return TEST;
  return place < shares.test + shares.validation ? VALIDATION : TRAIN;
}

/** Gives a held-out split the smallest groups of the split with most groups, as many as it lacks. */
function topUp(
  splits: Uint8Array,
  split: number,
  sizes: Uint32Array,
  places: Float64Array,
  meantDocuments: number,
): void {
  let documents = 0;
  for (const [group, held] of splits.entries()) if (held === split) documents += sizes[group];
  if (documents > 0 && documents >= meantDocuments * SMALLEST_HELD_OUT_PART) return;

  const donor = largestSplit(splits);
  if (donor === split) return;
  const candidates = [...splits.keys()].filter((group) => splits[group] === donor);
  candidates.sort((a, b) => sizes[a] - sizes[b] || places[a] - places[b]);
  for (const group of candidates.slice(0, -1)) {
    if (documents > 0 && documents + sizes[group] > meantDocuments) break;
    splits[group] = split;
    documents += sizes[group];
    if (documents >= meantDocuments * SMALLEST_HELD_OUT_PART) break;
  }
}

function giveTrainingGroup(splits: Uint8Array, sizes: Uint32Array): void {
  const donor = largestSplit(splits);
  let chosen = splits.indexOf(donor);
  for (const [group, held] of splits.entries()) {
    if (held === donor && sizes[group] > sizes[chosen]) chosen = group;
  }
  splits[chosen] = TRAIN;
}

/** The split with most groups. */
function largestSplit(splits: Uint8Array): number {
  const counts = [0, 0, 0];
  for (const held of splits) counts[held]++;
  return counts.indexOf(Math.max(...counts));
}

function checkShares(shares: SplitShares): void {
  const values = SPLIT_NAMES.map((name) => shares[name]);
  const sum = values.reduce((total, share) => total + share, 0);
  if (values.every((share) => share >= 0) && Math.abs(sum - 1) < 1e-9) return;
  throw new UserError(
    'corpus/split-shares',
    `The split shares ${values.join(', ')} are not a division of 1.`,
    'Give shares of train, validation and test that are not negative and sum to 1.',
  );
}

function tooFewGroups(groups: number, documents: number, wanted: readonly SplitName[]): UserError {
  const needed = `too few for the splits ${wanted.join(', ')}`;
  if (documents < wanted.length) {
    return new UserError(
      'corpus/too-few-groups',
      `The corpus has ${documents} different ${documents === 1 ? 'document' : 'documents'}, ${needed}.`,
      'Add documents, or read a long text file with one document a line or separated by blank lines.',
    );
  }
  return new UserError(
    'corpus/too-few-groups',
    `The ${documents} documents of the corpus form ${groups} independent ${groups === 1 ? 'group' : 'groups'}, ${needed}.`,
    'Near-duplicates and documents with one value of the group column stay together; add different documents or choose another group column.',
  );
}
