import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learningRateAt, warmupSteps } from '../../../core/training/schedule.ts';
import type { ScheduleSettings } from '../../../core/training/schedule.ts';

const settings = (
  kind: ScheduleSettings['lr_scheduler_type'],
  warmup: number,
  ratio = 0,
): ScheduleSettings => ({
  learning_rate: 10,
  lr_scheduler_type: kind,
  warmup_steps: warmup,
  warmup_ratio: ratio,
});
const rates = (chosen: ScheduleSettings, total: number): number[] =>
  Array.from({ length: total }, (_, step) => learningRateAt(chosen, step, total));

describe('learningRateAt', () => {
  // The values that transformers' own tests expect of get_*_schedule (learning rate 10, 10 steps).
  it('agrees with transformers', () => {
    expect(rates(settings('constant', 0), 10)).toEqual(Array(10).fill(10));
    expect(rates(settings('constant_with_warmup', 4), 10)).toEqual([
      0, 2.5, 5, 7.5, 10, 10, 10, 10, 10, 10,
    ]);
    expect(rates(settings('linear', 2), 10)).toEqual([
      0, 5, 10, 8.75, 7.5, 6.25, 5, 3.75, 2.5, 1.25,
    ]);
    const cosine = [0, 5, 10, 9.61, 8.53, 6.91, 5, 3.08, 1.46, 0.38];
    for (const [step, rate] of rates(settings('cosine', 2), 10).entries()) {
      expect(Math.abs(rate - (cosine[step] ?? Number.NaN))).toBeLessThan(0.011);
    }
  });

  it('ignores warm-up when constant, as transformers does', () => {
    expect(rates(settings('constant', 4), 6)).toEqual(Array(6).fill(10));
  });

  it('stays between 0 and the peak, rises in warm-up and never rises after it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('linear' as const, 'cosine' as const, 'constant_with_warmup' as const),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 0, max: 350 }),
        (kind, total, warmup) => {
          const values = rates(settings(kind, warmup), total);
          for (const [step, rate] of values.entries()) {
            expect(rate).toBeGreaterThanOrEqual(0);
            expect(rate).toBeLessThanOrEqual(10);
            const before = values[step - 1];
            if (before === undefined) continue;
            if (step <= warmup) expect(rate).toBeGreaterThan(before);
            else expect(rate).toBeLessThanOrEqual(before);
          }
        },
      ),
    );
  });
});

describe('warmupSteps', () => {
  it('takes the ratio only when no number is given, and rounds it up', () => {
    expect(warmupSteps(settings('linear', 0, 0.06), 1001)).toBe(61);
    expect(warmupSteps(settings('linear', 7, 0.06), 1001)).toBe(7);
  });
});
