/** From steps to the seconds that were spent in steps: curves over time. */
import type { Point } from './points.ts';
import { firstAtOrAfter } from './points.ts';

/**
 * The points with their x in seconds, read off `clock` (x: step, y: seconds in steps so far) by
 * linear interpolation; step 0 is 0 s. Points after the clock's last one are left out, as are all
 * without a clock.
 */
export function overTime(points: readonly Point[], clock: readonly Point[]): Point[] {
  const times = rising(clock);
  const last = times.at(-1);
  if (last === undefined) return [];
  return points.flatMap(({ x, y }) => (x > last.x ? [] : [{ x: secondsAt(times, x), y }]));
}

function secondsAt(times: readonly Point[], step: number): number {
  const index = firstAtOrAfter(times, step);
  const after = times[index];
  const before = times[index - 1] ?? { x: 0, y: 0 };
  if (after === undefined) return before.y;
  if (after.x <= before.x) return after.y;
  return before.y + ((step - before.x) / (after.x - before.x)) * (after.y - before.y);
}

/** A clock that was set back, as by a run begun anew, goes on from where it was. */
function rising(clock: readonly Point[]): Point[] {
  let offset = 0;
  let previous = 0;
  return clock.map(({ x, y }) => {
    if (y + offset < previous) offset = previous;
    previous = y + offset;
    return { x, y: previous };
  });
}

/** The steps during which any of the clocks shows a time in `range`, in seconds; undefined without a clock. */
export function stepsAt(
  clocks: readonly (readonly Point[])[],
  range: { readonly min: number; readonly max: number },
): { readonly min: number; readonly max: number } | undefined {
  const bounds = clocks.flatMap((clock) => {
    const times = rising(clock);
    const last = times.at(-1);
    if (last === undefined) return [];
    const from = times.findLast(({ y }) => y <= range.min)?.x ?? 0;
    const to = times.find(({ y }) => y >= range.max)?.x ?? last.x;
    return [{ from, to }];
  });
  if (bounds.length === 0) return undefined;
  return {
    min: Math.min(...bounds.map(({ from }) => from)),
    max: Math.max(...bounds.map(({ to }) => to)),
  };
}
