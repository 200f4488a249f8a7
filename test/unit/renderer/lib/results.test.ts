import { describe, expect, test } from 'vitest';
import { exportFileName } from '../../../../renderer/lib/exportFormats.ts';
import { exportResults } from '../../../../renderer/lib/exportResults.ts';
import { parseFilter } from '../../../../renderer/lib/filter.ts';
import { projectProgress, strategiesOf } from '../../../../renderer/lib/projectProgress.ts';
import {
  MEASURES,
  differencesOf,
  intervalScale,
  isBest,
  rowKey,
  rowLabel,
  rowRoute,
  runsFrom,
  scatterPoints,
  shownChoices,
  stepTimeText,
  usualReference,
} from '../../../../renderer/lib/resultsView.ts';
import { RUN_FILTER_FIELDS } from '../../../../renderer/pages/runFilter.ts';
import type { RunState, RunSummary } from '../../../../core/workbench/contract.ts';
import type { RunsDiff } from '../../../../core/workbench/results.ts';
import { ewcChoice, projectResults, row } from '../../../fixtures/results.ts';

const ndt = row('ndt', 0, 0);
const sdt = row('sdt', 0.489, 0.731, { deviation: 0.01 });
const rh = row('rh', 0.09, 0.706, { settings: 'λ 0.3' });
const ewc10 = row('ewc', 0.2, 0.69, { settings: 'λ 10' });
const ewc100 = row('ewc', 0.054, 0.619, { settings: 'λ 100', runs: ['run-ewc100'] });
const rows = [ndt, sdt, rh, ewc10, ewc100];

test('choices that are open stand after those that were made, each once', () => {
  const made = ewcChoice();
  const candidates = made.candidates.map((one) => ({ ...one, chosen: false }));
  const open = ewcChoice({ strategy: 'l2', candidates });
  expect(shownChoices([made], [made, open])).toEqual([made, open]);
});

describe('rows of results', () => {
  test('settings are in a label only where a name alone would stand for several rows', () => {
    expect(rows.map((one) => rowLabel(one, rows))).toEqual([
      'NDT',
      'SDT',
      'RH',
      'EWC λ 10',
      'EWC λ 100',
    ]);
  });

  test('each has a key of its own, also where two read alike', () => {
    const again = row('ewc', 0.3, 0.6, { settings: 'λ 100', runs: ['run-of-another-text'] });
    expect(new Set([...rows, again].map(rowKey)).size).toBe(rows.length + 1);
  });

  test('the time of a step has its middle half, in milliseconds where it is short', () => {
    expect(rows.slice(0, 2).map(stepTimeText)).toEqual([
      undefined,
      '352 ms a step, half of them 348 ms to 361 ms',
    ]);
  });

  test('what intervals tell apart from all others is the best of both columns of its domain', () => {
    const told = row('ewc', 0.054, 0.619, { lowest: { source: true, target: false } });
    expect(MEASURES.filter((measure) => isBest(told, measure))).toEqual([
      'sourceNll',
      'forgetting',
    ]);
    const gains = row('sdt', 0.5, 0.7, { lowest: { source: false, target: true } });
    expect(MEASURES.filter((measure) => isBest(gains, measure))).toEqual(['targetNll', 'gain']);
  });

  test('a point of too few documents has no interval', () => {
    const gainInterval = { estimate: 0.7, low: null, high: null, p: null };
    const [point] = scatterPoints([row('sdt', 0.5, 0.7, { gainInterval })]);
    expect(point).toMatchObject({ y: 0.7, xInterval: { low: 0.488 }, yInterval: undefined });
  });

  test('points have the intervals of their rows, the base model none', () => {
    const [base, tuned] = scatterPoints([ndt, sdt]);
    expect(base).toMatchObject({ key: rowKey(ndt), x: 0, y: 0, xInterval: undefined });
    expect(tuned).toMatchObject({ x: 0.489, y: 0.731, yInterval: { low: 0.719, high: 0.743 } });
  });

  test('others are compared with SDT, else with the first tuned row', () => {
    expect(usualReference(rows)).toBe(sdt);
    expect(usualReference([ndt, rh])).toBe(rh);
    expect(usualReference([ndt])).toBe(ndt);
    expect(usualReference([])).toBeUndefined();
  });

  test('a diff is asked for with the runs of the reference first', () => {
    expect(runsFrom(sdt, [ndt, sdt, rh])).toEqual([...sdt.runs, ...ndt.runs, ...rh.runs]);
  });
});

