import { describe, expect, test } from 'vitest';
import {
  chartCurves,
  comparedName,
  groupParts,
  lossScale,
  measuredSeries,
  metricTitle,
  runsMeant,
  tooManyToCompare,
  withChart,
} from '../../../../renderer/lib/compareView.ts';
import { formatProbability } from '../../../../renderer/lib/format.ts';
import {
  allSettings,
  differingSettings,
  settingText,
} from '../../../../renderer/lib/settingsTable.ts';
import { overTime } from '../../../../renderer/lib/stepTime.ts';
import type { RunSummary } from '../../../../core/workbench/contract.ts';

const run = (id: string, change: Partial<RunSummary> = {}): RunSummary => ({
  ...{ id, project: 'project-a', projectName: 'pilot', name: id, purpose: 'result' },
  ...{ strategy: 'sdt', parts: {}, alpha: null, seed: 1, state: 'completed' },
  ...{ step: 100, totalSteps: 100 },
  ...{ engine: null, device: null, createdAt: '', startedAt: null, endedAt: null },
  ...{ configurationHash: '', error: null, tags: [], note: null, archivedAt: null },
  ...{ sourceNll: null, targetNll: null },
  ...change,
});
const ewc = (lambda: number) => ({
  strategy: 'ewc',
  parts: { ewc: { lambda, layer_norm: true } },
});

describe('runs of an address', () => {
  const runs = [
    run('run-1'),
    run('run-2', { seed: 2 }),
    run('run-3', { state: 'paused' }),
    run('run-4', { purpose: 'sweep' }),
    run('run-5', { project: 'project-b', projectName: 'other' }),
  ];

  test('ids in the order given, each once', () => {
    const { found, unknown } = runsMeant(['run-2', 'run-1', 'run-2', 'run-9'], runs);
    expect(found.map(({ id }) => id)).toEqual(['run-2', 'run-1']);
    expect(unknown).toEqual(['run-9']);
  });

  test('a strategy of a project is its completed result runs', () => {
    const idsOf = (word: string): string[] => runsMeant([word], runs).found.map(({ id }) => id);
    expect(idsOf('pilot/sdt')).toEqual(['run-1', 'run-2']);
    expect(idsOf('project-b/SDT')).toEqual(['run-5']);
    expect(runsMeant(['pilot/gem'], runs).unknown).toEqual(['pilot/gem']);
  });

  test('each run is looked at once, however many are asked for', () => {
    let looks = 0;
    const many = Array.from({ length: 2000 }, (_, index) => {
      const one = run(`run-${index}`);
      return Object.defineProperty(one, 'id', {
        get: () => {
          looks++;
          return `run-${index}`;
        },
      });
    });
    const words = Array.from({ length: 2000 }, (_, index) => `run-${1999 - index}`);
    const { found } = runsMeant(words, many);
    expect(looks).toBeLessThan(4 * many.length);
    expect([found[0]?.id, found.length]).toEqual(['run-1999', 2000]);
  });

  test('more than can be told apart are refused, in words', () => {
    expect(tooManyToCompare(20)).toBeUndefined();
    expect(tooManyToCompare(10_000)).toBe('At most 20 runs can be compared; 10,000 are selected.');
  });

  test('a run is named with its project where there are several', () => {
    expect(comparedName(run('run-1'), runs.slice(0, 3))).toBe('SDT, seed 1');
    expect(comparedName(run('run-1'), runs)).toBe('pilot: SDT, seed 1');
  });
});

describe('curves of several runs', () => {
  test('evaluations come first, watched ones before those at the ends', () => {
    const measured = measuredSeries([
      'train/seconds',
      'train/learning_rate',
      'train/target_loss',
      'evaluation/target/nll|test|target',
      'evaluation/source/nll|validation|source',
      'evaluation/target/nll|validation|target',
      'train/target_loss',
    ]);
    expect(measured.map(({ title }) => title)).toEqual([
      'Target loss on the validation split',
      'Target loss on the test split',
      'Source loss on the validation split',
      'Target loss in training',
      'Learning rate',
    ]);
    expect(measured.map(({ dots }) => dots)).toEqual([true, true, true, false, false]);
  });

  test('series without a name of their own, and sets with one, are told apart', () => {
    const [news, ratio] = measuredSeries([
      'train/penalty_ratio_ewc',
      'evaluation/news/nll|validation|source',
    ]);
    expect(news?.title).toBe('Source loss on the validation split (news)');
    expect(ratio?.title).toBe('Penalty over task gradient, EWC');
  });

  test('a chart put in or taken out leaves those that these runs do not have', () => {
    expect(withChart(['Penalty', 'Speed'], 'Memory')).toEqual(['Penalty', 'Speed', 'Memory']);
    expect(withChart(['Penalty', 'Speed'], 'Speed')).toEqual(['Penalty']);
  });

  test('a second configuration of a strategy is dashed, its other seeds too', () => {
    const curves = chartCurves(
      [
        { run: run('a', ewc(10)), points: [] },
        { run: run('b', ewc(100)), points: [] },
        { run: run('c', { ...ewc(100), seed: 2 }), points: [] },
        { run: run('d'), points: [] },
      ],
      false,
    );
    expect(curves.map(({ dashed }) => dashed)).toEqual([undefined, true, true, undefined]);
    expect(curves.map(({ label }) => label)).toEqual([
      'EWC λ 10, seed 1',
      'EWC λ 100, seed 1',
      'EWC λ 100, seed 2',
      'SDT, seed 1',
    ]);
  });
});

