import { describe, expect, test } from 'vitest';
import { fuzzyMatch } from '../../../../renderer/lib/fuzzy.ts';
import { remainingTime } from '../../../../renderer/lib/remaining.ts';
import { parseRoute, routeAddress } from '../../../../renderer/lib/routes.ts';
import type { Route } from '../../../../renderer/lib/routes.ts';
import { strategyLook } from '../../../../renderer/lib/strategies.ts';

describe('routes', () => {
  test.each<Route>([
    { page: 'projects' },
    { page: 'new-project' },
    { page: 'new-project', draft: 'draft-1' },
    { page: 'project', id: 'project-x' },
    { page: 'runs' },
    { page: 'runs', filter: 'strategy:rh+ewc "a b" target<3.5 name:50%' },
    { page: 'run', id: 'run-1', tab: 'log' },
    { page: 'compare', runs: [] },
    { page: 'compare', runs: ['run-1', 'demo/ewc'] },
    { page: 'models' },
    { page: 'model', id: 'a/b c' },
    { page: 'corpora' },
    { page: 'corpus', id: 'ü' },
    { page: 'playground' },
    { page: 'playground', models: ['a', 'b'] },
    { page: 'system' },
    { page: 'not-found', path: '/nowhere' },
  ])('$page goes to an address and back', (route) => {
    expect(parseRoute(routeAddress(route))).toEqual(route);
  });

  test('an empty address is the first screen, a strange one is none', () => {
    expect(parseRoute('')).toEqual({ page: 'projects' });
    expect(parseRoute('#/')).toEqual({ page: 'projects' });
    expect(parseRoute('#/runs/a/b').page).toBe('not-found');
    expect(parseRoute('#/runs/%E0%A4%A')).toEqual({ page: 'run', id: '%E0%A4%A' });
    expect(parseRoute('#/constructor').page).toBe('not-found');
  });
});

describe('remaining time', () => {
  const steady = Array.from({ length: 20 }, (_, index) => ({
    step: index * 10,
    time: index * 5000,
  }));

  test('is the median pace times the steps left', () => {
    expect(remainingTime(steady, 390)).toEqual({ seconds: 100, low: 100, high: 100 });
  });

  test('a pause between attempts does not count', () => {
    const resumed = steady.map(({ step, time }, index) => ({
      step,
      time: index < 10 ? time : time + 36_000_000,
    }));
    expect(remainingTime(resumed, 390)?.seconds).toBeCloseTo(100);
  });

  test('is unknown at the start', () => {
    expect(remainingTime(steady.slice(0, 3), 100)).toBeUndefined();
    expect(remainingTime([], 100)).toBeUndefined();
  });

  test('never falls below nothing', () => {
    expect(remainingTime(steady, 100)?.seconds).toBe(0);
  });
});

describe('finding by letters', () => {
  test('letters in their order, the better the closer', () => {
    expect(fuzzyMatch('np', 'New project')?.letters).toEqual([0, 4]);
    expect(fuzzyMatch('xyz', 'New project')).toBeUndefined();
    expect(fuzzyMatch('', 'anything')?.score).toBe(0);
    const score = (text: string): number => fuzzyMatch('run', text)?.score ?? -1;
    expect(score('Runs')).toBeGreaterThan(score('Rename unit'));
    expect(score('Runs')).toBeGreaterThan(score('Prune'));
  });
});

describe('looks of strategies', () => {
  test('a combination takes the colour of its first part, dashed', () => {
    expect(strategyLook('rh+ewc')).toMatchObject({ colour: 'rh', label: 'RH + EWC', dashed: true });
    expect(strategyLook('ewc')).toMatchObject({ colour: 'ewc', label: 'EWC', dashed: false });
  });

  test('a point between two models is named with its share', () => {
    expect(strategyLook('sdt α 0.3')).toMatchObject({
      colour: 'sdt',
      label: 'SDT α 0.3',
      dashed: true,
    });
  });

  test('what is not known is grey and shown as it is', () => {
    expect(strategyLook('mystery')).toMatchObject({ colour: 'ndt', label: 'mystery' });
  });
});
