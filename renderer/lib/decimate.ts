/** Fewer points with the same picture: the least and the greatest of every column of pixels. */
import type { Point } from './points.ts';
import { firstAtOrAfter } from './points.ts';

export interface Range {
  readonly min: number;
  readonly max: number;
}

/**
 * The points to draw between `range.min` and `range.max`: at most four a column (first, least,
 * greatest, last), and one neighbour beyond each end so that lines leave the picture. Points are in
 * order of x. Ones that are not finite break the line and are kept once a column.
 */
export function decimate(points: readonly Point[], range: Range, columns: number): Point[] {
  const from = Math.max(0, firstAtOrAfter(points, range.min) - 1);
  const past = Math.min(points.length, firstAtOrAfter(points, range.max) + 1);
  if (past - from <= 4 * columns) return points.slice(from, past);
  const width = (range.max - range.min) / columns;
  const kept: Point[] = [];
  let start = from;
  while (start < past) {
    const column = columnOf(points[start], range, width);
    let end = start + 1;
    while (end < past && columnOf(points[end], range, width) === column) end++;
    keepColumn(points, start, end, kept);
    start = end;
  }
  return kept;
}

function columnOf(point: Point | undefined, { min }: Range, width: number): number {
  return point === undefined ? 0 : Math.floor((point.x - min) / width);
}

/** Adds first, least, greatest and last of [start, end) in their order. */
function keepColumn(points: readonly Point[], start: number, end: number, kept: Point[]): void {
  let least = start;
  let greatest = start;
  let broken = -1;
  for (let index = start; index < end; index++) {
    const y = points[index]?.y ?? NaN;
    if (!Number.isFinite(y)) broken = index;
    if (y < (points[least]?.y ?? Infinity) || !Number.isFinite(points[least]?.y)) least = index;
    if (y > (points[greatest]?.y ?? -Infinity) || !Number.isFinite(points[greatest]?.y)) {
      greatest = index;
    }
  }
  for (let index = start; index < end; index++) {
    const isKept =
      index === start ||
      index === least ||
      index === greatest ||
      index === broken ||
      index === end - 1;
    const point = points[index];
    if (isKept && point !== undefined) kept.push(point);
  }
}
