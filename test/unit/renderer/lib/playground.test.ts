import { describe, expect, it } from 'vitest';
import * as schemas from '../../../../core/workbench/schemas/fillMask.ts';
import type { Model, RunSummary } from '../../../../core/workbench/contract.ts';
import { SAMPLE_MODELS, sampleRuns } from '../../../../renderer/gallery/sampleData.ts';
import {
  LONGEST_TEXT,
  MOST_MASKS,
  countMasks,
  cutSentence,
  describeAgreement,
  fillRows,
  formatShare,
  insertMask,
  largestProbability,
  textParts,
  textProblem,
  visibleText,
} from '../../../../renderer/lib/playground.ts';
import type { Fill, Side } from '../../../../renderer/lib/playground.ts';
import {
  baseModelOf,
  completedRuns,
  examples,
  latestTuned,
  parsePredictor,
  predictorChoices,
  predictorKey,
} from '../../../../renderer/lib/predictors.ts';

const fillOf = (text: string, rank: number, probability = 0.1, startsWord = true): Fill => ({
  ...{ id: rank, text, startsWord, special: false, probability, rank },
});

const sideOf = (fills: Fill[], others: Fill[] = [], tokens: Side['tokens'] = []): Side => ({
  predictor: { kind: 'model', id: 'm' },
  ...{ name: 'm', step: null, maxSeqLength: 64, tokens, masks: [{ fills, others }] },
});

const tokenOf = (text: string, more: Partial<Side['tokens'][number]> = {}) => ({
  ...{ text, startsWord: true, special: false, isMask: false, isCut: false },
  ...more,
});

describe('the text of the playground', () => {
  it('has the bounds of the contract', () => {
    expect(LONGEST_TEXT).toBe(schemas.LONGEST_TEXT);
    expect(MOST_MASKS).toBe(schemas.MOST_MASKS);
  });

  it('gets a mask in the place of what is marked, apart from words', () => {
    expect(insertMask('The patient has fever.', 16, 21)).toEqual({
      text: 'The patient has [MASK].',
      caret: 22,
    });
    expect(insertMask('', 0, 0).text).toBe('[MASK]');
    expect(insertMask('was givenaspirin', 9, 9).text).toBe('was given [MASK] aspirin');
    expect(insertMask('(x)', 1, 2).text).toBe('([MASK])');
  });

  it('is not sent when something is wrong with it, which is said', () => {
    expect(textProblem('  ')).toBe('Write a sentence with a mask.');
    expect(textProblem('No mask here.')).toMatch(/no mask/);
    expect(textProblem(`[MASK]${'x'.repeat(LONGEST_TEXT)}`)).toMatch(/longer than 10,000/);
    expect(textProblem('<mask> '.repeat(21))).toMatch(/21 masks .* 20 can/);
    expect(textProblem('A [MASK] here.')).toBeUndefined();
    expect(countMasks('[MASK] and <mask> and [mask]')).toBe(2);
  });

  it('is shown in parts: words, masks by number, and what was left out', () => {
    const parts = textParts([
      tokenOf('far', { isCut: true }),
      tokenOf('off', { isCut: true }),
      ...[tokenOf('a'), tokenOf('[MASK]', { isMask: true }), tokenOf('[MASK]', { isMask: true })],
      ...[tokenOf('b'), tokenOf('c'), tokenOf('end', { isCut: true })],
    ]);
    expect(
      parts.map(({ tokens, mask, isCut }) => [
        tokens.map(({ text }) => text).join(' '),
        mask,
        isCut,
      ]),
    ).toEqual([
      ['far off', undefined, true],
      ['a', undefined, false],
      ['[MASK]', 0, false],
      ['[MASK]', 1, false],
      ['b c', undefined, false],
      ['end', undefined, true],
    ]);
    expect(textParts([])).toEqual([]);
  });

  it('says how much was left out, and nothing when all was read', () => {
    const tokens = [tokenOf('a', { isCut: true }), tokenOf('[MASK]', { isMask: true })];
    expect(cutSentence(sideOf([], [], tokens))).toMatch(/64 tokens at a time: 1 of the 2 tokens/);
    expect(cutSentence(sideOf([], [], tokens.slice(1)))).toBeUndefined();
  });
});

