/** A point of a curve; what x means (step, seconds, tokens) is the chart's matter. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Least and greatest of a coordinate over all finite points; undefined when there is none. */
export function extent(
  curves: readonly (readonly Point[])[],
  coordinate: 'x' | 'y',
): { min: number; max: number } | undefined {
  let min = Infinity;
  let max = -Infinity;
  for (const points of curves) {
    for (const point of points) {
      const value = point[coordinate];
      if (!Number.isFinite(value)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return min <= max ? { min, max } : undefined;
}

/** Index of the first point with x at least `x`, of points in order of x. */
export function firstAtOrAfter(points: readonly Point[], x: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((points[middle]?.x ?? Infinity) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The point nearest in x, of points in order of x. */
export function nearestPoint(points: readonly Point[], x: number): Point | undefined {
  const index = firstAtOrAfter(points, x);
  const after = points[index];
  const before = points[index - 1];
  if (before === undefined || after === undefined) return after ?? before;
  return x - before.x <= after.x - x ? before : after;
}
