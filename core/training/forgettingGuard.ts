/**
 * The forgetting guard: training ends when the source loss on the validation sets exceeds the base
 * model's by more than a bound. Pure: what it says is a function of the losses so far.
 */
import { UserError } from '../base/errors.ts';
import type { TrainingSettings } from './configuration.ts';
import type { GuardEvent } from './events.ts';
import type { ValidationLosses } from './validationLosses.ts';

export type ForgettingGuard = NonNullable<TrainingSettings['forgetting_guard']>;

/** The source loss that may not be exceeded; undefined until the base model was scored. */
function sourceBound(
  losses: readonly ValidationLosses[],
  { max_forgetting }: ForgettingGuard,
): number | undefined {
  const base = losses.find(({ step }) => step === 0)?.source;
  return base === undefined ? undefined : base + max_forgetting;
}

/**
 * The step with the least target loss among those within the bound; the earlier of equals, step 0
 * (the base model) included. Undefined without target sets.
 */
export function bestStep(
  losses: readonly ValidationLosses[],
  guard: ForgettingGuard | undefined,
): number | undefined {
  const bound = guard === undefined ? Infinity : sourceBound(losses, guard);
  if (bound === undefined) return undefined;
  let best: { step: number; target: number } | undefined;
  for (const { step, source, target } of losses) {
    if (target === undefined || (source ?? 0) > bound) continue;
    if (best === undefined || target < best.target) best = { step, target };
  }
  return best?.step;
}

export type GuardVerdict = Pick<GuardEvent, 'step' | 'action' | 'nll' | 'bound' | 'keptStep'>;

/** What the guard says of a step; undefined when training may go on, or was not scored there. */
export function guardVerdict(
  losses: readonly ValidationLosses[],
  guard: ForgettingGuard | undefined,
  step: number,
): GuardVerdict | undefined {
  const nll = losses.find((one) => one.step === step)?.source;
  if (guard === undefined || nll === undefined) return undefined;
  const bound = sourceBound(losses, guard);
  if (bound === undefined || nll <= bound) return undefined;
  const { action } = guard;
  // Step 0 is within every bound.
  const keptStep = action === 'stop' ? step : (bestStep(losses, guard) ?? 0);
  return { step, action, nll, bound, keptStep };
}

/**
 * What the guard says of a run that diverged by a step: beyond every bound, so that one which rolls
 * back does. Undefined for another, which has no finite weights to end with.
 */
export function divergenceVerdict(
  losses: readonly ValidationLosses[],
  guard: ForgettingGuard | undefined,
  step: number,
): GuardVerdict | undefined {
  if (guard?.action !== 'rollback') return undefined;
  const bound = sourceBound(losses, guard);
  if (bound === undefined) return undefined;
  const earlier = losses.filter((one) => one.step < step);
  return { step, action: 'rollback', nll: null, bound, keptStep: bestStep(earlier, guard) ?? 0 };
}

/** @throws UserError `run/guard-needs-set` when the guard has nothing to look at */
export function requireGuardSets(
  guard: ForgettingGuard | undefined,
  evaluations: readonly { readonly role: string; readonly split: string }[],
): void {
  if (guard === undefined) return;
  const needed = guard.action === 'stop' ? ['source'] : ['source', 'target'];
  for (const role of needed) {
    if (evaluations.some((set) => set.role === role && set.split === 'validation')) continue;
    throw new UserError(
      'run/guard-needs-set',
      `The forgetting guard (action ${guard.action}) needs a ${role} set of the validation split, and the run has none.`,
      `Evaluate on the validation split of the ${role} corpus, or leave training.forgetting_guard out.`,
    );
  }
}
