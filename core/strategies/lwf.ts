import { z } from 'zod';
import { strengthSchema } from './strength.ts';
import type { Objective } from './types.ts';

export const lwfSchema = z.strictObject({
  lambda: strengthSchema.default(1),
  temperature: z.number().positive().max(100).default(1),
});

/**
 * LWF, learning without forgetting: minimise ℓ_t(θ) + λ T² KL(p_θ* ‖ p_θ) at the masked positions of
 * the target batches, so that the tuned model keeps predicting what the frozen base model predicts.
 * It needs no source text. (Li and Hoiem 2016; Hinton et al. 2015.)
 */
export function addDistillation(
  objective: Objective,
  { lambda, temperature }: z.infer<typeof lwfSchema>,
): Objective {
  if (lambda === 0) return objective;
  return { ...objective, distillation: { weight: lambda, temperature } };
}
