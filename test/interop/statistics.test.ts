/** Bootstrap intervals, p values and spreads against NumPy, on data that it simulates. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { meanAndDeviation } from '../../core/evaluation/statistics.ts';
import type { Comparison, DocumentSums } from '../../core/evaluation/statistics.ts';
import { expectDeviation, outputFolder, runScript } from './python.ts';
import { hierarchicalDifferences } from '../fixtures/differences.ts';

const RESAMPLES = 40_000;
const NUMPY_RESAMPLES = 100_000;
const CASES = [
  ...['one seed, no difference', 'one seed, a small difference', 'eight documents'],
  ...['two seeds in pairs', 'three seeds in pairs'],
  ...['five seeds in pairs, far apart', 'three seeds against two others'],
];

interface Estimated {
  readonly value: number;
  /** Standard error for one resample. */
  readonly error: number;
}

interface Case {
  readonly seeds: NonNullable<Comparison['seeds']>;
  readonly tokens: number[];
  /** (seeds, documents): Σ loss. */
  readonly a: number[][];
  readonly b: number[][];
  readonly estimate: number;
  readonly low: Estimated;
  readonly high: Estimated;
  readonly p: Estimated;
}

interface Reference {
  readonly cases: Readonly<Record<string, Case>>;
  readonly spreads: readonly { values: number[]; mean: number; deviation: number }[];
}

let folder: string;
let reference: Reference;

beforeAll(async () => {
  folder = await outputFolder();
  const output = join(folder, 'bootstrap.json');
  await runScript('bootstrap.py', output);
  reference = JSON.parse(await readFile(output, 'utf8')) as Reference;
  expect(Object.keys(reference.cases).sort()).toEqual([...CASES].sort());
  return () => rm(folder, { recursive: true, force: true });
});

/** Both sides are drawn, each with its own number of resamples. */
const SHARE = Math.sqrt(1 / RESAMPLES + 1 / NUMPY_RESAMPLES);

test.each(CASES)('%s: the interval and p are those of NumPy', (name) => {
  const { seeds, tokens, a, b, ...expected } = reference.cases[name];
  const runs = (sums: number[][]): DocumentSums[] =>
    sums.map((lossSum) => ({ lossSum: Float64Array.from(lossSum), weight: tokens }));
  const comparison = { a: runs(a), b: runs(b), seeds };
  const [ours] = hierarchicalDifferences([comparison], { resamples: RESAMPLES, seed: 11 });
  expectDeviation(
    `bootstrap, ${name}: estimate, nats`,
    Math.abs(ours.estimate - expected.estimate),
    1e-12,
  );
  for (const what of ['low', 'high', 'p'] as const) {
    const { value, error } = expected[what];
    // Of a p near 0, the resample that is added on each side is what differs.
    const added = what === 'p' ? 2 / RESAMPLES : 0;
    const apart = Math.max(0, Math.abs((ours[what] ?? Number.NaN) - value) - added);
    const errors = apart === 0 ? 0 : apart / (error * SHARE);
    expectDeviation(`bootstrap, ${name}: ${what}, Monte-Carlo standard errors`, errors, 4);
  }
});

test('mean and sample standard deviation are those of NumPy', () => {
  let worst = 0;
  for (const { values, mean, deviation } of reference.spreads) {
    const ours = meanAndDeviation(values);
    expect(ours.count).toBe(values.length);
    worst = Math.max(
      worst,
      Math.abs(ours.mean - mean) / Math.abs(mean),
      Math.abs(ours.deviation - deviation) / deviation,
    );
  }
  expectDeviation('mean ± sample standard deviation, relative', worst, 1e-15);
});
