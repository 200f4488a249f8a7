import { z } from 'zod';
import { strengthSchema } from './strength.ts';
import type { Objective } from './types.ts';

export const ewcSchema = z.strictObject({
  lambda: strengthSchema.default(100),
  layer_norm: z.boolean().default(true),
});

/**
 * EWC, elastic weight consolidation: minimise ℓ_t(θ) + (λ/2) Σ F_i (θ_i − θ*_i)², F being the
 * diagonal of the Fisher information of the base model on source text, so that weights which the
 * source domain depends on are held and others are free. (Kirkpatrick et al. 2017; Rongali et al.,
 * arXiv 2004.02288, section 3.)
 */
export function addEwc(
  objective: Objective,
  { lambda, layer_norm: layerNorm }: z.infer<typeof ewcSchema>,
): Objective {
  if (lambda === 0) return objective;
  const penalty = { name: 'ewc', strength: lambda, importance: 'fisher', layerNorm } as const;
  return { ...objective, penalties: [...objective.penalties, penalty] };
}
