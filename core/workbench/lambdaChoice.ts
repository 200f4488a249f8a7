/** Which of several values of λ is taken, from losses on the validation split alone. */
import type { ErrorReport } from '../base/errors.ts';
import { settingsText } from '../results/names.ts';
import { isDivergenceCode } from '../training/divergence.ts';
import type { LambdaChoice } from './results.ts';
import type { Selection, Variant } from './strategyEntries.ts';

/** A run that tried one variant. */
export interface Candidate {
  readonly run: string;
  /** Null while the run has not completed. */
  readonly losses: ValidationLosses | null;
  /** Why the run failed; null when it did not. */
  readonly failure: CandidateFailure | null;
  /** Optimizer steps of the run; null before it has begun. */
  readonly steps: number | null;
}

type CandidateFailure = NonNullable<LambdaChoice['candidates'][number]['failure']>;

/**
 * Whether a run failed by its own settings: tried again it fails again. At step 0 it is the base model
 * that has no finite loss, whatever the settings.
 */
export function hasDiverged(run: {
  readonly state: string;
  readonly step: number;
  readonly error: ErrorReport | null;
}): boolean {
  return run.state === 'failed' && run.step > 0 && isDivergenceCode(run.error?.code ?? '');
}

/** Whether it is known of a candidate how good its value is: by its losses, or because it diverged. */
export function isTried({
  objective,
  failure,
}: Pick<LambdaChoice['candidates'][number], 'objective' | 'failure'>): boolean {
  return objective !== null || failure?.isFinal === true;
}

/** On the validation split at the end of a run, nats a masked token. */
export interface ValidationLosses {
  readonly source: number;
  readonly target: number;
}

/** A loss of one frozen-mask set. */
export interface SetLoss {
  readonly role: string;
  readonly split: string;
  readonly phase: string;
  readonly step: number;
  readonly nll: number;
  readonly tokens: number;
}

/** Over all sets of a role, Σ loss / Σ tokens; undefined when a role has none. */
export function validationLosses(evaluations: readonly SetLoss[]): ValidationLosses | undefined {
  const atEnd = evaluations.filter(
    ({ split, phase }) => split === 'validation' && phase === 'after',
  );
  const last = Math.max(...atEnd.map(({ step }) => step));
  const meanOf = (role: string): number | undefined => {
    const own = atEnd.filter((one) => one.role === role && one.step === last);
    const tokens = own.reduce((sum, one) => sum + one.tokens, 0);
    return tokens === 0
      ? undefined
      : own.reduce((sum, one) => sum + one.nll * one.tokens, 0) / tokens;
  };
  const [source, target] = [meanOf('source'), meanOf('target')];
  return source === undefined || target === undefined ? undefined : { source, target };
}

/**
 * The choice among `variants`, `candidates` being their runs in the same order. When all have been
 * tried, the one with the least target loss + sourceWeight × source loss is chosen, the first of equal
 * ones, one that diverged counting as infinite; until then none is, nor when all diverged.
 */
export function chooseLambda(
  variants: readonly Variant[],
  candidates: readonly Candidate[],
  { steps, seed, sourceWeight }: Selection,
): LambdaChoice {
  const judged = candidates.map(({ losses, failure }) => ({
    objective: losses === null ? null : losses.target + sourceWeight * losses.source,
    failure,
  }));
  const least = Math.min(...judged.flatMap(({ objective }) => objective ?? []));
  const chosen = judged.every(isTried)
    ? judged.findIndex(({ objective }) => objective === least)
    : -1;
  return {
    strategy: variants[0]?.strategy ?? '',
    steps: steps ?? candidates.find((candidate) => candidate.steps !== null)?.steps ?? null,
    seed,
    sourceWeight,
    candidates: candidates.map(({ run, losses }, index) => ({
      settings: settingsText(variants[index]?.parts ?? {}),
      parts: variants[index]?.parts ?? {},
      run,
      sourceNll: losses?.source ?? null,
      targetNll: losses?.target ?? null,
      objective: judged[index]?.objective ?? null,
      failure: judged[index]?.failure ?? null,
      chosen: index === chosen,
    })),
  };
}
