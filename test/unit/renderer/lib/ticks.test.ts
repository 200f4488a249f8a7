import { expect, test } from 'vitest';
import {
  durationTicks,
  linearTicks,
  logTicks,
  tickDecimals,
  wholeTicks,
} from '../../../../renderer/lib/ticks.ts';

test('linear ticks are round and inside', () => {
  expect(linearTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(linearTicks(3.377, 4.108, 4)).toEqual([3.4, 3.6, 3.8, 4]);
  expect(linearTicks(-0.05, 0.5, 6)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5]);
  expect(linearTicks(2, 2, 5)).toEqual([2]);
  expect(linearTicks(NaN, NaN, 5)).toEqual([]);
});

test('steps are whole numbers', () => {
  expect(wholeTicks(0, 3, 10)).toEqual([0, 1, 2, 3]);
  expect(wholeTicks(0, 2614, 6)).toEqual([0, 500, 1000, 1500, 2000, 2500]);
});

test('durations are steps of the clock', () => {
  expect(durationTicks(0, 3600, 6)).toEqual([0, 600, 1200, 1800, 2400, 3000, 3600]);
  expect(durationTicks(0, 100, 4)).toEqual([0, 30, 60, 90]);
  expect(durationTicks(0, 400_000, 4)).toEqual([0, 172_800, 345_600]);
  expect(durationTicks(0, 2.1, 5)).toEqual([0, 1, 2]);
});

test('log ticks are powers of ten, with 2 and 5 where there is room', () => {
  expect(logTicks(1e-5, 1e-1, 6)).toEqual([1e-5, 1e-4, 1e-3, 1e-2, 1e-1]);
  expect(logTicks(1, 100, 8)).toEqual([1, 2, 5, 10, 20, 50, 100]);
  expect(logTicks(3, 4, 5)).toEqual([3, 3.2, 3.4, 3.6, 3.8, 4]);
  expect(logTicks(0, 4, 5)).toEqual([]);
});

test('decimals tell ticks apart', () => {
  expect(tickDecimals([0, 0.2, 0.4])).toBe(1);
  expect(tickDecimals([0.02, 0.04])).toBe(2);
  expect(tickDecimals([0, 500])).toBe(0);
  expect(tickDecimals([1])).toBe(0);
});
