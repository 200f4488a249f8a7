import type { HostKernels } from './kernels/hostKernels.ts';
import { found } from './namedArrays.ts';
import type { Weights } from './types.ts';

export interface ProjectionResult {
  readonly projected: boolean;
  /** Of gradient and reference before the projection; 0 when one of them is zero. */
  readonly cosine: number;
}

/**
 * Where g · m < 0, replaces the gradient g by g − (g · m / m · m) m, the nearest one that does not
 * oppose the reference m: GEM with one memory (Lopez-Paz and Ranzato 2017, equation 11; Chaudhry et
 * al. 2019, equation 11). A reference of zero says nothing, and one that is not finite makes the
 * cosine NaN; both leave g as it is.
 */
export function projectGradient(
  kernels: HostKernels,
  gradient: Weights,
  reference: Weights,
): ProjectionResult {
  let product = 0;
  let gradientSquares = 0;
  let referenceSquares = 0;
  for (const [name, g] of gradient) {
    const m = found(reference, name);
    product += kernels.dot(g, m);
    gradientSquares += kernels.squaredNorm(g);
    referenceSquares += kernels.squaredNorm(m);
  }
  const norms = Math.sqrt(gradientSquares) * Math.sqrt(referenceSquares);
  const cosine = norms === 0 ? 0 : product / norms;
  const finite = Number.isFinite(product) && Number.isFinite(referenceSquares);
  const projected = finite && product < 0 && referenceSquares > 0;
  if (projected) {
    for (const [name, g] of gradient) {
      kernels.accumulate(g, found(reference, name), -product / referenceSquares);
    }
  }
  return { projected, cosine: finite ? cosine : Number.NaN };
}
