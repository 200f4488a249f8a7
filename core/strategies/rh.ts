import { z } from 'zod';
import { strengthSchema } from './strength.ts';
import type { Objective } from './types.ts';

export const rhSchema = z.strictObject({
  lambda: strengthSchema.default(1),
  /** Source sequences for each target sequence: 0.25 is a source batch a quarter as large. */
  ratio: z.number().positive().max(4).default(0.25),
});

/**
 * RH, rehearsal: minimise ℓ_t(θ) + λ ℓ_s(θ), with a batch of the rehearsal buffer's source text in
 * every step. (Rongali et al., arXiv 2004.02288, section 3; Ratcliff 1990.)
 */
export function addRehearsal(
  objective: Objective,
  { lambda, ratio }: z.infer<typeof rhSchema>,
): Objective {
  if (lambda === 0) return objective;
  const terms = [...objective.terms, { stream: 'source', weight: lambda } as const];
  return { ...objective, terms, sourceRatio: ratio };
}
