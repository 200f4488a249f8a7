import { z } from 'zod';
import type { Objective } from './types.ts';

export const gemSchema = z.strictObject({
  /** Source sequences for each target sequence, of which the reference gradient is formed. */
  ratio: z.number().positive().max(4).default(1),
});

/**
 * GEM, gradient episodic memory: minimise ℓ_t(θ), but where its gradient g opposes the gradient m of
 * a source batch (g · m < 0), step along g − (g · m / m · m) m, which to first order leaves ℓ_s as it
 * is. (Lopez-Paz and Ranzato 2017, with one memory as in Chaudhry et al. 2019; Rongali et al., arXiv
 * 2004.02288, section 3.)
 */
export function addGem(objective: Objective, { ratio }: z.infer<typeof gemSchema>): Objective {
  return { ...objective, projection: 'source', sourceRatio: ratio };
}