describe('curves over time', () => {
  const clock = [
    { x: 10, y: 5 },
    { x: 20, y: 9 },
  ];

  test('seconds between two readings are interpolated', () => {
    const points = [0, 5, 10, 15, 20].map((x) => ({ x, y: x }));
    expect(overTime(points, clock).map(({ x }) => x)).toEqual([0, 2.5, 5, 7, 9]);
  });

  test('points after the last reading, and all without a clock, have no time', () => {
    expect(overTime([{ x: 21, y: 0 }], clock)).toEqual([]);
    expect(overTime([{ x: 1, y: 0 }], [])).toEqual([]);
  });

  test('a clock that began anew goes on from where it was', () => {
    const set = [...clock, { x: 30, y: 3 }, { x: 40, y: 7 }];
    const times = overTime(
      [20, 30, 40].map((x) => ({ x, y: 0 })),
      set,
    ).map(({ x }) => x);
    expect(times).toEqual([9, 12, 16]);
  });
});

describe('losses', () => {
  test('the label of a group is a name with a look, and the rest', () => {
    expect(groupParts('ewc λ 100', 'ewc')).toEqual({ strategy: 'ewc', settings: 'λ 100' });
    expect(groupParts('sdt α 0.3', 'sdt')).toEqual({ strategy: 'sdt α 0.3', settings: '' });
    expect(groupParts('rh+ewc rh λ 1, ewc λ 10 (run-a)', undefined)).toEqual({
      strategy: 'rh+ewc',
      settings: 'rh λ 1, ewc λ 10 (run-a)',
    });
  });

  test('titles name a set where it is not simply that of the domain', () => {
    const title = (name: string): string => metricTitle({ role: 'source', split: 'test', name });
    expect(title('source')).toBe('Source loss, test split');
    expect(title('news')).toBe('Source loss (news), test split');
  });

  test('a scale holds deviations, and has a width for one value', () => {
    const spread = (mean: number, deviation: number | null) => ({ mean, deviation, count: 2 });
    expect(lossScale([spread(3, 0.5), spread(4, null)])).toEqual({ min: 2.5, max: 4 });
    expect(lossScale([spread(3, null)])).toEqual({ min: 2, max: 4 });
    expect(lossScale([])).toBeUndefined();
  });

  test('probabilities end where resamples cannot tell', () => {
    expect(formatProbability(0.0412)).toBe('0.041');
    expect(formatProbability(0)).toBe('< 0.001');
  });
});

describe('settings side by side', () => {
  const diff = {
    groups: [
      { label: 'sdt', runs: [{ id: 'run-1', seed: 1 }] },
      { label: 'ewc λ 10', runs: [{ id: 'run-2', seed: 1 }] },
    ],
    configuration: [{ key: 'strategy', values: ['sdt', 'ewc'] }],
  };
  const configuration = {
    strategy: 'sdt',
    parts: {},
    modelHash: 'a'.repeat(64),
    settings: { learning_rate: 5e-5, max_steps: 100 },
    target: { contentHash: 'c'.repeat(64) },
    evaluations: [],
    engine: 'auto',
  };

  test('what differs comes first, then what all have in common', () => {
    const rows = allSettings(diff, configuration);
    expect(rows[0]).toEqual({ key: 'strategy', values: ['sdt', 'ewc'], differs: true });
    expect(rows).toContainEqual({
      key: 'training.learning_rate',
      values: [5e-5, 5e-5],
      differs: false,
    });
    expect(rows.filter(({ key }) => key === 'strategy')).toHaveLength(1);
  });

  test('a configuration of another form has nothing to add', () => {
    for (const other of [undefined, null, 3, {}, { settings: {} }]) {
      expect(allSettings(diff, other)).toEqual(differingSettings(diff));
    }
  });

  test('values are written as people read them', () => {
    expect(settingText(null)).toBe('–');
    expect(settingText(true)).toBe('yes');
    expect(settingText(5e-5)).toBe('0.00005');
    expect(settingText(200_000)).toBe('200,000');
    expect(settingText('a'.repeat(64))).toBe('aaaaaaaa');
    expect(settingText([1, 2, 3])).toBe('1, 2, 3');
  });
});
