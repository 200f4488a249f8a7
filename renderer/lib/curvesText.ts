/** Curves as a table of their values: one row for each x, one column for each curve. */
import type { Point } from './points.ts';

interface LabelledCurve {
  readonly label: string;
  readonly points: readonly Point[];
}

/** Every x that any of the curves has, in order. */
export function positionsOf(curves: readonly Pick<LabelledCurve, 'points'>[]): number[] {
  const positions = new Set(curves.flatMap(({ points }) => points.map(({ x }) => x)));
  return [...positions].sort((a, b) => a - b);
}

/** Of each curve, the value at an x. */
export function valuesOf(
  curves: readonly Pick<LabelledCurve, 'points'>[],
): ReadonlyMap<number, number>[] {
  return curves.map(({ points }) => new Map(points.map(({ x, y }) => [x, y])));
}

/** CSV with a head; a value that a curve does not have is empty. */
export function curvesText(xTitle: string, curves: readonly LabelledCurve[]): string {
  const values = valuesOf(curves);
  const head = [xTitle, ...curves.map(({ label }) => label)].map(quoted).join(',');
  const rows = positionsOf(curves).map((x) =>
    [x, ...values.map((of) => of.get(x) ?? '')].join(','),
  );
  return [head, ...rows].join('\n');
}

const quoted = (text: string): string =>
  /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
