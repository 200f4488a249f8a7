/** A curve whose points the service has thinned to the width of a chart, and finer where one looks. */
import type { Curve } from '../../core/workbench/schemas/curves.ts';
import { firstAtOrAfter } from './points.ts';
import type { Point } from './points.ts';

export interface ThinnedCurve {
  /** In order of x, which is the step. */
  readonly points: readonly Point[];
  /** Where points were left out: the means that a smoothed line is drawn from. */
  readonly trend?: Trend | undefined;
}

export interface Trend {
  readonly points: readonly Point[];
  /** From one point to the next before any was left out, in the unit of x. */
  readonly spacing: number;
}

export interface StepRange {
  readonly min: number;
  readonly max: number;
}

export function readCurve({ steps, values, trend }: Curve): ThinnedCurve {
  return {
    points: pointsOf(steps, values),
    ...(trend === null
      ? {}
      : { trend: { points: pointsOf(trend.steps, trend.values), spacing: trend.spacing } }),
  };
}

const pointsOf = (steps: readonly number[], values: readonly number[]): Point[] =>
  steps.map((x, index) => ({ x, y: values[index] ?? NaN }));

/** `whole` with all that `detail` knows of the steps of `range`, which it was read for. */
export function withDetail(
  whole: ThinnedCurve,
  detail: ThinnedCurve,
  range: StepRange,
): ThinnedCurve {
  if (whole.trend === undefined) return whole;
  const { points, spacing } = whole.trend;
  return {
    points: replaced(whole.points, detail.points, range),
    trend: { points: replaced(points, detail.trend?.points ?? detail.points, range), spacing },
  };
}

function replaced(points: readonly Point[], inside: readonly Point[], range: StepRange): Point[] {
  const before = points.slice(0, firstAtOrAfter(points, range.min));
  // What was heard since the detail was read is in both.
  const within = inside.filter(({ x }) => x <= range.max);
  return [...before, ...within, ...points.filter(({ x }) => x > range.max)];
}

/** A point of a step that is there is replaced; one before the last is put in its place. */
export function withPoint({ points, trend }: ThinnedCurve, point: Point): ThinnedCurve {
  return {
    points: put(points, point),
    ...(trend === undefined
      ? {}
      : { trend: { points: put(trend.points, point), spacing: trend.spacing } }),
  };
}

function put(points: readonly Point[], point: Point): Point[] {
  const at = firstAtOrAfter(points, point.x);
  return points.toSpliced(at, points[at]?.x === point.x ? 1 : 0, point);
}

/** Resuming at a step supersedes what came after it. */
export function upTo({ points, trend }: ThinnedCurve, step: number): ThinnedCurve {
  const kept = (all: readonly Point[]): Point[] => all.filter(({ x }) => x <= step);
  return {
    points: kept(points),
    ...(trend === undefined
      ? {}
      : { trend: { points: kept(trend.points), spacing: trend.spacing } }),
  };
}

/** With another x, as seconds instead of steps; points for which there is none are left out. */
export function along(
  { points, trend }: ThinnedCurve,
  convert: (points: readonly Point[]) => Point[],
): ThinnedCurve {
  const converted = convert(points);
  if (trend === undefined) return { points: converted };
  const [first, last] = [points[0], points[converted.length - 1]];
  const steps = (last?.x ?? 0) - (first?.x ?? 0);
  const length = (converted.at(-1)?.x ?? 0) - (converted[0]?.x ?? 0);
  const spacing = steps > 0 && length > 0 ? (trend.spacing * length) / steps : trend.spacing;
  return { points: converted, trend: { points: convert(trend.points), spacing } };
}

/**
 * The part of a curve to read for a view of `range` in a chart `pixels` wide: half as much again on
 * both sides, so that moving a little shows nothing coarse.
 */
export function detailFor(range: StepRange, pixels: number): { range: StepRange; pixels: number } {
  const span = range.max - range.min;
  return {
    range: {
      min: Math.max(0, Math.floor(range.min - span / 2)),
      max: Math.ceil(range.max + span / 2),
    },
    pixels: 2 * pixels,
  };
}

/** Whether a detail that was read for `known` shows `range` as finely as the chart can. */
export function isShownBy(known: StepRange, range: StepRange): boolean {
  const isInside = known.min <= Math.max(0, range.min) && known.max >= range.max;
  return isInside && known.max - known.min <= 4 * (range.max - range.min);
}
