/** Chart.js draws the axes and lays out the picture; the curves are drawn by plugins of ours. */
import { Chart, LinearScale, LogarithmicScale, ScatterController } from 'chart.js';
import type { ChartConfiguration, ChartOptions, Plugin, Scale, Tick } from 'chart.js';
import { formatClock, formatCompact, formatExponent } from '../../lib/format.ts';
import { durationTicks, linearTicks, logTicks, tickDecimals, wholeTicks } from '../../lib/ticks.ts';
import type { XAxis } from './chartTypes.ts';
import type { Palette } from './paletteColours.ts';

Chart.register(ScatterController, LinearScale, LogarithmicScale);

export interface AxisRange {
  readonly min: number;
  readonly max: number;
}

const PIXELS_PER_X_TICK = 90;
const PIXELS_PER_Y_TICK = 44;
const FONT = { family: "'Inter Variable', sans-serif", size: 11 } as const;

export type AxisScale = NonNullable<NonNullable<ChartOptions<'scatter'>['scales']>[string]>;

export interface Axes {
  readonly x: AxisScale;
  readonly y: AxisScale;
}

interface AxisOptions {
  readonly range: AxisRange;
  readonly title: string;
  readonly palette: Palette;
}

export function xAxis({ range, title, palette }: AxisOptions, kind: XAxis | 'value'): AxisScale {
  return {
    ...common({ range, title, palette }),
    position: 'bottom' as const,
    afterBuildTicks: (axis: Scale) => {
      const count = Math.max(2, Math.floor(axis.chart.width / PIXELS_PER_X_TICK));
      axis.ticks = xTicks(kind, range, count).map((value) => ({ value }));
    },
    ticks: {
      ...tickStyle(palette),
      maxRotation: 0,
      callback: (value: string | number, _: number, ticks: readonly Tick[]) =>
        labelX(
          kind,
          Number(value),
          ticks.map((tick) => tick.value),
        ),
    },
  };
}

function xTicks(kind: XAxis | 'value', { min, max }: AxisRange, count: number): number[] {
  if (kind === 'time') return durationTicks(min, max, count);
  return kind === 'value' ? linearTicks(min, max, count) : wholeTicks(min, max, count);
}

function labelX(kind: XAxis | 'value', value: number, ticks: readonly number[]): string {
  if (kind === 'time') return formatClock(value);
  if (kind === 'value') return decimal(value, tickDecimals(ticks));
  return Math.abs(value) >= 10_000 ? formatCompact(value) : decimal(value, 0);
}

export function yAxis({ range, title, palette }: AxisOptions, isLogarithmic: boolean): AxisScale {
  return {
    ...common({ range, title, palette }),
    type: isLogarithmic ? 'logarithmic' : 'linear',
    position: 'left',
    // The room for labels stays the same while numbers change, so that nothing jumps.
    afterFit: (axis: Scale) => {
      axis.width = Math.max(axis.width, 54);
    },
    afterBuildTicks: (axis: Scale) => {
      const count = Math.max(2, Math.floor(axis.chart.height / PIXELS_PER_Y_TICK));
      const build = isLogarithmic ? logTicks : linearTicks;
      axis.ticks = build(range.min, range.max, count).map((value) => ({ value }));
    },
    ticks: {
      ...tickStyle(palette),
      callback: (value: string | number, _: number, ticks: readonly Tick[]) =>
        labelY(
          Number(value),
          ticks.map((tick) => tick.value),
        ),
    },
  };
}

function labelY(value: number, ticks: readonly number[]): string {
  const size = Math.abs(value);
  if (size >= 10_000) return formatCompact(value);
  if (size > 0 && size < 1e-3) return formatExponent(value);
  return decimal(value, tickDecimals(ticks));
}

const decimal = (value: number, decimals: number): string =>
  value
    .toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
    .replace('-', '−');

function common({ range, title, palette }: AxisOptions) {
  return {
    type: 'linear' as const,
    min: range.min,
    max: range.max,
    border: { display: false },
    grid: { color: palette.grid, drawTicks: false },
    title: {
      display: title !== '',
      text: title,
      color: palette.muted,
      font: FONT,
      padding: 2,
    },
  };
}

const tickStyle = (palette: Palette) =>
  ({ color: palette.muted, font: FONT, padding: 6, autoSkip: false }) as const;

/** A picture without data of its own: `plugins` draw into the area that the axes leave. */
export function createChart(
  canvas: HTMLCanvasElement,
  scales: Axes,
  plugins: readonly Plugin<'scatter'>[],
): Chart<'scatter'> {
  const configuration: ChartConfiguration<'scatter'> = {
    type: 'scatter',
    data: { datasets: [] },
    plugins: [...plugins],
    options: {
      responsive: true,
      maintainAspectRatio: false,
      animation: false,
      events: [],
      layout: { padding: { top: 6, right: 10, bottom: 0, left: 0 } },
      plugins: { legend: { display: false }, tooltip: { enabled: false } },
      scales: { ...scales },
    },
  };
  return new Chart(canvas, configuration);
}

export function setScales(chart: Chart<'scatter'>, scales: Axes): void {
  chart.options.scales = { ...scales };
}
