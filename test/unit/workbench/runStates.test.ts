import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runStateSchema } from '../../../core/workbench/contract.ts';
import type { RunState } from '../../../core/workbench/contract.ts';
import {
  isAtRest,
  mayFollow,
  mayStillRun,
  requireAllowed,
} from '../../../core/workbench/runStates.ts';

const STATES = runStateSchema.options;
const anyState = fc.constantFrom(...STATES);

describe('run states', () => {
  it('let nothing follow an end', () => {
    for (const end of ['completed', 'cancelled'] as const) {
      expect(STATES.filter((next) => mayFollow(end, next))).toEqual([]);
      expect(mayStillRun(end)).toBe(false);
    }
  });

  it('complete only what runs, and run only what waits', () => {
    expect(STATES.filter((state) => mayFollow(state, 'completed'))).toEqual(['running']);
    expect(STATES.filter((state) => mayFollow(state, 'running'))).toEqual(['queued']);
  });

  it('lead every unfinished run back to the queue or to an end', () => {
    const reachable = (from: RunState): Set<RunState> => {
      const seen = new Set<RunState>([from]);
      for (const state of seen)
        for (const next of STATES) if (mayFollow(state, next)) seen.add(next);
      return seen;
    };
    fc.assert(
      fc.property(anyState, (state) => {
        const ends = reachable(state);
        expect(ends.has('completed') || ends.has('cancelled')).toBe(true);
      }),
    );
  });

  it('are at rest unless a job works or will', () => {
    expect(STATES.filter((state) => !isAtRest(state))).toEqual(['queued', 'running']);
  });
});

describe('a command on a run', () => {
  const allowed: Readonly<Record<'pause' | 'resume' | 'cancel', readonly RunState[]>> = {
    pause: ['queued', 'running'],
    resume: ['paused', 'interrupted', 'failed'],
    cancel: ['queued', 'running', 'paused', 'interrupted', 'failed'],
  };
  it.each(
    STATES.flatMap((state) =>
      (['pause', 'resume', 'cancel'] as const).map((c) => [c, state] as const),
    ),
  )('%s when %s', (command, state) => {
    const attempt = (): void => {
      requireAllowed(command, { id: 'run-x', state });
    };
    if (allowed[command].includes(state)) attempt();
    else expect(attempt).toThrow(`Run run-x is ${state}`);
  });
});