describe('differences between rows', () => {
  const difference = (group: number, estimate: number) => ({
    ...{ group, seeds: [1], estimate, low: estimate - 0.02, high: estimate + 0.02, p: 0.01 },
  });
  const metric = (role: 'source' | 'target', name: string, estimates: readonly number[]) => ({
    ...{ role, split: 'test' as const, name, setHash: role, documents: 8, losses: [] },
    differences: estimates.map((estimate, index) => difference(index + 1, estimate)),
  });
  const diff: RunsDiff = {
    groups: [sdt, ndt, rh].map(({ strategy, runs }) => ({
      label: strategy,
      runs: runs.map((id, index) => ({ id, seed: index + 1 })),
    })),
    configuration: [],
    metrics: [
      metric('target', 'target', [0.731, 0.025]),
      metric('source', 'source', [-0.489, -0.399]),
      { ...metric('source', 'source', [9, 9]), split: 'validation' },
    ],
    notComparable: [
      { role: 'source', split: 'test', name: 'other', reason: 'The source test set differs.' },
      { role: 'source', split: 'validation', name: 'other', reason: 'Of the other split.' },
    ],
  };

  test('a lower source loss forgets less, a higher target loss gains less', () => {
    const { sets, rows: compared, notes } = differencesOf(diff, rows, 'test');
    expect(sets.map(({ title }) => title)).toEqual(['forgetting', 'gain']);
    expect(compared.map((one) => one.row)).toEqual([rh]);
    expect(compared[0]?.values[0]).toMatchObject({ estimate: -0.399 });
    const gain = compared[0]?.values[1];
    expect(gain?.estimate).toBe(-0.025);
    expect(gain?.low).toBeCloseTo(-0.045, 12);
    expect(gain?.high).toBeCloseTo(-0.005, 12);
    expect(notes).toEqual(['The source test set differs.']);
  });

  test('sets are named where a domain has several', () => {
    const second = metric('source', 'news', [-0.4, -0.3]);
    const { sets } = differencesOf({ ...diff, metrics: [...diff.metrics, second] }, rows, 'test');
    expect(sets.map(({ title }) => title)).toEqual([
      'forgetting, source',
      'forgetting, news',
      'gain',
    ]);
  });

  test('no difference is zero, not minus zero', () => {
    const same = { ...diff, metrics: [metric('target', 'target', [0, 0])] };
    const [only] = differencesOf(same, rows, 'test').rows;
    expect(Object.is(only?.values[0]?.estimate, 0)).toBe(true);
  });

  test('a scale holds zero and every interval', () => {
    expect(intervalScale([difference(1, 0.5), undefined])).toEqual({ min: 0, max: 0.52 });
    expect(intervalScale([difference(1, -0.5), difference(2, 0.1)])).toMatchObject({
      min: -0.52,
    });
    const without = { estimate: 0.75, low: null, high: null, p: null };
    expect(intervalScale([difference(1, 0.5), without])).toEqual({ min: 0, max: 0.75 });
    expect(intervalScale([undefined])).toBeUndefined();
  });
});

