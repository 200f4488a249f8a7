import { describe, expect, test } from 'vitest';
import * as format from '../../../../renderer/lib/format.ts';

describe('numbers', () => {
  test.each<[number, string]>([
    [0, '0'],
    [999, '999'],
    [12.5, '12.5'],
    [1234, '1.23 k'],
    [109_514_298, '110 M'],
    [999_600, '1 M'],
    [-2_500_000, '−2.5 M'],
    [NaN, '–'],
  ])('compact %d', (value, text) => {
    expect(format.formatCompact(value)).toBe(text);
  });

  test.each<[number, string]>([
    [0, '0'],
    [12_345, '12,345'],
    [3.41234, '3.412'],
    [-0.5, '−0.500'],
    [0.01234, '0.0123'],
    [5e-5, '5e−5'],
    [2.5e9, '2.5e9'],
    [1234.56, '1,234.6'],
    [Infinity, '∞'],
    [NaN, 'not a number'],
  ])('scalar %d', (value, text) => {
    expect(format.formatScalar(value)).toBe(text);
  });

  test('differences have a sign unless they round to nothing', () => {
    expect(format.formatDifference(0.4891)).toBe('+0.489');
    expect(format.formatDifference(-0.4891)).toBe('−0.489');
    expect(format.formatDifference(-0.0004)).toBe('0.000');
    expect(format.formatInterval(-0.42, -0.38)).toBe('[−0.420, −0.380]');
    expect(format.formatDeviation(0.0123)).toBe('±.012');
    expect(format.formatDeviation(1.5)).toBe('±1.500');
    expect(format.formatNats(NaN)).toBe('–');
  });

  test('counts, shares and factors', () => {
    expect(format.formatCounted(1, 'document')).toBe('1 document');
    expect(format.formatCounted(2310, 'document')).toBe('2,310 documents');
    expect(format.formatCounted(2, 'corpus', 'corpora')).toBe('2 corpora');
    expect(format.formatPercent(0.0123)).toBe('1.2\u202f%');
    expect(format.formatTimes(1.266)).toBe('1.27×');
  });
});

test.each<[number, string]>([
  [0, '0 B'],
  [934, '934 B'],
  [1500, '1.5 kB'],
  [999_600, '1.0 MB'],
  [1_324_000_000, '1.3 GB'],
  [250e12, '250 TB'],
])('bytes %d', (value, text) => {
  expect(format.formatBytes(value)).toBe(text);
});

test.each<[number, string, string]>([
  [0.83, '0.8 s', '0:01'],
  [42, '42 s', '0:42'],
  [59.7, '1 min', '1:00'],
  [185, '3 min 5 s', '3:05'],
  [3599.6, '1 h', '1:00:00'],
  [7800, '2 h 10 min', '2:10:00'],
  [273_600, '3 d 4 h', '76:00:00'],
])('duration %d', (value, text, clock) => {
  expect(format.formatDuration(value)).toBe(text);
  expect(format.formatClock(value)).toBe(clock);
});

test('times are local and near ones are named', () => {
  const now = new Date(2026, 10, 23, 9, 30);
  const at = (...parts: [number, number, number, number, number]): string =>
    new Date(...parts).toISOString();
  expect(format.formatWhen(at(2026, 10, 23, 8, 5), now)).toBe('today 08:05');
  expect(format.formatWhen(at(2026, 10, 22, 23, 59), now)).toBe('yesterday 23:59');
  expect(format.formatWhen(at(2026, 9, 2, 12, 0), now)).toBe('2026-10-02');
  expect(format.formatTime(at(2026, 9, 2, 12, 0))).toBe('2026-10-02 12:00');
  expect(format.formatTime('never')).toBe('–');
});
