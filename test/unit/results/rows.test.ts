import { describe, expect, it } from 'vitest';
import { groupRuns, isUnclear, resultRows, spreadOf } from '../../../core/results/rows.ts';
import type { ScoredRun } from '../../../core/results/rows.ts';
import type { StrategyParts } from '../../../core/strategies/parts.ts';

const BASE = { source: 3, target: 4 };

function scored(changes: Partial<ScoredRun> = {}): ScoredRun {
  const { strategy = 'sdt', seed = 1 } = changes;
  return {
    id: `run-${strategy}${seed}`,
    group: strategy,
    strategy,
    parts: {},
    alpha: null,
    seed,
    before: BASE,
    after: { source: 3.5, target: 3.25 },
    stepSeconds: [0.5],
    ...changes,
  };
}

const ewc = (lambda: number): StrategyParts => ({ ewc: { lambda, layer_norm: true } });

function rowsOf(runs: readonly ScoredRun[]) {
  const groups = groupRuns(runs);
  return resultRows(
    groups,
    groups.map(() => ({ intervals: null, lowest: { source: false, target: false } })),
  );
}

describe('rows', () => {
  it('are differences to the base model as the same run scored it', () => {
    const [row] = rowsOf([scored()]);
    expect(row).toMatchObject({
      strategy: 'sdt',
      seeds: [1],
      runs: ['run-sdt1'],
      sourceNll: { mean: 3.5, deviation: null, count: 1 },
      targetNll: { mean: 3.25, deviation: null, count: 1 },
      forgetting: { mean: 0.5, deviation: null, count: 1 },
      gain: { mean: 0.75, deviation: null, count: 1 },
      relativeTime: 1,
      pareto: true,
    });
  });

  it('have mean and sample standard deviation over seeds, in the order of the seeds', () => {
    const runs = [3, 1, 2].map((seed) =>
      scored({ seed, after: { source: 3 + seed, target: 4 - 2 * seed }, stepSeconds: [seed] }),
    );
    const [row] = rowsOf(runs);
    expect(row.seeds).toEqual([1, 2, 3]);
    expect(row.runs).toEqual(['run-sdt1', 'run-sdt2', 'run-sdt3']);
    expect(row.forgetting).toEqual({ mean: 2, deviation: 1, count: 3 });
    expect(row.gain).toEqual({ mean: 4, deviation: 2, count: 3 });
    expect(row.secondsPerStep).toBe(2);
  });

  it('take the median time of all stretches, which a few that were disturbed do not move', () => {
    const runs = [
      scored({ stepSeconds: [9, 1, 3] }),
      scored({ seed: 2, stepSeconds: [1, 2] }),
      scored({ strategy: 'rh', stepSeconds: [4, 50] }),
    ];
    const [sdt, rh] = rowsOf(runs);
    expect(sdt.secondsPerStep).toBe(2);
    expect(sdt.secondsPerStepQuartiles).toEqual({ lower: 1, upper: 3 });
    expect(rh.relativeTime).toBe(13.5);
  });

  it('take time relative to SDT, where there is one', () => {
    const base = scored({ strategy: 'ndt', after: BASE, stepSeconds: [] });
    const rows = rowsOf([base, scored(), scored({ strategy: 'rh', stepSeconds: [0.6] })]);
    expect(rows.map(({ relativeTime }) => relativeTime)).toEqual([null, 1, 1.2]);
    expect(rowsOf([scored({ strategy: 'rh' })])[0].relativeTime).toBeNull();
  });

  it('mark the front over means, the base model among them', () => {
    const rows = rowsOf([
      scored({ strategy: 'ndt', after: BASE }),
      scored({ after: { source: 3.5, target: 3 } }),
      scored({ strategy: 'rh', after: { source: 3.25, target: 3 } }),
      scored({ strategy: 'gem', after: { source: 3.125, target: 4.5 } }),
    ]);
    expect(rows.map(({ strategy, pareto }) => [strategy, pareto])).toEqual([
      ['ndt', true],
      ['sdt', false],
      ['rh', true],
      ['gem', false],
    ]);
  });

  it('stand in the order of the paper, then combinations, others and interpolated ones', () => {
    const labels = ['lrc', 'rh+ewc', 'gem', 'ewc', 'l2', 'lwf', 'rh', 'sdt', 'ndt'];
    const runs = [
      ...[0.6, 0.3].map((alpha) => scored({ alpha, group: `sdt${alpha}` })),
      ...labels.map((strategy) => scored({ strategy })),
    ];
    expect(rowsOf(runs).map(({ strategy }) => strategy)).toEqual([
      ...['ndt', 'sdt', 'rh', 'l2', 'ewc', 'gem', 'rh+ewc', 'lrc', 'lwf'],
      ...['sdt α 0.3', 'sdt α 0.6'],
    ]);
  });

  it('of one strategy stand by λ, not as texts', () => {
    const runs = [1000, 20, 100].map((lambda) =>
      scored({ strategy: 'ewc', parts: ewc(lambda), group: String(lambda) }),
    );
    expect(rowsOf(runs).map(({ settings }) => settings)).toEqual(['λ 20', 'λ 100', 'λ 1000']);
  });

  it('keep what they are told apart by', () => {
    const one = { estimate: 0.5, low: 0.4, high: 0.6, p: 0.001 };
    const intervals = { forgetting: one, gain: { ...one, low: -0.1 } };
    const lowest = { source: true, target: false };
    const [row] = resultRows([[scored()]], [{ intervals, lowest }]);
    expect(isUnclear(row.forgettingInterval)).toBe(false);
    expect(isUnclear(row.gainInterval)).toBe(true);
    expect(row.lowest).toEqual(lowest);
  });
});

describe('a spread', () => {
  it('has no deviation of one value', () => {
    expect(spreadOf([7])).toEqual({ mean: 7, deviation: null, count: 1 });
    expect(spreadOf([1, 2, 3, 4])).toEqual({ mean: 2.5, deviation: Math.sqrt(5 / 3), count: 4 });
  });
});

describe('a difference is unclear', () => {
  it.each([
    [-0.1, 0.1, true],
    [0, 0.1, true],
    [-0.1, 0, true],
    [0.001, 0.1, false],
    [-0.2, -0.001, false],
  ])('from %d to %d: %s', (low, high, expected) => {
    expect(isUnclear({ estimate: 0, low, high, p: 1 })).toBe(expected);
  });

  it('without an interval, but not where there is no difference to claim', () => {
    expect(isUnclear({ estimate: 1, low: null, high: null, p: null })).toBe(true);
    expect(isUnclear(null)).toBe(false);
  });
});
