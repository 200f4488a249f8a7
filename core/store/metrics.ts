import type { Connection } from './database.ts';

/** A curve of a run: `split` and `role` are empty where they say nothing. */
export interface SeriesKey {
  readonly name: string;
  readonly split: string;
  readonly role: string;
}

export interface MetricPoint {
  readonly step: number;
  readonly value: number;
}

export interface Series extends SeriesKey {
  readonly points: readonly MetricPoint[];
}

export interface LatestValue extends SeriesKey, MetricPoint {}

export function metricQueries(connection: Connection) {
  const insertSeries = connection.prepare<[string, string, string, string]>(
    'INSERT OR IGNORE INTO series (run_id, name, split, role) VALUES (?, ?, ?, ?)',
  );
  const seriesId = connection
    .prepare<[string, string, string, string], number>(
      'SELECT id FROM series WHERE run_id = ? AND name = ? AND split = ? AND role = ?',
    )
    .pluck();
  const seriesOf = connection.prepare<[string], SeriesKey & { id: number }>(
    'SELECT id, name, split, role FROM series WHERE run_id = ? ORDER BY name, split, role',
  );
  const put = connection.prepare<[number, number, number]>(
    `INSERT INTO metrics (series_id, step, value) VALUES (?, ?, ?)
     ON CONFLICT (series_id, step) DO UPDATE SET value = excluded.value`,
  );
  const points = connection.prepare<[number, number], MetricPoint>(
    'SELECT step, value FROM metrics WHERE series_id = ? AND step >= ? ORDER BY step',
  );
  const latest = connection.prepare<[string], LatestValue>(`
    SELECT series.name, series.split, series.role, metrics.step, metrics.value
    FROM series JOIN metrics ON metrics.series_id = series.id
      AND metrics.step = (SELECT max(step) FROM metrics WHERE series_id = series.id)
    WHERE series.run_id = ? ORDER BY series.name, series.split, series.role`);
  const removeAfter = connection.prepare<[string, number]>(
    'DELETE FROM metrics WHERE series_id IN (SELECT id FROM series WHERE run_id = ?) AND step > ?',
  );
  return {
    /** Sets one point; a point of the same step is replaced. Call it inside a transaction for many. */
    put(runId: string, key: SeriesKey, point: MetricPoint): void {
      let id = seriesId.get(runId, key.name, key.split, key.role);
      if (id === undefined) {
        id = Number(insertSeries.run(runId, key.name, key.split, key.role).lastInsertRowid);
      }
      put.run(id, point.step, point.value);
    },
    /** Whole curves, or those of the names given, from `fromStep` on. */
    series(runId: string, names?: readonly string[], fromStep = 0): Series[] {
      return seriesOf
        .all(runId)
        .filter(({ name }) => names === undefined || names.includes(name))
        .map(({ id, ...key }) => ({ ...key, points: points.all(id, fromStep) }));
    },
    latest: (runId: string): LatestValue[] => latest.all(runId),
    removeAfter(runId: string, step: number): void {
      removeAfter.run(runId, step);
    },
  };
}
