/** The runs that a project file means, as far as their cost goes: what kind of steps, and how many. Pure. */
import { canonicalJson } from '../base/canonicalJson.ts';
import { settingsText } from '../results/names.ts';
import { objectiveOf, strategyLabel } from '../strategies/parts.ts';
import { isTrained } from '../training/objective.ts';
import { choiceKey } from './choiceKey.ts';
import type { CostKind } from './probeContract.ts';
import type { ProjectFile } from './projectFile.ts';
import type { LambdaChoice } from './results.ts';
import { selectionOf, variantsOf } from './strategyEntries.ts';
import type { Variant } from './strategyEntries.ts';

export interface RunWork {
  readonly purpose: 'result' | 'sweep';
  /** Null for the base model, which takes no steps. */
  readonly kind: CostKind | null;
  /** Undefined where the training is measured in epochs. */
  readonly steps: number | undefined;
  /** An equal project has completed it, or it diverged there. */
  readonly isDone: boolean;
}

export interface StrategyWork {
  readonly strategy: string;
  /** "λ 100", "3 values of λ"; may be empty. */
  readonly settings: string;
  /** Those that no strategy before it has too. */
  readonly runs: readonly RunWork[];
}

/** What a project of the history has: keys of its completed runs, and its choices of λ. */
export interface DoneWork {
  readonly runs: ReadonlySet<string>;
  readonly choices: ReadonlyMap<string, LambdaChoice>;
}

const NOTHING_DONE: DoneWork = { runs: new Set(), choices: new Map() };

/** Every run, as planRuns plans them; of a strategy whose λ is to be chosen the first value stands for it. */
export function strategyWorks(
  project: ProjectFile,
  done: DoneWork = NOTHING_DONE,
): readonly StrategyWork[] {
  const selection = selectionOf(project);
  const seen = new Set<string>();
  return project.strategies.map(variantsOf).flatMap((variants): StrategyWork[] => {
    const [first] = variants;
    if (first === undefined) return [];
    const runs: RunWork[] = [];
    const add = (variant: Variant, seed: number, purpose: RunWork['purpose']): void => {
      const steps = purpose === 'sweep' ? selection.steps : project.training.max_steps;
      const key = runWorkKey(variant, seed, purpose, steps);
      if (seen.has(key)) return;
      seen.add(key);
      runs.push({ purpose, kind: costKindOf(variant), steps, isDone: done.runs.has(key) });
    };
    const choice = done.choices.get(choiceKey(variants, selection));
    if (variants.length > 1 && choice === undefined) {
      for (const variant of variants) add(variant, selection.seed, 'sweep');
    }
    const chosen = choice?.candidates.findIndex((candidate) => candidate.chosen) ?? 0;
    const seeds = first.strategy === 'ndt' ? project.seeds.slice(0, 1) : project.seeds;
    for (const seed of seeds) add(variants[chosen] ?? first, seed, 'result');
    const settings =
      variants.length > 1 ? `${variants.length} values of λ` : settingsText(first.parts);
    return [{ strategy: labelOf(first), settings, runs }];
  });
}

/** Equal for runs of one project that are the same run. */
export function runWorkKey(
  { strategy, parts }: Variant,
  seed: number,
  purpose: RunWork['purpose'],
  steps: number | undefined,
): string {
  return canonicalJson({ strategy, parts, seed, purpose, steps: steps ?? null });
}

/** Strategies have one kind when their steps read alike and compute alike, whatever their strengths. */
export function costKindOf({ strategy, parts }: Variant): CostKind | null {
  const objective = objectiveOf(strategy, parts);
  if (!isTrained(objective)) return null;
  const { terms, projection, penalties, distillation, sourceRatio } = objective;
  const key = canonicalJson({
    streams: terms.map(({ stream }) => stream),
    projection,
    penalties: penalties.map(({ importance }) => importance),
    distillation: distillation !== null,
    sourceRatio,
  });
  return { key, strategy, parts };
}

/** Each kind of the runs that are to be done once; plain domain tuning first when it is among them. */
export function costKinds(works: readonly StrategyWork[]): CostKind[] {
  const kinds = new Map<string, CostKind>();
  for (const { runs } of works) {
    for (const { kind, isDone } of runs) {
      if (kind !== null && !isDone && !kinds.has(kind.key)) kinds.set(kind.key, kind);
    }
  }
  const isPlain = ({ key }: CostKind): boolean =>
    key === costKindOf({ strategy: 'sdt', parts: {} })?.key;
  return [...kinds.values()].sort((a, b) => Number(isPlain(b)) - Number(isPlain(a)));
}

function labelOf({ strategy, parts }: Variant): string {
  return strategy === 'ndt' ? strategy : strategyLabel(parts);
}
