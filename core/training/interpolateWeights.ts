import type { Weights } from '../engine/types.ts';

/**
 * (1 − α) θ* + α θ, computed as θ* + α (θ − θ*) in double precision and rounded to float32 once
 * (WiSE-FT; Wortsman et al. 2022). α = 0 gives the base weights θ* and α = 1 the tuned weights θ, bit
 * for bit. Both hold arrays of the same names and lengths.
 */
export function interpolateWeights(base: Weights, tuned: Weights, alpha: number): Weights {
  return new Map(
    [...base].map(([name, anchor]): [string, Float32Array] => {
      const end = tuned.get(name);
      if (end?.length !== anchor.length) {
        throw new Error(`The tuned weights of "${name}" are missing or of another size.`);
      }
      // The difference of two float32 numbers need not be exact even in double precision.
      if (alpha === 0 || alpha === 1) return [name, (alpha === 0 ? anchor : end).slice()];
      return [name, anchor.map((value, i) => value + alpha * (end[i] - value))];
    }),
  );
}
