import type { AdamWSettings } from './hostKernels.ts';

/** What one AdamW update multiplies by, each rounded to float32 once, for both implementations. */
export interface AdamWConstants {
  readonly gradientScale: number;
  /** 1 − lr · λ */
  readonly decayFactor: number;
  /** 1 − β1 */
  readonly firstRate: number;
  readonly beta2: number;
  /** 1 − β2 */
  readonly secondRate: number;
  /** 1 / √(1 − β2^t) */
  readonly rootCorrection: number;
  readonly epsilon: number;
  /** lr / (1 − β1^t) */
  readonly stepSize: number;
}

export function adamWConstants(settings: AdamWSettings): AdamWConstants {
  const { learningRate, beta1, beta2, step } = settings;
  return {
    gradientScale: Math.fround(settings.gradientScale),
    decayFactor: Math.fround(1 - learningRate * settings.weightDecay),
    firstRate: Math.fround(1 - beta1),
    beta2: Math.fround(beta2),
    secondRate: Math.fround(1 - beta2),
    rootCorrection: Math.fround(1 / Math.sqrt(1 - beta2 ** step)),
    epsilon: Math.fround(settings.epsilon),
    stepSize: Math.fround(learningRate / (1 - beta1 ** step)),
  };
}
