import type { Store } from '../../store/store.ts';
import type { Handlers } from '../calls.ts';
import { findRun } from '../find.ts';

const SECONDS = 'train/seconds';
/** Points of the clock between which time is interpolated where a chart is decimated. */
const CLOCK_KNOTS = 512;

export function curveHandlers(store: Store): Handlers<'runs/curves'> {
  return {
    'runs/curves': ({ runs: words, seconds, ...range }) =>
      [...new Set(words.map((word) => idOf(store, word)))].map((run) => {
        const knots = range.pixels === undefined ? undefined : CLOCK_KNOTS;
        const clock = seconds ? store.curves.knots(run, SECONDS, knots) : [];
        const curves = store.curves.curves(run, range);
        return {
          run,
          series: store.curves.series(run),
          curves: curves.map(({ trend, ...curve }) => ({
            ...curve,
            seconds: secondsAt(clock, curve.steps),
            trend: trend && { ...trend, seconds: secondsAt(clock, trend.steps) },
          })),
        };
      }),
  };
}

function idOf(store: Store, word: string): string {
  return store.runSummaries.find(word)?.id ?? findRun(store, word).id;
}

/**
 * The clock's time at each of the steps, which are in order: linear between its points and from 0 at
 * step 0 to the first, the last one's after it. Null without a clock.
 */
export function secondsAt(
  clock: readonly (readonly [step: number, seconds: number])[],
  steps: readonly number[],
): number[] | null {
  if (clock.length === 0) return null;
  let next = 0;
  return steps.map((step) => {
    while ((clock[next]?.[0] ?? Infinity) < step) next++;
    const [fromStep, from] = clock[next - 1] ?? [0, 0];
    const [toStep, to] = clock[next] ?? [step, from];
    return toStep === step ? to : from + ((to - from) * (step - fromStep)) / (toStep - fromStep);
  });
}
