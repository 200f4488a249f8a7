/** The gradient of the quadratic penalties against central differences of their equation in float64. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../core/base/random.ts';
import { createHostKernels } from '../../../../core/engine/kernels/createHostKernels.ts';
import type { HostKernels } from '../../../../core/engine/kernels/hostKernels.ts';
import { createReferenceKernels } from '../../../../core/engine/kernels/referenceKernels.ts';

const LENGTH = 203;
/** Of the steps to both sides; the penalty is quadratic, so a central difference has no truncation error. */
const STEP = 1e-3;
/** Roundings of a weight's distance and of two products to float32, 2^-24 each, and then some. */
const ALLOWED = 3e-7;

const assembled = createHostKernels();
afterAll(() => assembled.close());
const implementations: readonly (readonly [string, HostKernels])[] = [
  ['TypeScript', createReferenceKernels()],
  ['WebAssembly', assembled],
];

function drawn(place: number, value: (normal: number) => number): Float32Array {
  const random = new RandomStream(3, 'initialWeights', place);
  return Float32Array.from({ length: LENGTH }, () => value(random.nextNormal()));
}

const weights = drawn(0, (normal) => 0.05 * normal);
const moves = drawn(1, (normal) => 0.01 * normal);
const anchor = weights.map((value, i) => value - moves[i]);
/** Over many magnitudes, some zero, as a Fisher diagonal is. */
const fisher = drawn(2, (normal) => (normal > 1.2 ? 0 : 1e-4 * Math.exp(3 * normal)));

/** (λ/2) Σ F_i (θ_i − θ*_i)² in float64. */
function penalty(theta: Float64Array, importance: Float32Array | null, strength: number): number {
  let sum = 0;
  for (let i = 0; i < LENGTH; i++) sum += (importance?.[i] ?? 1) * (theta[i] - anchor[i]) ** 2;
  return (strength / 2) * sum;
}

/** With all others at their anchors: they would add nothing but their rounding. */
function centralDifference(i: number, importance: Float32Array | null, strength: number): number {
  const at = (distance: number): number => {
    const theta = Float64Array.from(anchor);
    theta[i] = weights[i] + distance;
    return penalty(theta, importance, strength);
  };
  return (at(STEP) - at(-STEP)) / (2 * STEP);
}

function placed(kernels: HostKernels, values: Float32Array): Float32Array {
  const array = kernels.allocate(LENGTH);
  array.set(values);
  return array;
}

describe.each(implementations)('the penalty gradient in %s', (_, kernels) => {
  it.each([
    ['L2', null, 0.01],
    ['L2', null, 3],
    ['EWC', fisher, 100],
    ['EWC', fisher, 1e5],
  ] as const)('of %s is that of finite differences', (__, importance, strength) => {
    const gradient = placed(kernels, new Float32Array(LENGTH));
    const sums = kernels.addPenaltyGradient(
      {
        gradient,
        weights: placed(kernels, weights),
        anchor: placed(kernels, anchor),
        importance: importance === null ? null : placed(kernels, importance),
      },
      strength,
    );
    let worst = 0;
    for (let i = 0; i < LENGTH; i++) {
      const expected = centralDifference(i, importance, strength);
      if (expected === 0) expect(gradient[i]).toBe(0);
      else worst = Math.max(worst, Math.abs(gradient[i] - expected) / Math.abs(expected));
    }
    expect(worst).toBeLessThan(ALLOWED);
    const value = penalty(Float64Array.from(weights), importance, strength);
    expect(Math.abs(sums.twiceValue / 2 - value) / value).toBeLessThan(ALLOWED);
  });
});
