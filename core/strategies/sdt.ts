import type { Objective } from './types.ts';

/**
 * SDT, simple domain tuning: minimise ℓ_t(θ), the masked-language-model loss on target-domain
 * batches, and nothing else. (Rongali et al., arXiv 2004.02288, section 3.)
 */
export const SDT: Objective = {
  terms: [{ stream: 'target', weight: 1 }],
  projection: null,
  penalties: [],
  distillation: null,
  sourceRatio: null,
  layerDecay: 1,
};
