/** What the strategies of a draft mean: how many runs, and what each asks for, in a line. */
import './withoutEval.ts';
import { PART_NAMES } from '../../../core/strategies/parts.ts';
import type { PartName } from '../../../core/strategies/parts.ts';
import type { ProjectFile } from '../../../core/workbench/projectFile.ts';
import { variantsOf } from '../../../core/workbench/strategyEntries.ts';
import { formatCount, formatCounted } from '../format.ts';
import type { StrategyDraft } from './draft.ts';

export interface RunCount {
  /** Runs of the results table. */
  readonly results: number;
  /** Runs that only choose λ. */
  readonly choosing: number;
}

export function countRuns({ strategies, seeds }: ProjectFile): RunCount {
  let results = 0;
  let choosing = 0;
  for (const variants of strategies.map(variantsOf)) {
    results += variants[0]?.strategy === 'ndt' ? 1 : seeds.length;
    if (variants.length > 1) choosing += variants.length;
  }
  return { results, choosing };
}

/** "7 runs, and 3 more to choose λ". */
export function describeRuns({ results, choosing }: RunCount): string {
  const more = choosing === 0 ? '' : `, and ${formatCount(choosing)} more to choose λ`;
  return `${formatCounted(results, 'run')}${more}`;
}

/** The name by which a strategy's look is known: `ndt`, `rh+ewc`. */
export function strategyOf({ isBase, parts }: StrategyDraft): string {
  if (isBase) return 'ndt';
  return PART_NAMES.filter((name) => parts[name] !== undefined).join('+') || 'sdt';
}

export interface PlanFacts {
  /** Target sequences a step. */
  readonly batch: number;
  readonly fisherSequences: number;
}

/** What a choice leads to, one sentence a part. */
export function consequencesOf(entry: StrategyDraft, facts: PlanFacts): string {
  if (entry.isBase) {
    return 'The base model as it is, which the others are measured against. It is scored once and not trained.';
  }
  const names = PART_NAMES.filter((name) => entry.parts[name] !== undefined);
  if (names.length === 0) {
    return 'Masked-language-model training on the target corpus alone: the usual gain, and the usual forgetting.';
  }
  return names.map((name) => partConsequence(name, entry.parts[name] ?? {}, facts)).join(' ');
}

function partConsequence(
  name: PartName,
  given: Readonly<Record<string, string>>,
  { batch, fisherSequences }: PlanFacts,
): string {
  const ratio = (standard: number): number => {
    const value = Number(given['ratio']);
    return value > 0 ? value : standard;
  };
  const drawn = (standard: number): string =>
    `${formatCounted(Math.max(1, Math.round(batch * ratio(standard))), 'source sequence')} beside ${formatCount(batch)} of the target`;
  switch (name) {
    case 'rh':
      return `Every step also learns from ${drawn(0.25)}; needs a rehearsal corpus.`;
    case 'l2':
      return 'Pulls every weight back to the base model alike; needs no source text.';
    case 'ewc':
      return `Holds the weights that the source domain depends on; needs a Fisher diagonal of ${formatCounted(fisherSequences, 'source sequence')}, estimated once.`;
    case 'gem':
      return `Takes from each step what would raise the loss on ${drawn(1)}; needs a rehearsal corpus.`;
    case 'lwf':
      return 'Keeps predicting what the base model predicts, which is run beside it in every step; needs no source text.';
    case 'lrc':
      return 'Lower layers, which hold what is general, learn more slowly; needs no source text and no more time.';
  }
}

/** Values of λ that are tried; 1 where none is a list. */
export function combinationsOf(entry: StrategyDraft): number {
  return Object.values(entry.parts).reduce((product, given) => {
    const count = (given?.['lambda'] ?? '').split(/[\s,;]+/).filter((word) => word !== '').length;
    return product * Math.max(1, count);
  }, 1);
}