describe('two lists of tokens', () => {
  const first = sideOf(
    [fillOf('a', 1, 0.5), fillOf('b', 2, 0.2), fillOf('c', 3), fillOf('s', 4, 0.1, false)],
    [fillOf('d', 9)],
  );
  const second = sideOf(
    [fillOf('d', 1, 0.6), fillOf('a', 2, 0.2), fillOf('e', 3), fillOf('s', 4, 0.1)],
    [fillOf('b', 40)],
  );

  it('are matched by the text of their tokens and their place in a word', () => {
    const rows = fillRows(first, second, 0);
    expect(rows.map(({ isShared }) => isShared)).toEqual([true, false, false, false]);
    expect(rows.map(({ twin }) => twin?.rank)).toEqual([2, 40, undefined, undefined]);
    expect(fillRows(second, first, 0).map(({ twin }) => twin?.rank)).toEqual([
      ...[9, 1, undefined, undefined],
    ]);
    expect(new Set(rows.map(({ key }) => key)).size).toBe(4);
  });

  it('are compared in one sentence, and drawn on one scale', () => {
    const rows = [fillRows(first, second, 0), fillRows(second, first, 0)] as const;
    expect(describeAgreement(...rows)).toBe('1 of 4 tokens are in both lists; another token first');
    expect(describeAgreement(rows[0], rows[0])).toMatch(/the same token first$/);
    expect(describeAgreement(rows[0], [])).toBeUndefined();
    expect(largestProbability(rows.flat())).toBe(0.6);
  });

  it('show signs that would not be seen, and small shares as small', () => {
    expect(visibleText('party')).toBe('party');
    expect(visibleText('')).toBe('(empty)');
    expect(visibleText('  ')).toBe('␣␣');
    expect(visibleText('a\nb\tc')).toBe('a↵b⇥c');
    expect(visibleText('\u200b')).toBe('U+200B');
    expect(formatShare(0.0746).replaceAll(/\s/g, ' ')).toBe('7.46 %');
    expect(formatShare(0.000001).replaceAll(/\s/g, ' ')).toBe('< 0.01 %');
  });
});

describe('what can be asked', () => {
  const [sample] = sampleRuns(1);
  if (sample === undefined) throw new Error('no sample run');
  const run = (id: string, more: Partial<RunSummary> = {}): RunSummary => ({
    ...{ ...sample, id, state: 'completed', purpose: 'result', strategy: 'sdt', alpha: null },
    ...{ archivedAt: null, createdAt: '2026-01-01', endedAt: '2026-01-02' },
    ...more,
  });

  it('is written and read as one word', () => {
    for (const predictor of [
      { kind: 'model', id: 'a:b' },
      { kind: 'run', id: 'run-1', weights: 'last' },
      { kind: 'run', id: 'run-1', weights: 'best' },
    ] as const) {
      expect(parsePredictor(predictorKey(predictor))).toEqual(predictor);
    }
    expect(parsePredictor('nothing')).toBeUndefined();
    expect(parsePredictor('model:')).toBeUndefined();
  });

  it('is every completed run that is shown, the latest first, and no run that only chooses λ', () => {
    const runs = [
      ...[run('old'), run('new', { endedAt: '2026-03-01' }), run('at-work', { state: 'running' })],
      ...[run('sweep', { purpose: 'sweep' }), run('hidden', { archivedAt: '2026-01-03' })],
    ];
    expect(completedRuns(runs).map(({ id }) => id)).toEqual(['new', 'old']);
    const choices = predictorChoices(SAMPLE_MODELS.slice(0, 1), runs);
    expect(choices.map(({ value }) => value)).toEqual([
      `model:${SAMPLE_MODELS[0]?.id ?? ''}`,
      ...['run:new', 'run:old'],
    ]);
    expect(choices[1]?.label).toMatch(/^▲ SDT.*seed/);
  });

  it('is by itself the latest run that trained', () => {
    const base = run('base', { strategy: 'ndt', endedAt: '2026-09-01' });
    const point = run('point', { purpose: 'interpolation', alpha: 0.5, endedAt: '2026-09-01' });
    expect(latestTuned([run('old'), base, point, run('new', { endedAt: '2026-02-01' })])?.id).toBe(
      'new',
    );
    expect(latestTuned([base])).toBeUndefined();
    expect(baseModelOf({ modelHash: 'abc' })).toBe('abc');
    for (const none of [null, undefined, 'x', {}, { modelHash: 1 }]) {
      expect(baseModelOf(none)).toBeUndefined();
    }
  });

  it('comes with texts to try, of the demo where its model is', () => {
    const named = (name: string): Model[] =>
      SAMPLE_MODELS.slice(0, 1).map((one) => ({ ...one, name }));
    const demo = examples(named('demo-base'));
    const general = examples(named('other'));
    expect(demo).not.toEqual(general);
    for (const { text } of [...demo, ...general]) expect(textProblem(text)).toBeUndefined();
  });
});
