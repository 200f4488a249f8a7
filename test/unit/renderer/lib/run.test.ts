import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../../core/training/events.ts';
import { trainingSettingsSchema } from '../../../../core/training/configuration.ts';
import { rehearsalSettingsSchema } from '../../../../core/training/rehearsalSettings.ts';
import { fisherSettingsSchema } from '../../../../core/strategies/fisherSettings.ts';
import type { RunChange, RunDetail } from '../../../../core/workbench/contract.ts';
import {
  LONGEST_NOTE as SERVICE_LONGEST_NOTE,
  LONGEST_TAG as SERVICE_LONGEST_TAG,
} from '../../../../core/workbench/schemas/annotations.ts';
import { LONGEST_NOTE, LONGEST_TAG, addedTags } from '../../../../renderer/lib/annotations.ts';
import { byDepth, driftByDepth } from '../../../../renderer/lib/depths.ts';
import { exportFolderName, folderInside } from '../../../../renderer/lib/exportFolder.ts';
import { formatInterval, formatProbability } from '../../../../renderer/lib/format.ts';
import { afterIntervals, lossCurves, thirdSeries } from '../../../../renderer/lib/runCharts.ts';
import { changeDomain, evaluationRows } from '../../../../renderer/lib/runEvaluations.ts';
import {
  logLines,
  mergeEvents,
  remainingWords,
  searchLines,
} from '../../../../renderer/lib/runLog.ts';
import {
  SOURCE_DEFAULTS,
  TRAINING_DEFAULTS,
  plannedEpochs,
  runSettings,
} from '../../../../renderer/lib/runSettings.ts';
import {
  guardWords,
  lastCheckpointStep,
  resumeWords,
  runTrouble,
} from '../../../../renderer/lib/runTrouble.ts';

type Evaluation = RunDetail['evaluations'][number];

const evaluation = (change: Partial<Evaluation>): Evaluation => ({
  name: 'source',
  role: 'source',
  split: 'test',
  phase: 'before',
  step: 0,
  nll: 1.5,
  tokens: 1000,
  setHash: 'aa',
  ...change,
});
const change = (values: Partial<RunChange>): RunChange => ({
  name: 'source',
  role: 'source',
  split: 'test',
  setHash: 'aa',
  documents: 40,
  change: 0.5,
  low: 0.4,
  high: 0.6,
  p: 0,
  ...values,
});

const place = (attempt: number, sequence: number, step = 0) => ({
  run: 'run-1',
  attempt,
  sequence,
  step,
  time: '2026-11-23T19:05:12.000Z',
});

describe('the settings of a run', () => {
  it('knows the defaults that the core fills in', () => {
    expect(TRAINING_DEFAULTS).toEqual(trainingSettingsSchema.parse({}));
    const named = (name: string, values: object): [string, unknown][] =>
      Object.entries(values).map(([key, value]) => [`${name}.${key}`, value]);
    expect(SOURCE_DEFAULTS).toEqual(
      Object.fromEntries([
        ...named('rehearsal', rehearsalSettingsSchema.parse({})),
        ...named('fisher', fisherSettingsSchema.parse({})),
      ]),
    );
  });

  it('shows what differs with its default, parts always, and folds the rest', () => {
    const { chosen, usual, inputs } = runSettings({
      settings: trainingSettingsSchema.parse({ max_steps: 400, learning_rate: 2e-4 }),
      parts: { ewc: { lambda: 300, layer_norm: true } },
      fisher: { settings: fisherSettingsSchema.parse({ sequences: 50 }), corpusHash: 'ffee' },
      engine: 'auto',
      modelHash: '0123456789abcdef',
      evaluations: [{ role: 'target', split: 'test', sha256: '99887766554433' }],
    });
    expect(chosen).toEqual([
      { key: 'ewc.lambda', value: '300', usual: undefined },
      { key: 'ewc.layer_norm', value: 'yes', usual: undefined },
      { key: 'learning_rate', value: '2e−4', usual: '5e−5' },
      { key: 'max_steps', value: '400', usual: undefined },
      { key: 'fisher.sequences', value: '50', usual: '1000' },
    ]);
    const names = usual.map(({ key }) => key);
    expect(names).toContain('weight_decay');
    expect(names).toContain('engine');
    expect(names).not.toContain('num_train_epochs');
    expect(inputs.map(({ key, value }) => `${key} ${value}`)).toEqual([
      'base model 01234567',
      'Fisher corpus ffee',
      'frozen set, target test 99887766',
    ]);
  });

  it('reads what is no configuration as nothing', () => {
    expect(runSettings(null)).toEqual({ chosen: [], usual: [], inputs: [] });
    expect(plannedEpochs(undefined)).toBeUndefined();
    expect(plannedEpochs({ settings: { num_train_epochs: 3 } })).toBe(3);
    expect(plannedEpochs({ settings: { num_train_epochs: 3, max_steps: 9 } })).toBeUndefined();
  });
});

