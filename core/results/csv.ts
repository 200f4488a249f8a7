/**
 * The table as CSV (RFC 4180), every number in full precision, one header. A text that a spreadsheet
 * would take for a formula begins with an apostrophe.
 */
import type { LossInterval, ProjectResults, ResultRow, Spread } from '../workbench/results.ts';
import { documentsOf } from './cells.ts';

type Value = string | number | boolean | null;

/** Loss columns are nats a masked token; `sd` is the sample standard deviation over n seeds. */
export function resultsCsv(results: ProjectResults): string {
  const records = results.rows.map((row) => recordOf(row, results));
  const header = Object.keys(records[0] ?? recordOf(EMPTY, results));
  return [header, ...records.map((record) => Object.values(record))]
    .map((fields) => `${fields.map(field).join(',')}\r\n`)
    .join('');
}

function recordOf(row: ResultRow, results: ProjectResults): Record<string, Value> {
  return {
    strategy: row.strategy,
    settings: row.settings,
    split: results.split,
    n: row.sourceNll.count,
    seeds: row.seeds.join(' '),
    source_documents: documentsOf(results, 'source'),
    target_documents: documentsOf(results, 'target'),
    ...spread('source_nll', row.sourceNll),
    ...spread('target_nll', row.targetNll),
    ...spread('forgetting', row.forgetting),
    ...interval('forgetting', row.forgettingInterval),
    ...spread('gain', row.gain),
    ...interval('gain', row.gainInterval),
    seconds_per_step: row.secondsPerStep,
    seconds_per_step_q25: row.secondsPerStepQuartiles?.lower ?? null,
    seconds_per_step_q75: row.secondsPerStepQuartiles?.upper ?? null,
    relative_time: row.relativeTime,
    pareto: row.pareto,
    runs: row.runs.join(' '),
  };
}

function spread(name: string, { mean, deviation }: Spread): Record<string, Value> {
  return { [`${name}_mean`]: mean, [`${name}_sd`]: deviation };
}

function interval(name: string, value: LossInterval | null): Record<string, Value> {
  return {
    [`${name}_low`]: value?.low ?? null,
    [`${name}_high`]: value?.high ?? null,
    [`${name}_p`]: value?.p ?? null,
  };
}

function field(value: Value): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const NO_SPREAD = { mean: 0, deviation: null, count: 1 } as const;
/** Names the columns of a table without rows. */
const EMPTY: ResultRow = {
  strategy: '',
  parts: {},
  settings: '',
  seeds: [],
  runs: [],
  sourceNll: NO_SPREAD,
  targetNll: NO_SPREAD,
  forgetting: NO_SPREAD,
  gain: NO_SPREAD,
  forgettingInterval: null,
  gainInterval: null,
  secondsPerStep: null,
  secondsPerStepQuartiles: null,
  relativeTime: null,
  pareto: false,
  lowest: { source: false, target: false },
};
