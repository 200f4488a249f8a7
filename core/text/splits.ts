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

/**
 * The split of each group, as indices into SPLIT_NAMES. A group's split is a pure function of the
 * seed and its key, so that a corpus that grows keeps the splits it had, with two exceptions: a
 * group that holds more documents than a held-out split is meant to have trains, and a split that
 * would be empty is given a group of another. Throws a UserError when there are fewer groups than
 * splits with a share.
 */
export function assignSplits(groups: Groups, shares: SplitShares, seed: number): Uint8Array {
  checkShares(shares);
  const count = groups.documents.length;
  const wanted = SPLIT_NAMES.filter((name) => shares[name] > 0);
  if (count < wanted.length) throw tooFewGroups(count, wanted);

  const documents = groups.documents.reduce((sum, size) => sum + size, 0);
  const largestHeldOut = (share: number): number =>
    shares.train === 0 ? documents : Math.max(1, share * documents);
  const splits = new Uint8Array(count);
  const places = new Float64Array(count);
  for (let group = 0; group < count; group++) {
    const [high, low] = groups.keys.subarray(group * 2, group * 2 + 2);
    places[group] = new RandomStream(seed, 'split', high, low).nextFloat();
    const split =
      places[group] < shares.test
        ? TEST
        : places[group] < shares.test + shares.validation
          ? VALIDATION
          : TRAIN;
    const share = split === TEST ? shares.test : shares.validation;
    if (split === TRAIN || groups.documents[group] <= largestHeldOut(share)) splits[group] = split;
  }
  for (const name of wanted) {
    fillIfEmpty(splits, SPLIT_NAMES.indexOf(name), groups.documents, places);
  }
  return splits;
}

const TRAIN = 0;
const VALIDATION = 1;
const TEST = 2;

/** Gives an empty split the smallest group (training: the largest) of the split with most groups. */
function fillIfEmpty(
  splits: Uint8Array,
  split: number,
  sizes: Uint32Array,
  places: Float64Array,
): void {
  if (splits.includes(split)) return;
  const counts = [0, 0, 0];
  for (const held of splits) counts[held]++;
  const donor = counts.indexOf(Math.max(...counts));
  const sign = split === TRAIN ? -1 : 1;
  let chosen = splits.indexOf(donor);
  for (let group = chosen + 1; group < splits.length; group++) {
    if (splits[group] !== donor) continue;
    const order = sign * (sizes[group] - sizes[chosen]) || places[group] - places[chosen];
    if (order < 0) chosen = group;
  }
  splits[chosen] = split;
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

function tooFewGroups(count: number, wanted: readonly SplitName[]): UserError {
  return new UserError(
    'corpus/too-few-groups',
    `The corpus has ${count} independent ${count === 1 ? 'document or group' : 'documents or groups'}, too few for ${wanted.join(', ')}.`,
    'Add documents, or read a long text file with one document a line or separated by blank lines.',
  );
}
