import { describe, expect, it } from 'vitest';
import { progressText } from '../../../core/headless/command.ts';
import { liveText } from '../../../core/headless/follow.ts';
import {
  formatBytes,
  formatCount,
  formatDifference,
  formatDuration,
  formatTime,
} from '../../../core/headless/output/format.ts';
import { ProgressLine } from '../../../core/headless/output/progressLine.ts';
import { facts, table } from '../../../core/headless/output/table.ts';
import { memoryOutput, runDetail } from './fakes.ts';

describe('quantities', () => {
  it.each([
    [formatCount(0), '0'],
    [formatCount(999), '999'],
    [formatCount(1234567), '1,234,567'],
    [formatBytes(0), '0 B'],
    [formatBytes(999), '999 B'],
    [formatBytes(1000), '1.0 kB'],
    [formatBytes(4_400_000), '4.4 MB'],
    [formatBytes(99_960_000), '100 MB'],
    [formatBytes(999_600_000), '1.0 GB'],
    [formatBytes(1.3e9), '1.3 GB'],
    [formatDuration(0.84), '0.8 s'],
    [formatDuration(9.97), '10 s'],
    [formatDuration(59.6), '1 min 0 s'],
    [formatDuration(185), '3 min 5 s'],
    [formatDuration(3599.7), '1 h 0 min'],
    [formatDuration(7800), '2 h 10 min'],
    [formatDifference(0.4891), '+0.489'],
    [formatDifference(-0.0004), '0.000'],
    [formatDifference(-1.25), '−1.250'],
  ])('%s', (made, right) => {
    expect(made).toBe(right);
  });

  it('times are local', () => {
    const date = new Date(2026, 10, 3, 9, 5);
    expect(formatTime(date.toISOString())).toBe('2026-11-03 09:05');
  });
});

describe('tables', () => {
  it('align numbers at the right and texts at the left', () => {
    const columns = [{ title: 'name' }, { title: 'n', align: 'right' }, { title: 'note' }] as const;
    const rows = [
      ['a', '1,000', ''],
      ['größer', '7', 'x'],
    ];
    expect(table(columns, rows)).toBe('name        n  note\na       1,000\ngrößer      7  x\n');
  });

  it('facts stand below each other', () => {
    expect(
      facts([
        ['id', 'x'],
        ['documents', '7'],
      ]),
    ).toBe('  id         x\n  documents  7\n');
    expect(facts([])).toBe('');
  });
});

describe('progress', () => {
  it('is redrawn in place on a terminal, at most ten times a second', () => {
    let now = 0;
    const output = memoryOutput(true);
    const line = new ProgressLine(output, () => now);
    line.update('one');
    now = 50;
    line.update('two');
    now = 150;
    line.update('three');
    line.note('stays');
    expect(output.text).toBe('\rone\u001b[K\rthree\u001b[K\r\u001b[Kstays\n');
  });

  it('is cut to the width of the terminal', () => {
    const output = memoryOutput(true);
    new ProgressLine(output, () => 0).update('x'.repeat(200));
    expect(output.text).toBe(`\r${'x'.repeat(79)}\u001b[K`);
  });

  it('is a line every ten seconds in a log, without control codes', () => {
    let now = 0;
    const output = memoryOutput(false);
    const line = new ProgressLine(output, () => now);
    for (now = 0; now <= 25_000; now += 1000) line.update(`at ${now / 1000} s`);
    line.clear();
    expect(output.text).toBe('at 10 s\nat 20 s\n');
  });

  it('says how much of how much', () => {
    expect(progressText({ stage: 'reading', done: 1200, total: 5000, unit: 'documents' })).toBe(
      'reading: 1,200 of 5,000 documents (24 %)',
    );
    expect(progressText({ stage: 'hashing', done: 2e6, total: 8e6, unit: 'bytes' })).toBe(
      'hashing: 2.0 MB of 8.0 MB (25 %)',
    );
    expect(progressText({ stage: 'reading', done: 12, total: null, unit: 'lines' })).toBe(
      'reading: 12 lines',
    );
  });

  it('of a run shows step, loss, speed and time left', () => {
    const values = { 'train/target_loss': 3.41234, 'train/tokens_per_second': 9800.4 };
    expect(liveText(runDetail(), 120, values, 130)).toBe(
      'SDT seed 1: step 120 of 1,500, loss 3.412, 9,800 tokens/s, 2 min 10 s left',
    );
    expect(liveText(runDetail({ totalSteps: null }), 1, {}, undefined)).toBe('SDT seed 1: step 1');
  });
});
