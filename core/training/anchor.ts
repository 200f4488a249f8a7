import type { ParameterSpec, Session, Weights } from '../engine/types.ts';
import type { Objective, PenaltyPlan } from '../strategies/types.ts';
import { isTrained } from './objective.ts';

/**
 * Gives a session what the objective compares its weights with: the anchor θ*, which are the base
 * model's weights, and the importances of the penalties. The anchor is held in every run that trains,
 * for the distance from it is a signal of all of them; it costs the memory of the weights once more,
 * and an importance by the Fisher diagonal costs it once again.
 */
export async function holdAnchor(
  session: Session,
  objective: Objective,
  base: Weights,
  fisherDiagonal: Weights | undefined,
): Promise<void> {
  if (!isTrained(objective)) return;
  await session.setAnchor(base);
  for (const penalty of objective.penalties) {
    const importance = importanceOf(session.parameters, penalty, fisherDiagonal);
    await session.setImportance(penalty.name, importance);
  }
}

/** By parameter name, what `setImportance` takes; parameters that are not penalised are left out. */
export function importanceOf(
  parameters: readonly ParameterSpec[],
  { importance, layerNorm }: PenaltyPlan,
  fisherDiagonal: Weights | undefined,
): ReadonlyMap<string, Float32Array | 1> {
  const penalised = parameters.filter(({ kind }) => layerNorm || kind !== 'layerNorm');
  return new Map(
    penalised.map(({ name }): [string, Float32Array | 1] => {
      if (importance === 'unit') return [name, 1];
      const values = fisherDiagonal?.get(name);
      if (values === undefined) throw new Error(`The Fisher diagonal has no ${name}.`);
      return [name, values];
    }),
  );
}
