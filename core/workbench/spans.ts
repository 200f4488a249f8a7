/** Amounts with a range, and how they are predicted from a few measurements. Pure. */
import { quantile } from '../evaluation/statistics.ts';
import type { Span } from './schemas/estimate.ts';

export const ZERO: Span = { expected: 0, low: 0, high: 0 };

export function exactly(amount: number): Span {
  return { expected: amount, low: amount, high: amount };
}

/** `error` is half the width of the range as a share of what is expected. */
export function within(expected: number, error: number): Span {
  return { expected, low: expected * Math.max(0, 1 - error), high: expected * (1 + error) };
}

/** Bounds are added as they are: what is measured by one probe errs in one direction. */
export function sum(spans: Iterable<Span>): Span {
  let total = ZERO;
  for (const { expected, low, high } of spans) {
    total = {
      expected: total.expected + expected,
      low: total.low + low,
      high: total.high + high,
    };
  }
  return total;
}

export function times(a: Span, b: Span | number): Span {
  const factor = typeof b === 'number' ? exactly(b) : b;
  return {
    expected: a.expected * factor.expected,
    low: a.low * factor.low,
    high: a.high * factor.high,
  };
}

/** Rounded to what an estimate can tell apart: 10 s of minutes, 5 min of hours, 1 h of days. */
export function roughly(seconds: number): number {
  const [, unit = 3600] =
    [
      [10, 0.1],
      [60, 1],
      [600, 10],
      [3600, 60],
      [36_000, 300],
      [172_800, 1800],
    ].find(([bound = 0]) => seconds < bound) ?? [];
  return Math.round(seconds / unit) * unit;
}

/** Quantiles of Student's t at 97.5 % for 1, 2, … degrees of freedom. */
const STUDENT_T = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048,
  2.045, 2.042,
];

/** Half the width of a 95 % interval in standard errors; 1.96 for very many degrees of freedom. */
export function studentT95(degrees: number): number {
  if (degrees < 1) return Infinity;
  return STUDENT_T[Math.floor(degrees) - 1] ?? 1.96 + 2.5 / degrees;
}

/** Half the 95 % interval of a mean as a share of it, for a sample without replacement of `population`. */
export function errorOfMean(values: readonly number[], population = Infinity): number {
  const count = values.length;
  if (count >= population) return 0;
  if (count < 2) return 1;
  const mean = values.reduce((total, value) => total + value, 0) / count;
  if (mean === 0) return 1;
  const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / (count - 1);
  const error = Math.sqrt((variance / count) * (1 - count / population));
  return Math.min(1, (studentT95(count - 1) * error) / mean);
}

/** What was measured of one piece of work: its size and its seconds. */
export interface Timed {
  readonly size: number;
  readonly seconds: number;
}

/** A few measurements cannot say less or more than this. */
const MOST_ERROR = 0.6;
const ERROR_OF_ONE = 0.5;

/**
 * Mean seconds of pieces of work whose mean size is `meanSize`, from some that were timed: a straight
 * line by least squares through what was measured, whose slope is held between none (time does not
 * depend on size) and proportional. The range is the 95 % interval of the line at `meanSize`.
 */
export function meanSeconds(timed: readonly Timed[], meanSize: number): Span {
  const [first] = timed;
  if (first === undefined) return ZERO;
  const count = timed.length;
  const x = timed.reduce((total, { size }) => total + size, 0) / count;
  const y = timed.reduce((total, { seconds }) => total + seconds, 0) / count;
  const steepest = x === 0 ? 0 : y / x;
  if (count === 1) return within(Math.max(0, y + steepest * (meanSize - x)), ERROR_OF_ONE);

  const sxx = timed.reduce((total, { size }) => total + (size - x) ** 2, 0);
  const sxy = timed.reduce((total, { size, seconds }) => total + (size - x) * (seconds - y), 0);
  const isSloped = sxx > 0 && count > 2;
  const slope = isSloped ? Math.min(steepest, Math.max(0, sxy / sxx)) : steepest;
  const expected = y + slope * (meanSize - x);
  if (expected <= 0) return ZERO;
  const residuals = timed.reduce(
    (total, { size, seconds }) => total + (seconds - y - slope * (size - x)) ** 2,
    0,
  );
  const degrees = count - (isSloped ? 2 : 1);
  const leverage = sxx > 0 ? (meanSize - x) ** 2 / sxx : 0;
  const error = Math.sqrt((residuals / degrees) * (1 / count + leverage));
  return within(expected, Math.min(MOST_ERROR, (studentT95(degrees) * error) / expected));
}

/** Of the standard error of a median to that of a mean, where errors are normal. */
const MEDIAN_ERROR = Math.sqrt(Math.PI / 2);
/** Of a standard deviation to the median distance from the median, where errors are normal. */
const DEVIATION_OF_MEDIAN = 1.4826;
const ERROR_OF_ONE_RATIO = 0.25;

/** The median and its 95 % interval, from the median distance of the ratios from it; 1 for none. */
export function medianRatio(ratios: readonly number[]): Span {
  const count = ratios.length;
  if (count === 0) return within(1, MOST_ERROR);
  const expected = median(ratios);
  if (count === 1) return within(expected, ERROR_OF_ONE_RATIO);
  const distance = median(ratios.map((ratio) => Math.abs(ratio - expected)));
  const error = (MEDIAN_ERROR * DEVIATION_OF_MEDIAN * distance) / Math.sqrt(count);
  return within(expected, Math.min(MOST_ERROR, (studentT95(count - 1) * error) / expected));
}

/** `span` by a factor whose error is independent of it. */
export function scaled(span: Span, factor: Span): Span {
  const share = ({ expected, low, high }: Span): number =>
    expected <= 0 ? 0 : Math.max(expected - low, high - expected) / expected;
  return within(span.expected * factor.expected, Math.hypot(share(span), share(factor)));
}

function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}
