import { describe, expect, test } from 'vitest';
import { runStateSchema } from '../../../../core/workbench/contract.ts';
import { mayFollow } from '../../../../core/workbench/runStates.ts';
import { strategyPartsSchema } from '../../../../core/strategies/parts.ts';
import { baseName, corpusName } from '../../../../renderer/lib/modelView.ts';
import {
  RUN_STATES,
  commandable,
  isAllowed,
  stateLook,
} from '../../../../renderer/lib/runStates.ts';
import {
  partSettings,
  progressOf,
  runTitle,
  secondsTaken,
  strategyWords,
} from '../../../../renderer/lib/runView.ts';
import { STRATEGY_COLOURS } from '../../../../renderer/lib/strategies.ts';
import { parseFilter } from '../../../../renderer/lib/filter.ts';
import { RUN_FILTER_FIELDS } from '../../../../renderer/pages/runFilter.ts';

describe('what the screens know of the contract', () => {
  test('every state has a word and a shape of its own', () => {
    expect([...RUN_STATES].sort()).toEqual([...runStateSchema.options].sort());
    const looks = RUN_STATES.map(stateLook);
    expect(new Set(looks.map(({ character }) => character)).size).toBe(looks.length);
    expect(new Set(looks.map(({ word }) => word)).size).toBe(looks.length);
  });

  test('a command is offered exactly where the Workbench takes it', () => {
    const results = { pause: 'paused', resume: 'queued', cancel: 'cancelled' } as const;
    for (const state of RUN_STATES) {
      for (const command of ['pause', 'resume', 'cancel'] as const) {
        expect([state, command, isAllowed(command, state)]).toEqual([
          state,
          command,
          mayFollow(state, results[command]),
        ]);
      }
    }
  });

  test('a command reaches queued runs before the one at work, so that none of them starts', () => {
    const states = ['running', 'completed', 'queued', 'paused', 'queued'] as const;
    const runs = states.map((state, id) => ({ id, state }));
    const ids = (command: 'pause' | 'resume' | 'cancel'): number[] =>
      commandable(command, runs).map(({ id }) => id);
    expect(ids('pause')).toEqual([2, 4, 0]);
    expect(ids('cancel')).toEqual([2, 4, 0, 3]);
    expect(ids('resume')).toEqual([3]);
  });

  test('every part of a strategy has a colour', () => {
    const parts = Object.keys(strategyPartsSchema.shape);
    expect([...STRATEGY_COLOURS].sort()).toEqual(['ndt', 'sdt', ...parts].sort());
  });
});

describe('runs', () => {
  const parts = strategyPartsSchema.parse({ rh: {}, ewc: { lambda: 10 } });

  test('λ is named with its part where there are several', () => {
    expect(partSettings({})).toBe('');
    expect(partSettings(strategyPartsSchema.parse({ ewc: {} }))).toBe('λ 100');
    expect(partSettings(parts)).toBe('rh λ 1, ewc λ 10');
    expect(partSettings(strategyPartsSchema.parse({ gem: {}, l2: {} }))).toBe('l2 λ 0.01');
    expect(runTitle({ strategy: 'rh+ewc', parts, seed: 2 })).toBe(
      'RH + EWC rh λ 1, ewc λ 10, seed 2',
    );
  });

  test('a strategy is found by each of its parts and by all of it', () => {
    expect(strategyWords('rh+ewc α 0.3')).toEqual(['rh', 'ewc', 'rh+ewc']);
    expect(strategyWords('sdt')).toEqual(['sdt']);
  });

  test('progress is known when the number of steps is', () => {
    expect(progressOf({ state: 'running', step: 50, totalSteps: 200 })).toBe(0.25);
    expect(progressOf({ state: 'running', step: 0, totalSteps: null })).toBeNull();
    expect(progressOf({ state: 'queued', step: 0, totalSteps: 0 })).toBeNull();
    expect(progressOf({ state: 'completed', step: 0, totalSteps: 0 })).toBe(1);
  });

  test('a run that has not ended takes time until now', () => {
    const startedAt = '2026-11-23T10:00:00.000Z';
    const now = Date.parse('2026-11-23T10:01:30.000Z');
    expect(secondsTaken({ startedAt, endedAt: null }, now)).toBe(90);
    expect(secondsTaken({ startedAt, endedAt: '2026-11-23T10:00:42.000Z' }, now)).toBe(42);
    expect(secondsTaken({ startedAt: null, endedAt: null }, now)).toBeNull();
  });

  test('the filter fields of the Runs screen have names that a filter can hold', () => {
    for (const { name } of RUN_FILTER_FIELDS) {
      const [problem] = parseFilter(`${name}:`, RUN_FILTER_FIELDS).problems;
      expect(problem?.message).toBe(`A value is missing after "${name}:".`);
    }
  });
});

test.each([
  ['/data/notes.jsonl.gz', 'notes'],
  ['C:\\data\\notes.CSV', 'notes'],
  ['/data/ward notes/', 'ward notes'],
  ['/data/archive.2024', 'archive.2024'],
  ['', ''],
])('the name of a corpus from %s', (path, name) => {
  expect(corpusName(path)).toBe(name);
});

test('the name of a folder is its last part', () => {
  expect(baseName('/models/bert-base/')).toBe('bert-base');
});