describe('the log of a run', () => {
  const said = (attempt: number, sequence: number, message: string): RunEvent => ({
    ...place(attempt, sequence, 7),
    type: 'log',
    level: message.startsWith('bad') ? 'error' : 'info',
    message,
  });

  it('leaves metrics out and says the rest in words', () => {
    const lines = logLines([
      {
        ...place(2, 0, 1200),
        type: 'started',
        resumedFrom: 1200,
        totalSteps: 2614,
        engine: 'cpu',
        device: 'CPU',
        threads: 1,
        versions: {},
      },
      { ...place(2, 1, 1210), type: 'metrics', values: { 'train/target_loss': 1 } },
      {
        ...place(2, 2, 1300),
        type: 'ended',
        outcome: 'failed',
        error: { code: 'disk/full', message: 'The disk is full.', hint: 'Free some.' },
      },
    ]);
    expect(lines.map(({ key, level, text }) => [key, level, text])).toEqual([
      ['2.0', 'info', 'Attempt 2 resumed from step 1,200: 2,614 steps on cpu, CPU, 1 thread.'],
      ['2.2', 'error', 'The run failed: The disk is full.'],
    ]);
  });

  it('adds what was heard once, in the order in which it was said', () => {
    const read = [said(1, 0, 'a'), said(1, 1, 'b')];
    expect(mergeEvents(read, [said(1, 1, 'b')])).toBe(read);
    const merged = mergeEvents(read, [said(2, 0, 'd'), said(1, 2, 'c')]);
    expect(logLines(merged).map(({ text }) => text)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('finds all words of a query, and lines of at least a level', () => {
    const lines = logLines([said(1, 0, 'Checkpoint written'), said(1, 1, 'bad disk')]);
    const texts = (query: string, level: 'info' | 'warning' | 'error'): string[] =>
      searchLines(lines, query, level).map(({ text }) => text);
    expect(texts('WRITTEN check', 'info')).toEqual(['Checkpoint written']);
    expect(texts('step 7', 'info')).toHaveLength(2);
    expect(texts('', 'warning')).toEqual(['bad disk']);
    expect(texts('written', 'error')).toEqual([]);
  });

  it('gives the time that is left with its spread, where it has one', () => {
    expect(remainingWords({ seconds: 185, low: 170, high: 210 })).toEqual({
      middle: '3 min 5 s',
      spread: '2 min 50 s to 3 min 30 s',
    });
    expect(remainingWords({ seconds: 60, low: 60, high: 60 }).spread).toBeUndefined();
  });
});

describe('the charts of a run', () => {
  it('puts the training loss and the sets of one side together', () => {
    const keys = [
      'train/target_loss',
      'evaluation/target/nll|test|target',
      'evaluation/target/nll|validation|target',
      'evaluation/source/nll|test|source',
      'evaluation/notes/2024/nll|validation|target',
    ];
    const curves = lossCurves('target', 'ewc', keys, () => [{ x: 1, y: 2 }], []);
    expect(curves.map(({ label, dots }) => `${label} ${dots === true}`)).toEqual([
      'training batches false',
      'notes/2024, validation set true',
      'validation set true',
      'test set true',
    ]);
    expect(lossCurves('source', 'sdt', keys, () => [], [])).toHaveLength(1);
  });

  it('offers series that are there, the most telling first', () => {
    const keys = ['train/gradient_norm', 'train/penalty', 'train/unheard_of'];
    expect(thirdSeries(keys)).toEqual(['train/penalty', 'train/gradient_norm']);
  });

  it('places the interval of a change at the loss before it', () => {
    const evaluations = [
      evaluation({}),
      evaluation({ phase: 'after', step: 400, nll: 2 }),
      evaluation({ setHash: 'bb', split: 'validation' }),
    ];
    expect(afterIntervals(evaluations, [change({}), change({ setHash: 'bb' })])).toEqual([
      { name: 'source', role: 'source', split: 'test', x: 400, low: 1.9, high: 2.1 },
    ]);
  });
});

describe('the evaluations of a run', () => {
  const evaluations = [
    evaluation({}),
    evaluation({ split: 'validation', setHash: 'bb' }),
    evaluation({ split: 'validation', setHash: 'bb', phase: 'during', step: 200, nll: 1.8 }),
    evaluation({ split: 'validation', setHash: 'bb', phase: 'during', step: 100, nll: 1.7 }),
    evaluation({ role: 'target', name: 'notes', setHash: 'cc' }),
    evaluation({ phase: 'after', step: 400, nll: 2 }),
  ];

  it('gives one row for each set, the target and the test split first', () => {
    const rows = evaluationRows(evaluations, [change({})]);
    expect(rows.map(({ name }) => name)).toEqual([
      'target, test, notes',
      'source, test',
      'source, validation',
    ]);
    expect(rows[0]).toMatchObject({ before: 1.5, last: undefined, difference: undefined });
    expect(rows[1]).toMatchObject({ last: { nll: 2, step: 400 }, difference: 0.5 });
    expect(rows[1]?.change?.documents).toBe(40);
    expect(rows[2]).toMatchObject({ last: { nll: 1.8, step: 200 }, change: undefined });
    expect(rows[2]?.difference).toBeCloseTo(0.3);
  });

  it('takes the score after training for the last, not one during it at the same step', () => {
    const [row] = evaluationRows(
      [
        evaluation({ phase: 'after', step: 400, nll: 2 }),
        evaluation({ phase: 'during', step: 400, nll: 1.9 }),
      ],
      [],
    );
    expect(row?.last?.nll).toBe(2);
  });

  it('draws intervals on a scale that holds zero', () => {
    expect(changeDomain([])).toBeUndefined();
    expect(changeDomain([change({})])).toEqual({ min: 0, max: 0.6 });
    expect(changeDomain([change({ low: -2, high: -1 })])).toEqual({ min: -2, max: 0 });
  });

  it('shows the change alone where documents are too few for an interval', () => {
    const none = change({ low: null, high: null, p: null });
    expect(changeDomain([none])).toEqual({ min: 0, max: none.change });
    const ended = [evaluation({}), evaluation({ phase: 'after', step: 400, nll: 2 })];
    expect(afterIntervals(ended, [none])).toEqual([]);
    expect(formatProbability(none.p)).toBe('–');
    expect(formatInterval(none.low, none.high)).toBe('no interval');
  });

  it('never shows a p of zero', () => {
    expect(formatProbability(0)).toBe('< 0.001');
    expect(formatProbability(0.0312)).toBe('0.031');
  });
});

describe('a run in trouble', () => {
  const failed = {
    state: 'failed',
    step: 1250,
    error: { code: 'job/killed', message: 'The trainer ended.', hint: 'See the log.' },
  } as const;

  it('says what happened, what is kept and what to do', () => {
    expect(runTrouble(failed, 1200)).toEqual({
      tone: 'bad',
      title: 'The run failed at step 1,250.',
      text: 'The trainer ended. The checkpoint of step 1,200 is kept; 50 steps are done again. See the log.',
      resume: 'Resume from step 1,200',
    });
    expect(runTrouble(failed, undefined)).toMatchObject({
      text: 'The trainer ended. No checkpoint was written, so it begins anew. See the log.',
      resume: 'Start again',
    });
  });

  it('tells a closed program from a failure', () => {
    expect(runTrouble({ state: 'interrupted', step: 90, error: null }, 90)).toMatchObject({
      tone: 'warn',
      text: 'Palimpsest was closed while the run was at work. The checkpoint of step 90 is kept; nothing is lost.',
    });
  });

  it('says nothing beside its button of how else it could be resumed', () => {
    const error = { code: 'run/interrupted', message: 'The job ended.', hint: 'Resume it.' };
    expect(runTrouble({ state: 'interrupted', step: 90, error }, 80)).toMatchObject({
      text: 'The job ended. The checkpoint of step 80 is kept; 10 steps are done again.',
      resume: 'Resume from step 80',
    });
  });

  it('knows a checkpoint that it has heard of but not read', () => {
    const started = (attempt: number, from: number): RunEvent => ({
      ...place(attempt, 0, from),
      type: 'started',
      resumedFrom: from,
      totalSteps: 100,
      engine: 'cpu',
      device: 'CPU',
      threads: 1,
      versions: {},
    });
    const file = { path: 'checkpoints/step-40', sha256: 'a', bytes: 1 };
    const written: RunEvent = { ...place(1, 1, 40), type: 'checkpoint', ...file };
    const read = [{ step: 20, ...file }];
    expect(lastCheckpointStep([], [])).toBeUndefined();
    expect(lastCheckpointStep(read, [])).toBe(20);
    expect(lastCheckpointStep(read, [started(1, 0), written])).toBe(40);
    expect(lastCheckpointStep([], [started(1, 0), written])).toBe(40);
    // One that the next attempt did not begin from is no more.
    expect(lastCheckpointStep(read, [started(1, 0), written, started(2, 20)])).toBe(20);
  });

  it('is silent of runs that go on or ended as a person chose', () => {
    for (const state of ['running', 'queued', 'paused', 'completed', 'cancelled'] as const) {
      expect(runTrouble({ state, step: 1, error: null }, 1)).toBeUndefined();
    }
    expect(resumeWords({ state: 'paused' }, undefined)).toBe('Resume');
  });

  it('says with which weights a guarded run ends', () => {
    const guard = { step: 300, nll: 2.5, bound: 2.25 } as const;
    expect(guardWords({ ...guard, action: 'stop', keptStep: 300 })).toBe(
      'At step 300 the source loss on validation was 2.500, above the bound of 2.250 nats a token. Training ended with the weights of that step.',
    );
    expect(guardWords({ ...guard, action: 'rollback', keptStep: 200 })).toMatch(/of step 200, the/);
    expect(guardWords({ ...guard, action: 'rollback', keptStep: 0 })).toMatch(/base model\.$/);
    expect(guardWords({ ...guard, nll: null, action: 'rollback', keptStep: 200 })).toMatch(
      /^At step 300 the run diverged: .* The run ends with the weights of step 200, the best/,
    );
  });
});

describe('small things of a run', () => {
  it('names depths from the embeddings to the head', () => {
    const latest = { 'drift/depth_0': 3, 'drift/depth_1': 2, 'drift/depth_2': 1, 'drift/total': 4 };
    expect(driftByDepth(latest).map(({ name }) => name)).toEqual(['embeddings', 'layer 1', 'head']);
    expect(driftByDepth({})).toEqual([]);
    expect(byDepth([1])).toEqual([{ name: 'embeddings', value: 1 }]);
  });

  it('names the folder of an export so that any file system takes it', () => {
    const run = { projectName: 'Notes “Köln” / 2024', strategy: 'sdt α 0.3', seed: 1 };
    expect(exportFolderName(run)).toBe('notes-koln-2024-sdt-alpha-0.3-seed-1');
    expect(folderInside('/data', 'a')).toBe('/data/a');
    expect(folderInside('/', 'a')).toBe('/a');
    expect(folderInside('C:\\models', 'a')).toBe('C:\\models\\a');
  });

  it('reads several tags of a line, each once', () => {
    expect([LONGEST_TAG, LONGEST_NOTE]).toEqual([SERVICE_LONGEST_TAG, SERVICE_LONGEST_NOTE]);
    expect(addedTags(' paper,  for  the talk ,paper,,old', ['old'])).toEqual([
      'paper',
      'for the talk',
    ]);
  });
});
