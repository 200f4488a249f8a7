/** How long a run will take yet, from when its steps were done. */

export interface StepTime {
  readonly step: number;
  /** Milliseconds of any one clock. */
  readonly time: number;
}

export interface Remaining {
  /** Seconds: the median pace, and the paces that a tenth of the stretches undercut and exceed. */
  readonly seconds: number;
  readonly low: number;
  readonly high: number;
}

const STRETCHES = 40;
const LEAST_STRETCHES = 3;

/**
 * Undefined while too little is known. A pause is no pace: stretches in which the step fell or no
 * step was done are left out.
 */
export function remainingTime(
  times: readonly StepTime[],
  totalSteps: number,
): Remaining | undefined {
  const recent = times.slice(-STRETCHES - 1);
  const paces = recent
    .slice(1)
    .map(({ step, time }, index) => {
      const before = recent[index];
      return before === undefined ? NaN : (time - before.time) / 1000 / (step - before.step);
    })
    .filter((pace) => Number.isFinite(pace) && pace > 0)
    .sort((a, b) => a - b);
  const last = recent.at(-1);
  if (last === undefined || paces.length < LEAST_STRETCHES) return undefined;
  const steps = Math.max(0, totalSteps - last.step);
  return {
    seconds: steps * quantile(paces, 0.5),
    low: steps * quantile(paces, 0.1),
    high: steps * quantile(paces, 0.9),
  };
}

/** Of values in ascending order, with linear interpolation. */
function quantile(values: readonly number[], share: number): number {
  const position = share * (values.length - 1);
  const low = values[Math.floor(position)] ?? NaN;
  const high = values[Math.ceil(position)] ?? low;
  return low + (position - Math.floor(position)) * (high - low);
}
