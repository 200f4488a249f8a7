/** What the strategies of a project file mean: parts with one value a setting, and what they need. */
import { canonicalJson } from '../base/canonicalJson.ts';
import { strengths } from '../strategies/describeParts.ts';
import {
  PART_NAMES,
  needsOf,
  objectiveOf,
  strategyLabel,
  strategyPartsSchema,
} from '../strategies/parts.ts';
import type { StrategyParts } from '../strategies/parts.ts';
import type { Need } from '../strategies/types.ts';
import type { ProjectFile, StrategyEntry } from './projectFile.ts';

/** A strategy with one value for each of its settings. */
export interface Variant {
  readonly strategy: string;
  readonly parts: StrategyParts;
}

/** How the runs that choose λ differ from those of the table. */
export interface Selection {
  /** Undefined where the training is measured in epochs. */
  readonly steps: number | undefined;
  readonly seed: number;
  readonly sourceWeight: number;
}

/** One variant, or every combination of the values in its lists, the first list's values slowest. */
export function variantsOf(entry: StrategyEntry): readonly Variant[] {
  if (entry === 'ndt' || entry === 'sdt') return [{ strategy: entry, parts: {} }];
  const given = typeof entry === 'string' ? { [entry]: {} } : entry;
  let combinations: readonly Record<string, unknown>[] = [{}];
  for (const name of PART_NAMES) {
    const settings: object | undefined = given[name];
    if (settings === undefined) continue;
    const values =
      'lambda' in settings && Array.isArray(settings.lambda)
        ? settings.lambda.map((lambda: unknown) => ({ ...settings, lambda }))
        : [settings];
    combinations = combinations.flatMap((parts) =>
      values.map((value) => ({ ...parts, [name]: value })),
    );
  }
  return combinations.map((combination) => {
    const parts = strategyPartsSchema.parse(combination);
    return { strategy: strategyLabel(parts), parts };
  });
}

/** Equal for entries that mean the same: `ewc`, `ewc: {}` and `ewc: {lambda: [100]}`. */
export function meaningOf(entry: StrategyEntry): string {
  return canonicalJson(variantsOf(entry));
}

export function selectionOf({ selection, seeds, training }: ProjectFile): Selection {
  return {
    steps: selection.max_steps ?? training.max_steps,
    seed: selection.seed ?? seeds[0] ?? 0,
    sourceWeight: selection.source_weight,
  };
}

/** "ewc-lambda-10-seed-1", "rh-lambda-1+ewc-lambda-10-seed-1-sweep". */
export function runName(
  { strategy, parts }: Variant,
  seed: number,
  purpose: 'result' | 'sweep',
): string {
  const lambda = new Map<string, number>(strengths(parts).map((one) => [one.part, one.lambda]));
  const words = strategy.split('+').map((part) => {
    const value = lambda.get(part);
    return value === undefined ? part : `${part}-lambda-${value}`;
  });
  return `${words.join('+')}-seed-${seed}${purpose === 'sweep' ? '-sweep' : ''}`;
}

/** What the strategies of a project need of the source domain, each with the first that needs it. */
export function sourceNeeds(project: ProjectFile): ReadonlyMap<Need, string> {
  const needs = new Map<Need, string>();
  for (const { strategy, parts } of project.strategies.flatMap(variantsOf)) {
    for (const need of needsOf(objectiveOf(strategy, parts))) {
      if (!needs.has(need)) needs.set(need, strategy);
    }
  }
  return needs;
}
