import type { Strategy } from './types.ts';

/**
 * SDT, simple domain tuning: minimise ℓ_t(θ), the masked-language-model loss on target-domain
 * batches, and nothing else. (Rongali et al., arXiv 2004.02288, section 3.)
 */
export const sdt: Strategy = {
  name: 'sdt',
  terms: () => [{ stream: 'target', weight: 1 }],
};
