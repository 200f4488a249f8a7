/** A chart in words, for those who do not see it. */
import type { Point } from './points.ts';

export interface DescribedCurve {
  readonly label: string;
  readonly points: readonly Point[];
}

/** One sentence a curve: where it starts, where it ends, its least and greatest value. */
export function describeCurves(
  curves: readonly DescribedCurve[],
  formatX: (x: number) => string,
  formatY: (y: number) => string,
): string {
  if (curves.every(({ points }) => points.length === 0)) return 'There are no points yet.';
  return curves.map((curve) => describeCurve(curve, formatX, formatY)).join(' ');
}

function describeCurve(
  { label, points }: DescribedCurve,
  formatX: (x: number) => string,
  formatY: (y: number) => string,
): string {
  const finite = points.filter(({ y }) => Number.isFinite(y));
  const first = finite[0];
  const last = finite.at(-1);
  if (first === undefined || last === undefined) return `${label}: no points yet.`;
  if (first === last) return `${label}: ${formatY(first.y)} at ${formatX(first.x)}.`;
  let least = first;
  let greatest = first;
  for (const point of finite) {
    if (point.y < least.y) least = point;
    if (point.y > greatest.y) greatest = point;
  }
  const course = `${label}: from ${formatY(first.y)} at ${formatX(first.x)} to ${formatY(last.y)} at ${formatX(last.x)}`;
  const extremes = [
    least === first || least === last ? '' : `least ${formatY(least.y)} at ${formatX(least.x)}`,
    greatest === first || greatest === last
      ? ''
      : `greatest ${formatY(greatest.y)} at ${formatX(greatest.x)}`,
  ].filter((text) => text !== '');
  return `${[course, ...extremes].join('; ')}.`;
}
