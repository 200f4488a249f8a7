import { expect, it } from 'vitest';
import { hasDiverged, validationLosses } from '../../../core/workbench/lambdaChoice.ts';
import type { SetLoss } from '../../../core/workbench/lambdaChoice.ts';

const loss = (role: string, nll: number, more: Partial<SetLoss> = {}): SetLoss => ({
  ...{ role, split: 'validation', phase: 'after', step: 10, nll, tokens: 100 },
  ...more,
});

it('looks at the end of a run on the validation split alone', () => {
  const end = [loss('source', 3), loss('target', 2)];
  const others = [
    loss('source', 9, { split: 'test' }),
    loss('target', 9, { phase: 'before', step: 0 }),
    loss('target', 9, { phase: 'during', step: 10 }),
    loss('target', 9, { step: 5 }),
  ];
  expect(validationLosses([...others, ...end])).toEqual({ source: 3, target: 2 });
});

it('weighs several sets of one role by their tokens', () => {
  const sets = [loss('source', 1, { tokens: 300 }), loss('source', 5), loss('target', 2)];
  expect(validationLosses(sets)).toEqual({ source: 2, target: 2 });
});

it('knows nothing before both roles are scored', () => {
  expect(validationLosses([])).toBeUndefined();
  expect(validationLosses([loss('source', 3)])).toBeUndefined();
});

it('tells a failure of the value itself from one that another attempt may not meet', () => {
  const failed = (code: string, step = 9) =>
    hasDiverged({ state: 'failed', step, error: { code, message: '', hint: '' } });
  expect(failed('training/diverged')).toBe(true);
  expect(failed('evaluation/not-finite')).toBe(true);
  // The base model itself has no finite loss.
  expect(failed('evaluation/not-finite', 0)).toBe(false);
  expect(failed('system/enospc')).toBe(false);
  const queuedAgain = { state: 'queued', step: 9, error: null };
  expect(hasDiverged(queuedAgain)).toBe(false);
});
