import { z } from 'zod';
import type { Objective } from './types.ts';

export const lrcSchema = z.strictObject({
  /** 1/ρ: the learning rate of a layer over that of the layer above it. */
  decay: z.number().gt(0).max(1).default(0.8),
});

/**
 * LRC, layer-wise learning-rate control: minimise ℓ_t(θ) with the learning rate η ρ^−(L−l) in layer l
 * of L, ρ ≥ 1, so that lower layers, which hold what is general, move less. The embeddings count as
 * layer 0, and the head has η. (Arumae et al. 2020.)
 */
export function addLayerRates(
  objective: Objective,
  { decay }: z.infer<typeof lrcSchema>,
): Objective {
  return { ...objective, layerDecay: decay };
}

/**
 * Factor of the learning rate at each depth, 0 (the embeddings) … layers + 1 (the head), for
 * `AdamWUpdate.depthFactors`; undefined when all are 1.
 */
export function depthFactors(decay: number, layers: number): readonly number[] | undefined {
  if (decay === 1) return undefined;
  return Array.from({ length: layers + 2 }, (_, depth) => decay ** Math.max(0, layers - depth));
}
