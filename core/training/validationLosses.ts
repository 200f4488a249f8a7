/**
 * What a run scored on its validation sets, step by step. Choices are made from it alone, so that a
 * run that goes on after a kill makes the same ones.
 */
import type { EvaluationEvent } from './events.ts';

/** Σ loss / Σ tokens over the sets of each domain, nats a scored token; undefined without such sets. */
export interface ValidationLosses {
  readonly step: number;
  readonly source: number | undefined;
  readonly target: number | undefined;
}

/**
 * By rising step, those at which every set was scored that was scored before the first step. Of the
 * evaluations of one step the ones made while training count: those made afterwards may be of other
 * weights.
 */
export function validationLosses(evaluations: readonly EvaluationEvent[]): ValidationLosses[] {
  const bySteps = Map.groupBy(
    evaluations.filter(({ split }) => split === 'validation'),
    ({ step }) => step,
  );
  const sets = setsOf(bySteps.get(0) ?? []);
  return [...bySteps]
    .sort(([a], [b]) => a - b)
    .flatMap(([step, scored]) => {
      const own = setsOf(scored);
      if ([...sets.keys()].some((set) => !own.has(set))) return [];
      const all = [...own.values()];
      return [{ step, source: lossOver(all, 'source'), target: lossOver(all, 'target') }];
    });
}

/** One evaluation of each set. */
function setsOf(evaluations: readonly EvaluationEvent[]): Map<string, EvaluationEvent> {
  const ranked = evaluations.toSorted(
    (a, b) => Number(a.phase === 'after') - Number(b.phase === 'after'),
  );
  const sets = new Map<string, EvaluationEvent>();
  for (const one of ranked) {
    const set = `${one.role} ${one.setHash} ${one.name}`;
    if (!sets.has(set)) sets.set(set, one);
  }
  return sets;
}

function lossOver(
  evaluations: readonly EvaluationEvent[],
  role: EvaluationEvent['role'],
): number | undefined {
  const own = evaluations.filter((one) => one.role === role);
  const tokens = own.reduce((sum, one) => sum + one.tokens, 0);
  if (tokens === 0) return undefined;
  return own.reduce((sum, one) => sum + one.nll * one.tokens, 0) / tokens;
}
