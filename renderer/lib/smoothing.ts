/** Exponential moving averages, as TensorBoard and W&B draw them. */
import type { Point } from './points.ts';

/**
 * The debiased exponential moving average: s_i = w s_{i−1} + (1 − w) y_i, divided by 1 − w^i so that
 * the start is not pulled to zero. Over a gap of g distances between points w^g is used, so that
 * thinned curves are smoothed as the whole ones are.
 * @param weight w in [0, 1): 0 is the raw curve
 * @param distance between points before any was left out; the usual one when left out
 */
export function smooth(
  points: readonly Point[],
  weight: number,
  distance = usualDistance(points),
): Point[] {
  if (weight <= 0 || points.length < 2) return points.slice();
  const bounded = Math.min(weight, 0.999);
  let sum = 0;
  let mass = 0;
  let previous: number | undefined;
  return points.map(({ x, y }) => {
    const gap = previous === undefined ? 1 : Math.max(0, (x - previous) / distance);
    previous = x;
    if (!Number.isFinite(y)) return { x, y };
    const kept = bounded ** gap;
    sum = kept * sum + (1 - kept) * y;
    mass = kept * mass + (1 - kept);
    return { x, y: mass === 0 ? y : sum / mass };
  });
}

/** The median distance between neighbours; 1 when all points share one x. */
function usualDistance(points: readonly Point[]): number {
  const distances = points
    .slice(1)
    .map(({ x }, index) => x - (points[index]?.x ?? x))
    .filter((distance) => distance > 0)
    .sort((a, b) => a - b);
  return distances[Math.floor(distances.length / 2)] ?? 1;
}
