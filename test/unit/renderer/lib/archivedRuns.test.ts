import { describe, expect, test } from 'vitest';
import { isInView, offeredRuns } from '../../../../renderer/lib/archivedRuns.ts';

const TIME = '2026-01-02T03:04:05.000Z';

describe('archived runs', () => {
  const runs = [
    { id: 'kept', archivedAt: null },
    { id: 'old', archivedAt: TIME },
    { id: 'chosen', archivedAt: TIME },
  ];
  const ids = (filter: string, kept?: ReadonlySet<string>): string[] =>
    offeredRuns(runs, filter, kept).map(({ id }) => id);

  test('are offered when the filter asks for them', () => {
    expect(ids('')).toEqual(['kept']);
    expect(ids('archive')).toEqual(['kept']);
    expect(ids('seed:1 archived:yes')).toEqual(['kept', 'old', 'chosen']);
    expect(ids('-archived:no')).toEqual(['kept', 'old', 'chosen']);
  });

  test('are offered when they are chosen already', () => {
    expect(ids('', new Set(['chosen']))).toEqual(['kept', 'chosen']);
  });

  test('stay in view where results are made of them', () => {
    const run = { archivedAt: TIME, state: 'completed', purpose: 'result' } as const;
    expect(isInView(run)).toBe(true);
    expect(isInView({ ...run, purpose: 'interpolation' })).toBe(true);
    expect(isInView({ ...run, purpose: 'sweep' })).toBe(false);
    expect(isInView({ ...run, state: 'failed' })).toBe(false);
    expect(isInView({ ...run, state: 'failed', archivedAt: null })).toBe(true);
  });
});
