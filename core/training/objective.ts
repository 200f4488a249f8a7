/** From a run's strategy to the objective that its steps minimise, and what the run must have for it. */
import { UserError } from '../base/errors.ts';
import { STRATEGY_NAMES, needsOf, objectiveOf, strategyLabel } from '../strategies/parts.ts';
import type { Need, Objective, StreamKind } from '../strategies/types.ts';
import type { RunSpecification } from './configuration.ts';

/**
 * The objective of a run.
 * @throws UserError `strategy/unknown`, `strategy/other-parts`, and `run/needs-source` when the
 * strategy cannot do without something that the specification does not name
 */
export function objectiveFor(
  specification: Pick<RunSpecification, 'strategy' | 'parts' | 'rehearsal' | 'fisher'>,
): Objective {
  const { strategy, parts } = specification;
  requireKnown(strategy);
  // `ndt` is no part, so with parts there is no name for it.
  const label = strategyLabel(parts);
  if (strategy !== label && !(strategy === 'ndt' && label === 'sdt')) {
    throw new UserError(
      'strategy/other-parts',
      `The strategy "${strategy}" of the run has the parts of "${label}".`,
      'Start a new run from the project.',
    );
  }
  const objective = objectiveOf(strategy, parts);
  const given: Readonly<Record<Need, unknown>> = {
    'rehearsal corpus': specification.rehearsal,
    'Fisher diagonal': specification.fisher,
  };
  for (const need of needsOf(objective)) {
    if (given[need] !== undefined) continue;
    throw new UserError(
      'run/needs-source',
      `The strategy "${strategy}" needs a ${need} of source text, and the run has none.`,
      need === 'rehearsal corpus'
        ? 'Name a source corpus for rehearsal in the project (source_corpus).'
        : 'Name a source corpus for the Fisher diagonal in the project (source_corpus).',
    );
  }
  return objective;
}

/** The domains that an objective takes batches from. */
export function streamsOf({ terms, projection }: Objective): ReadonlySet<StreamKind> {
  const streams = new Set(terms.map(({ stream }) => stream));
  if (projection !== null) streams.add(projection);
  return streams;
}

/** Whether a run with this objective takes optimizer steps. */
export function isTrained({ terms }: Objective): boolean {
  return terms.length > 0;
}

function requireKnown(strategy: string): void {
  const names: readonly string[] = STRATEGY_NAMES;
  if (strategy.split('+').every((name) => names.includes(name))) return;
  throw new UserError(
    'strategy/unknown',
    `There is no strategy "${strategy}".`,
    `Choose one of: ${names.join(', ')}, or several parts together.`,
  );
}