describe('exports', () => {
  const results = projectResults([ndt, sdt, rh]);

  test('every format is written from the same results', () => {
    expect(exportResults('csv', results)).toMatch(/^strategy,settings,split,/);
    expect(exportResults('markdown', results)).toContain('| SDT');
    expect(exportResults('latex', results)).toContain('\\begin{tabular}');
    expect(exportResults('svg', results)).toMatch(/^<svg /);
    expect(JSON.parse(exportResults('json', results))).toEqual(results);
  });

  test('file names hold nothing that a file system refuses', () => {
    expect(exportFileName('Pilot 2: "notes" / 2026', 'test', 'latex')).toBe(
      'Pilot-2-notes-2026-test.tex',
    );
    expect(exportFileName('…', 'validation', 'markdown')).toBe('results-validation.md');
    expect(exportFileName('心臓', 'test', 'svg')).toBe('心臓-test.svg');
    expect(exportFileName('x'.repeat(400), 'test', 'csv').length).toBeLessThan(100);
  });
});

describe('where a row of results leads', () => {
  const leads = (runs: readonly string[], archived: readonly string[] = []) =>
    rowRoute({ ...sdt, runs: [...runs] }, (run) => archived.includes(run));

  test('to its run, or to all of its runs', () => {
    expect(leads(['run-1'])).toEqual({ page: 'run', id: 'run-1' });
    expect(leads(['run-1', 'run-2'])).toEqual({ page: 'runs', filter: 'id:run-1,run-2' });
    const filter = 'id:run-1,run-2 archived:yes,no';
    expect(leads(['run-1', 'run-2'], ['run-2'])).toEqual({ page: 'runs', filter });
    expect(parseFilter(filter, RUN_FILTER_FIELDS).problems).toEqual([]);
  });
});

describe('progress of a project', () => {
  const run = (state: RunState, step = 0, strategy = 'sdt'): RunSummary => ({
    ...{ id: `run-${state}-${step}`, project: 'project-a', projectName: 'pilot', name: 'run' },
    ...{
      purpose: 'result',
      strategy,
      parts: {},
      alpha: null,
      seed: 1,
      state,
      step,
      totalSteps: 100,
    },
    ...{ engine: null, device: null, createdAt: '', startedAt: null, endedAt: null },
    ...{ configurationHash: '', error: null, tags: [], note: null, archivedAt: null },
    ...{ sourceNll: null, targetNll: null },
  });

  test('work is told before trouble, trouble before rest', () => {
    const runs = [run('completed', 100), run('queued'), run('failed', 10), run('running', 50)];
    expect(projectProgress(runs)).toMatchObject({ state: 'running', inState: 1 });
    expect(projectProgress(runs.slice(0, 3))).toMatchObject({ state: 'failed' });
    expect(projectProgress(runs.slice(0, 2))).toMatchObject({ state: 'queued' });
  });

  test('a cancelled run is not waited for', () => {
    const progress = projectProgress([run('completed', 100), run('cancelled', 30)]);
    expect(progress).toEqual({ completed: 1, wanted: 1, share: 1, state: 'completed', inState: 1 });
    expect(projectProgress([run('cancelled')])).toMatchObject({ wanted: 0, share: 0 });
  });

  test('an archived run counts only when it is one of the results', () => {
    const archived = (one: RunSummary): RunSummary => ({ ...one, archivedAt: '2026-01-01' });
    const runs = [run('completed', 100), archived(run('failed', 10)), run('cancelled')];
    expect(projectProgress(runs)).toMatchObject({ state: 'completed', wanted: 1 });
    expect(projectProgress(runs.map(archived))).toMatchObject({ completed: 1, wanted: 1 });
    expect(projectProgress([archived(run('failed'))])).toMatchObject({ state: 'failed' });
  });

  test('steps of a run that works count by their share', () => {
    expect(projectProgress([run('completed', 100), run('running', 50)])?.share).toBe(0.75);
    expect(projectProgress([])).toBeUndefined();
  });

  test('each strategy is named once', () => {
    expect(strategiesOf([run('queued'), run('queued', 1, 'ewc'), run('failed')])).toEqual([
      'sdt',
      'ewc',
    ]);
  });
});
