/** Where axes have their ticks: round numbers of the decimal system, or of the clock. */

const clockSteps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
] as const;

/** The round step (1, 2 or 5 times a power of ten) that gives at most `count` intervals. */
export function roundStep(span: number, count: number): number {
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough * (1 - 1e-9)) ?? 10;
  return factor * power;
}

const multiples = (min: number, max: number, step: number): number[] => {
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  // Rounded, so that 0.1 + 0.2 is 0.3 on a label.
  const digits = Math.max(0, Math.min(12, 2 - Math.floor(Math.log10(step))));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
    Number(((first + index) * step).toFixed(digits)),
  );
};

/** Round numbers within [min, max]. */
export function linearTicks(min: number, max: number, count: number): number[] {
  if (!(max > min)) return Number.isFinite(min) ? [min] : [];
  return multiples(min, max, roundStep(max - min, count));
}

/** Whole numbers within [min, max]: for steps and counts. */
export function wholeTicks(min: number, max: number, count: number): number[] {
  if (!(max > min)) return Number.isFinite(min) ? [Math.round(min)] : [];
  return multiples(min, max, Math.max(1, roundStep(max - min, count)));
}

/** Whole seconds at steps of the clock, which shows no parts of them; days beyond a day. */
export function durationTicks(min: number, max: number, count: number): number[] {
  if (!(max > min)) return Number.isFinite(min) ? [min] : [];
  const rough = (max - min) / Math.max(1, count);
  const step =
    clockSteps.find((candidate) => candidate >= rough) ?? roundStep(rough / 86_400, 1) * 86_400;
  return multiples(min, max, step);
}

/** Powers of ten, with 2 and 5 times those where there is room; linear within less than a decade. */
export function logTicks(min: number, max: number, count: number): number[] {
  if (!(min > 0) || !(max > min)) return [];
  const decades = Math.log10(max / min);
  if (decades < 1) return linearTicks(min, max, count);
  const factors = decades * 3 <= count ? [1, 2, 5] : [1];
  const stride = Math.max(1, Math.ceil(decades / count));
  const ticks: number[] = [];
  const first = Math.floor(Math.log10(min));
  for (let power = first; power <= Math.ceil(Math.log10(max)); power++) {
    if (factors.length === 1 && (power - first) % stride !== 0) continue;
    for (const factor of factors) {
      const value = Number((factor * 10 ** power).toPrecision(3));
      if (value >= min * (1 - 1e-9) && value <= max * (1 + 1e-9)) ticks.push(value);
    }
  }
  return ticks;
}

/** Decimals that tell neighbouring ticks apart; of a single tick, all that it has. */
export function tickDecimals(ticks: readonly number[]): number {
  if (ticks.length === 1) return String(ticks[0]).split('.')[1]?.length ?? 0;
  const steps = ticks.slice(1).map((tick, index) => Math.abs(tick - (ticks[index] ?? tick)));
  const least = Math.min(...steps.filter((step) => step > 0));
  if (!Number.isFinite(least)) return 0;
  return Math.min(8, Math.max(0, -Math.floor(Math.log10(least) + 1e-9)));
}
