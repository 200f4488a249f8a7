/** Axes: a range that holds what is shown, with round ticks. */

export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  /** Of the tick labels. */
  readonly decimals: number;
}

/** Share of the range that is left free on either side of what is shown. */
const PADDING = 0.1;
/** Differences of a few thousandths of a nat are not drawn as if they were large. */
const SMALLEST_RANGE = 0.02;

/** A scale over the values and zero, with about `wanted` ticks at 1, 2 or 5 times a power of ten. */
export function scaleOver(values: readonly number[], wanted: number): Scale {
  const finite = values.filter((value) => Number.isFinite(value));
  const least = Math.min(0, ...finite);
  const most = Math.max(0, ...finite);
  const range = Math.max(most - least, SMALLEST_RANGE);
  const centre = (most + least) / 2;
  const low = centre - range * (0.5 + PADDING);
  const high = centre + range * (0.5 + PADDING);
  const step = roundStep((high - low) / wanted);
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  const ticks = Array.from({ length: count }, (_, i) => (first + i) * step);
  const decimals = Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return { low, high, ticks, decimals };
}

/** The least of 1, 2, 5 × 10^k that is not below `step`. */
export function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5].find((each) => each * power >= step * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** "−0.25"; "2e+5" where the digits would not fit beside the axis. */
export function tickLabel(value: number, { decimals }: Scale): string {
  const size = Math.abs(value);
  const label = size < 1e5 ? size.toFixed(decimals) : size.toExponential();
  return value < 0 && Number(label) !== 0 ? `−${label}` : label;
}
