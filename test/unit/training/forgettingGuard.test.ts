import { describe, expect, it } from 'vitest';
import type { EvaluationEvent } from '../../../core/training/events.ts';
import {
  bestStep,
  divergenceVerdict,
  guardVerdict,
  requireGuardSets,
} from '../../../core/training/forgettingGuard.ts';
import { validationLosses } from '../../../core/training/validationLosses.ts';

type Scored = Pick<EvaluationEvent, 'step' | 'role' | 'nll'> & Partial<EvaluationEvent>;

function evaluation(scored: Scored): EvaluationEvent {
  const { step, role } = scored;
  return {
    ...{ run: 'r', attempt: 1, sequence: 0, time: '', type: 'evaluation', name: role },
    ...{ split: 'validation', phase: step === 0 ? 'before' : 'during', tokens: 100 },
    ...{ setHash: role, scoresPath: '', scoresHash: '' },
    ...scored,
  };
}

/** Source and target losses of steps 0, 10, 20, … */
function history(...steps: [source: number, target: number][]): EvaluationEvent[] {
  return steps.flatMap(([source, target], i) => [
    evaluation({ step: 10 * i, role: 'target', nll: target }),
    evaluation({ step: 10 * i, role: 'source', nll: source }),
  ]);
}

describe('validationLosses', () => {
  it('are Σ loss / Σ tokens over the sets of a role', () => {
    const events = [
      evaluation({ step: 0, role: 'source', nll: 1, tokens: 300 }),
      evaluation({ step: 0, role: 'source', name: 'other', nll: 5, tokens: 100 }),
      evaluation({ step: 0, role: 'target', nll: 9 }),
      evaluation({ step: 0, role: 'target', nll: 1, split: 'test' }),
    ];
    expect(validationLosses(events)).toEqual([{ step: 0, source: 2, target: 9 }]);
    expect(validationLosses(events.slice(0, 2))).toEqual([
      { step: 0, source: 2, target: undefined },
    ]);
    expect(validationLosses([])).toEqual([]);
  });

  it('leave out a step that was not scored on every set', () => {
    const events = history([1, 1], [2, 2], [3, 3]);
    const steps = (some: EvaluationEvent[]): number[] =>
      validationLosses(some).map(({ step }) => step);
    expect(steps(events.toReversed())).toEqual([0, 10, 20]);
    expect(steps(events.slice(0, 5))).toEqual([0, 10]);
    expect(steps(events.toSpliced(3, 1))).toEqual([0, 20]);
  });

  it('of a step are those made while training, not those of the weights that were kept', () => {
    const kept = ['source', 'target'] as const;
    const after = kept.map((role) => evaluation({ step: 10, role, nll: 0.1, phase: 'after' }));
    const events = history([1, 1], [2, 2]);
    for (const all of [
      [...events, ...after],
      [...after, ...events],
    ]) {
      expect(validationLosses(all).at(-1)).toEqual({ step: 10, source: 2, target: 2 });
    }
    expect(validationLosses([...events.slice(0, 2), ...after]).at(-1)?.source).toBe(0.1);
  });
});

describe('the best step', () => {
  const losses = validationLosses(history([3, 5], [3.4, 4], [3.2, 4.5], [3.6, 3], [3.1, 4.5]));

  it('has the least target loss, the earlier of equals', () => {
    expect(bestStep(losses, undefined)).toBe(30);
    expect(bestStep(losses.slice(0, 3), undefined)).toBe(10);
    expect(bestStep(losses.toSpliced(1, 1).toSpliced(2, 1), undefined)).toBe(20);
    expect(bestStep([], undefined)).toBeUndefined();
  });

  it.each([
    [0.7, 30],
    [0.5, 10],
    [0.3, 20],
    [0.05, 0],
    [0, 0],
  ])('is within the bound of %d', (bound, best) => {
    expect(bestStep(losses, { max_forgetting: bound, action: 'rollback' })).toBe(best);
  });

  it('is unknown without target sets, and with a guard before the base model is scored', () => {
    const source = [evaluation({ step: 0, role: 'source', nll: 1 })];
    expect(bestStep(validationLosses(source), undefined)).toBeUndefined();
    const target = [evaluation({ step: 0, role: 'target', nll: 1 })];
    expect(bestStep(validationLosses(target), undefined)).toBe(0);
    const guard = { max_forgetting: 1, action: 'stop' } as const;
    expect(bestStep(validationLosses(target), guard)).toBeUndefined();
  });
});

describe('the guard', () => {
  const losses = validationLosses(history([3, 5], [3.25, 4], [3.5, 3]));
  const guard = { max_forgetting: 0.25, action: 'stop' } as const;

  it('lets pass what does not exceed the bound, to the last bit', () => {
    expect(guardVerdict(losses, guard, 0)).toBeUndefined();
    expect(guardVerdict(losses, guard, 10)).toBeUndefined();
    const tight = { ...guard, max_forgetting: 0.25 - Number.EPSILON * 4 };
    expect(guardVerdict(losses, tight, 10)).toMatchObject({ nll: 3.25, keptStep: 10 });
  });

  it('says where it ends a run, and which weights stay', () => {
    const said = { step: 20, nll: 3.5, bound: 3.25 };
    expect(guardVerdict(losses, guard, 20)).toEqual({ ...said, action: 'stop', keptStep: 20 });
    expect(guardVerdict(losses, { ...guard, action: 'rollback' }, 20)).toEqual({
      ...said,
      action: 'rollback',
      keptStep: 10,
    });
  });

  it('has nothing to say of a step without scores, or when it is not there', () => {
    expect(guardVerdict(losses, guard, 15)).toBeUndefined();
    expect(guardVerdict(losses, undefined, 20)).toBeUndefined();
  });

  it('needs sets to look at', () => {
    const sets = [
      { role: 'source', split: 'validation' },
      { role: 'target', split: 'test' },
    ];
    expect(() => requireGuardSets(undefined, [])).not.toThrow();
    expect(() => requireGuardSets(guard, sets)).not.toThrow();
    expect(() => requireGuardSets(guard, sets.slice(1))).toThrow('source set');
    expect(() => requireGuardSets({ ...guard, action: 'rollback' }, sets)).toThrow('target set');
  });
});

describe('divergenceVerdict', () => {
  const losses = validationLosses(history([1, 5], [1.1, 3], [1.2, 2]));
  const guard = { max_forgetting: 0.15, action: 'rollback' } as const;

  it('rolls back to the best of the steps before, within the bound', () => {
    const verdict = { step: 25, action: 'rollback', nll: null, bound: 1.15, keptStep: 10 };
    expect(divergenceVerdict(losses, guard, 25)).toEqual(verdict);
    expect(divergenceVerdict(losses, guard, 10)).toMatchObject({ step: 10, keptStep: 0 });
    expect(divergenceVerdict(losses, { ...guard, max_forgetting: 1 }, 25)?.keptStep).toBe(20);
  });

  it('is none without a guard that rolls back, or before the base model was scored', () => {
    expect(divergenceVerdict(losses, undefined, 25)).toBeUndefined();
    expect(divergenceVerdict(losses, { ...guard, action: 'stop' }, 25)).toBeUndefined();
    expect(divergenceVerdict([], guard, 25)).toBeUndefined();
  });
});
