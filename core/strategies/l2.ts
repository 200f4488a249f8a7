import { z } from 'zod';
import { strengthSchema } from './strength.ts';
import type { Objective } from './types.ts';

export const l2Schema = z.strictObject({
  lambda: strengthSchema.default(0.01),
  layer_norm: z.boolean().default(true),
});

/**
 * L2: minimise ℓ_t(θ) + (λ/2) Σ (θ_i − θ*_i)², which pulls every weight to the base model's alike.
 * (Rongali et al., arXiv 2004.02288, section 3; as L2-SP: Li et al. 2018.)
 */
export function addL2(
  objective: Objective,
  { lambda, layer_norm: layerNorm }: z.infer<typeof l2Schema>,
): Objective {
  if (lambda === 0) return objective;
  const penalty = { name: 'l2', strength: lambda, importance: 'unit', layerNorm } as const;
  return { ...objective, penalties: [...objective.penalties, penalty] };
}
