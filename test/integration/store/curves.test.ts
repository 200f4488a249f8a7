/** Curves as charts draw them, out of a real database. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MOST_PIXELS } from '../../../core/store/curves.ts';
import { openStore } from '../../../core/store/store.ts';
import type { Store } from '../../../core/store/store.ts';
import { populate } from '../../fixtures/populatedStore.ts';

const RUN = 'run-aaaaaaaaaa';
const POINTS = 5000;
/** A wave with single points that stand out. */
const wave = (step: number): number =>
  step === 1230 ? 50 : step === 41_210 ? -50 : Math.sin(step / 700) + (step % 70) / 100;
const WHOLE = { fromStep: 0, toStep: Number.MAX_SAFE_INTEGER };

let folder: string;
let store: Store;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-curves-'));
  store = openStore(join(folder, 'workbench.sqlite'));
  populate(store);
  const put = (name: string, step: number, value: number, role = '', split = ''): void => {
    store.metrics.put(RUN, { name, role, split }, { step, value });
  };
  store.transaction(() => {
    for (let at = 1; at <= POINTS; at++) {
      put('train/wave', at * 10, wave(at * 10));
      put('train/seconds', at * 10, at * 10 * (at <= POINTS / 2 ? 0.2 : 0.4));
    }
    // Two clusters of points with nothing between them.
    for (let at = 0; at < 600; at++) put('train/gap', at < 300 ? at : 90_000 + at, at);
    put('evaluation/target/nll', 0, 4, 'target', 'test');
    put('evaluation/target/nll', 50_000, 3, 'target', 'test');
  });
});

afterAll(async () => {
  store.close();
  await rm(folder, { recursive: true, force: true });
});

function curve(name: string, pixels?: number, range = WHOLE) {
  const [found] = store.curves.curves(RUN, { names: [name], pixels, ...range });
  if (found === undefined) throw new Error('no curve');
  return found;
}

describe('a curve with more points than the chart has pixels', () => {
  it('keeps the least and the greatest point of every pixel, in their order', () => {
    const pixels = 100;
    const drawn = curve('train/wave', pixels);
    expect(drawn.decimated).toBe(true);
    expect(drawn.steps.length).toBeLessThanOrEqual(2 * pixels + 2);
    // Computed again, directly: 500 steps, 50 points, a pixel.
    const expected = new Map<number, number>();
    for (let pixel = 0; pixel < pixels; pixel++) {
      const steps = Array.from({ length: 50 }, (_, at) => 10 * (1 + pixel * 50 + at));
      const byValue = steps.toSorted((a, b) => wave(a) - wave(b));
      for (const step of [byValue[0], byValue.at(-1)]) expected.set(step ?? 0, wave(step ?? 0));
    }
    for (const step of [10, 50_000]) expected.set(step, wave(step));
    const ordered = [...expected].sort(([a], [b]) => a - b);
    expect(drawn.steps).toEqual(ordered.map(([step]) => step));
    expect(drawn.values).toEqual(ordered.map(([, value]) => value));
  });

  it('gives the mean of every pixel at its mean step, and how far apart the points are', () => {
    const { trend } = curve('train/wave', 100);
    expect(trend?.steps).toHaveLength(100);
    expect(trend?.spacing).toBe(10);
    // The second pixel: points 51 to 100.
    const own = Array.from({ length: 50 }, (_, at) => wave(10 * (51 + at)));
    expect(trend?.values[1]).toBeCloseTo(own.reduce((sum, value) => sum + value, 0) / 50, 9);
    expect(trend?.steps[1]).toBe(755);
    expect(curve('train/target_loss', 16).trend).toBeNull();
  });

  it('never loses a point that stands out, however narrow the chart', () => {
    for (const pixels of [16, 333, 1000, MOST_PIXELS]) {
      const { values, steps } = curve('train/wave', pixels);
      expect(Math.max(...values)).toBe(50);
      expect(Math.min(...values)).toBe(-50);
      expect([steps[0], steps.at(-1)]).toEqual([10, 50_000]);
      expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
    }
  });

  it('leaves pixels without points empty', () => {
    const { steps } = curve('train/gap', 32);
    expect(steps[0]).toBe(0);
    expect(steps.at(-1)).toBe(90_599);
    expect(steps.filter((step) => step >= 300 && step < 90_000)).toEqual([]);
  });
});

it('gives every point where they are few, and without a width all of them', () => {
  expect(curve('train/target_loss', 16)).toMatchObject({
    steps: [10, 20, 30, 40, 50, 60, 70, 80, 90, 100],
    decimated: false,
  });
  expect(curve('evaluation/target/nll', 16)).toMatchObject({
    ...{ role: 'target', split: 'test', steps: [0, 50_000], values: [4, 3], decimated: false },
  });
  expect(curve('train/wave')).toMatchObject({ decimated: false });
  expect(curve('train/wave').steps).toHaveLength(POINTS);
});

it('gives only the steps in view, and all of their points once they are few', () => {
  const view = { fromStep: 1000, toStep: 1500 };
  const { steps, decimated } = curve('train/wave', 100, view);
  expect(decimated).toBe(false);
  expect(steps).toEqual(Array.from({ length: 51 }, (_, at) => 1000 + 10 * at));
  expect(curve('train/wave', 16, { fromStep: 60_000, toStep: 70_000 }).steps).toEqual([]);
});

it('gives all series of a run unless some are named, and none of a run that has none', () => {
  const names = store.curves.curves(RUN, { pixels: 16, ...WHOLE }).map(({ name }) => name);
  expect(names).toEqual([
    'evaluation/target/nll',
    'train/gap',
    'train/seconds',
    'train/target_loss',
    'train/wave',
  ]);
  expect(store.curves.curves('run-none', { pixels: 16, ...WHOLE })).toEqual([]);
});

it('knows which series a run has without reading them', () => {
  expect(store.curves.series(RUN)[0]).toEqual({
    ...{ name: 'evaluation/target/nll', split: 'test', role: 'target' },
  });
  expect(store.curves.series(RUN)).toHaveLength(5);
  expect(store.curves.curves(RUN, { names: [], ...WHOLE })).toEqual([]);
});

it('gives evenly spread points of a series, with its ends', () => {
  const knots = store.curves.knots(RUN, 'train/seconds', 50);
  expect(knots).toHaveLength(51);
  expect(knots[0]).toEqual([10, 2]);
  expect(knots.at(-1)).toEqual([50_000, 20_000]);
  for (const [step, seconds] of knots) {
    expect(seconds).toBeCloseTo(step * (step <= 25_000 ? 0.2 : 0.4), 9);
  }
  expect(store.curves.knots(RUN, 'train/seconds')).toHaveLength(POINTS);
  expect(store.curves.knots(RUN, 'train/nothing', 50)).toEqual([]);
  // Most pixels of this one have no point of their own.
  const sparse = store.curves.knots(RUN, 'train/gap', 500).map(([step]) => step);
  expect(sparse).toEqual([...new Set(sparse)].sort((a, b) => a - b));
});
