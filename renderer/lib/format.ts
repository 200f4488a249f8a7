/** Numbers as people read them: with units, aligned, never longer than they are precise. */

/** Stands for "there is no value". */
export const NO_VALUE = '–';

const MINUS = '−';
const THIN_SPACE = '\u202f';

/** A real minus sign instead of a hyphen. */
const withMinus = (text: string): string => text.replace('-', MINUS);

const counts = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 1234567 → "1,234,567". */
export function formatCount(value: number): string {
  return Number.isFinite(value) ? withMinus(counts.format(value)) : NO_VALUE;
}

/** "1 document", "2,310 documents". */
export function formatCounted(value: number, one: string, many = `${one}s`): string {
  return `${formatCount(value)} ${value === 1 ? one : many}`;
}

/** 109514298 → "110 M"; three significant figures at most. */
export function formatCompact(value: number): string {
  if (!Number.isFinite(value)) return NO_VALUE;
  const units = ['', ' k', ' M', ' G', ' T'];
  let scaled = Math.abs(value);
  let unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  const figures = unit === 0 && Number.isInteger(scaled) ? String(scaled) : significant(scaled, 3);
  return `${value < 0 ? MINUS : ''}${figures}${units[unit]}`;
}

/** At most `figures` significant figures, without trailing zeros. */
function significant(value: number, figures: number): string {
  return String(Number(value.toPrecision(figures)));
}

/** A loss in nats a token: three decimals, what evaluation sets of usual size can tell apart. */
export function formatNats(value: number): string {
  return Number.isFinite(value) ? withMinus(value.toFixed(3)) : NO_VALUE;
}

/** As formatNats, with its sign: for differences. */
export function formatDifference(value: number): string {
  if (!Number.isFinite(value)) return NO_VALUE;
  const text = Math.abs(value).toFixed(3);
  if (Number(text) === 0) return text;
  return `${value < 0 ? MINUS : '+'}${text}`;
}

/** ± without a leading zero, as in tables: 0.0123 → "±.012". */
export function formatDeviation(value: number): string {
  if (!Number.isFinite(value)) return '';
  return `±${value.toFixed(3).replace(/^0/, '')}`;
}

/** 0.0412 → "0.041"; what 10,000 resamples cannot tell from nothing is "< 0.001"; a dash without one. */
export function formatProbability(p: number | null): string {
  if (p === null || !Number.isFinite(p)) return NO_VALUE;
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

/** "[−0.420, −0.380]"; "no interval" where the documents are too few for one. */
export function formatInterval(low: number | null, high: number | null): string {
  if (low === null || high === null) return 'no interval';
  return `[${formatDifference(low)}, ${formatDifference(high)}]`;
}

/** 0.0123 → "1.2 %". */
export function formatPercent(share: number, decimals = 1): string {
  if (!Number.isFinite(share)) return NO_VALUE;
  return withMinus(`${(100 * share).toFixed(decimals)}${THIN_SPACE}%`);
}

/** 1.27 → "1.27×". */
export function formatTimes(factor: number): string {
  return Number.isFinite(factor) ? `${factor.toFixed(2)}×` : NO_VALUE;
}

/** SI units, as file managers show them: "934 B", "1.3 GB". */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return NO_VALUE;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** "0.8 s", "42 s", "3 min 5 s", "2 h 10 min", "3 d 4 h", from seconds. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return NO_VALUE;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return join(Math.floor(whole / 60), 'min', whole % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return join(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(seconds / 3600);
  return join(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** The time of a step: "35 ms", "2.1 s". Steps of small models take milliseconds. */
export function formatPace(seconds: number): string {
  return seconds < 1 ? `${formatCount(1000 * seconds)} ms` : `${seconds.toFixed(1)} s`;
}

const join = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;

/** For axes: "0:45", "12:30", "2:10:00". */
export function formatClock(seconds: number): string {
  const whole = Math.round(Math.abs(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes, rest] = [
    Math.floor(whole / 3600),
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  const text = hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
  return seconds < 0 ? `${MINUS}${text}` : text;
}

/** Any scalar of a run: counts whole, losses three decimals, tiny and huge ones with an exponent. */
export function formatScalar(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'not a number' : withMinus('∞');
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return formatCount(value);
  if (size >= 1e6 || size < 1e-3) return formatExponent(value);
  if (size >= 100) return formatFixed(value, 1);
  return formatFixed(value, size >= 0.1 ? 3 : 4);
}

const formatFixed = (value: number, decimals: number): string => {
  const text = value.toLocaleString('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return withMinus(text);
};

/** 0.00005 → "5e−5": as learning rates are written. */
export function formatExponent(value: number): string {
  const [mantissa = '', exponent = ''] = value.toExponential(2).split('e');
  return withMinus(`${Number(mantissa)}e${Number(exponent)}`.replace('e-', `e${MINUS}`));
}

const two = (value: number): string => String(value).padStart(2, '0');

const day = (date: Date): string =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

/** An ISO time as local "2026-11-23 19:05". */
export function formatTime(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return NO_VALUE;
  return `${day(date)} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Near times by the clock, far ones by the day: "today 19:05", "yesterday 08:00", "2026-10-02". */
export function formatWhen(iso: string, now: Date): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return NO_VALUE;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (day(date) === day(now)) return `today ${clock}`;
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (day(date) === day(yesterday)) return `yesterday ${clock}`;
  return day(date);
}

/** The first characters of a hash or id, enough to tell it from its neighbours. */
export function formatHash(hash: string): string {
  return hash.slice(0, 8);
}
