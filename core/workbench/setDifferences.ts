/** Why losses of several runs cannot be compared: which frozen-mask set differs, and in what. */
import { UserError } from '../base/errors.ts';
import { readFrozenMasks } from '../evaluation/frozenMasks.ts';
import type { FrozenMaskHeader } from '../evaluation/frozenMasks.ts';
import { labelTitle } from '../results/names.ts';
import type { EvaluationRecord } from '../store/evaluations.ts';
import type { RunsDiff } from './results.ts';
import type { ComparedRun, RunGroup } from './runGroups.ts';
import { setKey } from './runScores.ts';

type NotComparable = RunsDiff['notComparable'][number];

/** One sentence for each set that the runs do not share. */
export function whyNotComparable(groups: readonly RunGroup[]): NotComparable[] {
  const runs = groups.flatMap(({ runs: own }) => own);
  const sets = new Map(runs.flatMap(({ scores }) => scores.map((one) => [setKey(one), one])));
  return [...sets.values()].flatMap((set) => {
    const reason = reasonFor(set, groups);
    const { role, split, name } = set;
    return reason === undefined ? [] : [{ role, split, name, reason }];
  });
}

function reasonFor(set: EvaluationRecord, groups: readonly RunGroup[]): string | undefined {
  const scored = groups.flatMap(({ label, runs }) =>
    runs.map((run) => ({ label, run, own: run.scores.find((one) => setKey(one) === setKey(set)) })),
  );
  const without = scored.find(({ own }) => own === undefined);
  const { role, split, name } = set;
  const what = `the ${role} ${split} set${name === role ? '' : ` "${name}"`}`;
  if (without !== undefined) {
    return `${labelTitle(without.label)} was not scored on ${what} (run ${without.run.record.id}).`;
  }
  const [first, ...others] = scored;
  const other = others.find(({ own }) => own?.setHash !== first.own?.setHash);
  if (other === undefined) return undefined;
  return (
    `${capitalise(what)} differs: ${labelTitle(first.label)} was scored on ${short(first.own)}, ` +
    `${labelTitle(other.label)} on ${short(other.own)}, ${differenceOf(set, first.run, other.run)}.`
  );
}

function differenceOf(set: EvaluationRecord, a: ComparedRun, b: ComparedRun): string {
  const [headerA, headerB] = [headerOf(set, a), headerOf(set, b)];
  if (headerA === undefined || headerB === undefined) {
    return a.specification.tokenizerHash === b.specification.tokenizerHash
      ? 'and the file of a set is not there any more to tell in what they differ'
      : 'made with another tokenizer';
  }
  if (headerA.contentHash !== headerB.contentHash) return 'drawn from another corpus';
  if (headerA.tokenizerHash !== headerB.tokenizerHash) return 'made with another tokenizer';
  const settings = SETTINGS.filter(([key]) => headerA[key] !== headerB[key]).map(
    ([key, title]) => `${title} ${headerA[key]} and ${headerB[key]}`,
  );
  return settings.length === 0 ? 'with other masks' : `with other masks: ${settings.join(', ')}`;
}

/** As project files name them. */
const SETTINGS = [
  ['seed', 'evaluation.seed'],
  ['maskProbability', 'evaluation.mask_probability'],
  ['maxTokens', 'evaluation.max_tokens'],
  ['maxSequenceLength', 'training.max_seq_length'],
] as const;

/** Undefined when the file was removed, as with its corpus, or changed. */
function headerOf(set: EvaluationRecord, run: ComparedRun): FrozenMaskHeader | undefined {
  const evaluation = run.specification.evaluations.find((one) => setKey(one) === setKey(set));
  if (evaluation === undefined) return undefined;
  try {
    return readFrozenMasks(evaluation.path, evaluation.sha256).header;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function short(evaluation: EvaluationRecord | undefined): string {
  return evaluation?.setHash.slice(0, 12) ?? '–';
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
