import type { Point } from '../../lib/points.ts';
import type { Trend } from '../../lib/thinnedCurve.ts';
import type { CurveColour } from './paletteColours.ts';

/** Where a value may lie: 95 % unless the chart says otherwise. */
export interface PointInterval {
  readonly x: number;
  readonly low: number;
  readonly high: number;
}

/** One line of a LineChart. */
export interface ChartCurve {
  readonly key: string;
  readonly label: string;
  /** Gives the line its colour, its dash and its mark. */
  readonly strategy?: string;
  /** For lines that are no strategy's. */
  readonly colour?: CurveColour;
  readonly dashed?: boolean;
  /** In order of x. */
  readonly points: readonly Point[];
  /** Of points that were thinned: what the smoothed line is drawn from. */
  readonly trend?: Trend | undefined;
  /** Every point is drawn as a dot, unsmoothed: for evaluations. */
  readonly dots?: boolean;
  readonly intervals?: readonly PointInterval[];
}

/** What x counts. */
export type XAxis = 'step' | 'time' | 'tokens';

/** One point of a ScatterChart; both coordinates with their intervals. */
export interface ScatterPoint {
  readonly key: string;
  readonly label: string;
  readonly strategy: string;
  readonly x: number;
  readonly y: number;
  readonly xInterval?: { readonly low: number; readonly high: number } | undefined;
  readonly yInterval?: { readonly low: number; readonly high: number } | undefined;
}
