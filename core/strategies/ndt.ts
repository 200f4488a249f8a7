import { SDT } from './sdt.ts';
import type { Objective } from './types.ts';

/**
 * NDT, not domain-tuned: the base model as it is, θ = θ*. It takes no step; its evaluations are what
 * forgetting and target gain are measured against. (Rongali et al., arXiv 2004.02288, Table 1.)
 */
export const NDT: Objective = { ...SDT, terms: [] };
