import type { Connection } from './database.ts';
import type { SeriesKey } from './metrics.ts';

/** A curve as a chart draws it: parallel arrays in order of the step. */
export interface Curve extends SeriesKey {
  readonly steps: number[];
  readonly values: number[];
  /** Whether points were left out. */
  readonly decimated: boolean;
  /** What a smoothed line is drawn from where points were left out; else null. */
  readonly trend: Trend | null;
}

/** Parallel arrays: mean step and mean value of each pixel's points. */
export interface Trend {
  /** Mean number of steps from one point to the next, of all points. */
  readonly spacing: number;
  readonly steps: number[];
  readonly values: number[];
}

export interface CurveRange {
  /** Every series when left out. */
  readonly names?: readonly string[] | undefined;
  /** Width of the chart; all points when left out. At most MOST_PIXELS. */
  readonly pixels?: number | undefined;
  readonly fromStep: number;
  readonly toStep: number;
}

/** Rows of the table `pixels` (migration 3). */
export const MOST_PIXELS = 4096;

type Point = [step: number, value: number];

export function curveQueries(connection: Connection) {
  const seriesOf = connection.prepare<[string], SeriesKey & { id: number }>(
    'SELECT id, name, split, role FROM series WHERE run_id = ? ORDER BY name, split, role',
  );
  const seriesId = connection
    .prepare<[string, string], number>(
      "SELECT id FROM series WHERE run_id = ? AND name = ? AND split = '' AND role = ''",
    )
    .pluck();
  const WITHIN = 'series_id = @series AND step BETWEEN @fromStep AND @toStep';
  type Within = { series: number; fromStep: number; toStep: number };
  const all = connection
    .prepare<[Within], Point>(`SELECT step, value FROM metrics WHERE ${WITHIN} ORDER BY step`)
    .raw();
  const hasMore = connection
    .prepare<[Within & { count: number }], number>(
      `SELECT 1 FROM metrics WHERE ${WITHIN} LIMIT 1 OFFSET @count`,
    )
    .pluck();
  const end = (order: string) =>
    connection
      .prepare<[Within], Point>(
        `SELECT step, value FROM metrics WHERE ${WITHIN} ORDER BY step ${order} LIMIT 1`,
      )
      .raw();
  const first = end('ASC');
  const last = end('DESC');
  // With the table of pixels as the outer loop the points come in groups, so that nothing is sorted;
  // the step beside a least or greatest value is that of its row.
  const extreme = <Row>(columns: string) =>
    connection
      .prepare<[{ series: number; start: number; width: number; count: number }], Row>(
        `SELECT metrics.step, ${columns}
         FROM pixels CROSS JOIN metrics
         WHERE pixels.number < @count AND metrics.series_id = @series
           AND metrics.step >= @start + pixels.number * @width
           AND metrics.step < @start + (pixels.number + 1) * @width
         GROUP BY pixels.number`,
      )
      .raw();
  const least = extreme<[...Point, meanStep: number, mean: number, points: number]>(
    'min(metrics.value), round(avg(metrics.step)), avg(metrics.value), count(*)',
  );
  const greatest = extreme<Point>('max(metrics.value)');
  const firstOfEach = connection
    .prepare<[{ series: number; start: number; width: number; count: number }], Point>(
      `SELECT metrics.step, metrics.value FROM pixels CROSS JOIN metrics
       WHERE pixels.number < @count AND metrics.series_id = @series
         AND metrics.step = (SELECT min(step) FROM metrics
           WHERE series_id = @series AND step >= @start + pixels.number * @width)`,
    )
    .raw();

  /** Least and greatest point of each pixel, with the first and the last of all, and the means. */
  function decimate(
    within: Within,
    pixels: number,
    begin: Point,
    finish: Point,
  ): { points: Point[]; trend: Trend } {
    // The last point lies in the last pixel, not beyond it.
    const width = Math.ceil((finish[0] - begin[0] + 1) / pixels);
    const request = { series: within.series, start: begin[0], width, count: pixels };
    const highs = greatest.all(request);
    const points: Point[] = [begin];
    const add = (step: number, value: number): void => {
      if (step > (points.at(-1)?.[0] ?? -1)) points.push([step, value]);
    };
    const lows = least.all(request);
    let count = 0;
    for (const [index, [lowStep, low, , , inPixel]] of lows.entries()) {
      const [highStep, high] = highs[index] ?? [lowStep, low];
      count += inPixel;
      if (lowStep <= highStep) add(lowStep, low);
      add(highStep, high);
      if (lowStep > highStep) add(lowStep, low);
    }
    add(...finish);
    const trend = {
      spacing: (finish[0] - begin[0]) / Math.max(1, count - 1),
      steps: lows.map(([, , meanStep]) => meanStep),
      values: lows.map(([, , , mean]) => mean),
    };
    return { points, trend };
  }

  return {
    /** The curves of a run: every point, or the extremes of each pixel where points are more. */
    curves(runId: string, { names, pixels, fromStep, toStep }: CurveRange): Curve[] {
      return seriesOf
        .all(runId)
        .filter(({ name }) => names?.includes(name) ?? true)
        .map(({ id, ...key }) => {
          const within = { series: id, fromStep, toStep };
          const decimated =
            pixels !== undefined && hasMore.get({ ...within, count: 2 * pixels }) !== undefined;
          const begin = first.get(within);
          const finish = last.get(within);
          const { points, trend } =
            decimated && begin !== undefined && finish !== undefined
              ? decimate(within, pixels, begin, finish)
              : { points: all.all(within), trend: null };
          const steps = points.map(([step]) => step);
          return { ...key, steps, values: points.map(([, value]) => value), decimated, trend };
        });
    },
    /** Which curves a run has. */
    series: (runId: string): SeriesKey[] =>
      seriesOf.all(runId).map(({ name, split, role }) => ({ name, split, role })),
    /**
     * Some `count` points of one series, evenly spread over its steps, the first and the last among
     * them, or every point; empty when there is no such series.
     */
    knots(runId: string, name: string, count?: number): Point[] {
      const series = seriesId.get(runId, name);
      if (series === undefined) return [];
      const within = { series, fromStep: 0, toStep: Number.MAX_SAFE_INTEGER };
      if (count === undefined || hasMore.get({ ...within, count }) === undefined) {
        return all.all(within);
      }
      const begin = first.get(within);
      const finish = last.get(within);
      if (begin === undefined || finish === undefined) return [];
      const width = Math.ceil((finish[0] - begin[0] + 1) / count);
      const points = firstOfEach.all({ series, start: begin[0], width, count });
      // Pixels without a point of their own found the next one's.
      return [...points.filter(([step], at) => step !== points[at - 1]?.[0]), finish];
    },
  };
}
