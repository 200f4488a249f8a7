import { describe, expect, it } from 'vitest';
import { choiceFailures, choiceText } from '../../../core/results/choices.ts';
import { fullTitle, labelTitle, settingsText, strategyTitle } from '../../../core/results/names.ts';
import { strategyLook } from '../../../core/results/strategyLooks.ts';
import { STRATEGY_NAMES } from '../../../core/strategies/parts.ts';
import type { StrategyParts } from '../../../core/strategies/parts.ts';
import type { LambdaChoice } from '../../../core/workbench/results.ts';
import { ewcChoice } from '../../fixtures/results.ts';

describe('strategies', () => {
  it.each([
    ['rh+ewc', 'RH+EWC'],
    ['sdt α 0.3', 'SDT α 0.3'],
    ['l2', 'L2'],
  ])('%s is written %s', (name, title) => {
    expect(strategyTitle(name)).toBe(title);
  });

  it('are followed by their settings', () => {
    expect(fullTitle('ewc', 'λ 100')).toBe('EWC λ 100');
    expect(labelTitle('rh+ewc rh λ 1, ewc λ 10')).toBe('RH+EWC rh λ 1, ewc λ 10');
    expect(labelTitle('sdt')).toBe('SDT');
  });

  it.each<[StrategyParts, string]>([
    [{}, ''],
    [{ ewc: { lambda: 100, layer_norm: true } }, 'λ 100'],
    [{ ewc: { lambda: 1e-9, layer_norm: false } }, 'λ 1e-9, layer_norm false'],
    [{ rh: { lambda: 1, ratio: 0.25 } }, 'λ 1'],
    [{ rh: { lambda: 1, ratio: 0.5 } }, 'λ 1, ratio 0.5'],
    [{ gem: { ratio: 1 } }, ''],
    [{ lrc: { decay: 0.8 } }, 'decay 0.8'],
    [
      { rh: { lambda: 1, ratio: 0.5 }, ewc: { lambda: 10, layer_norm: true } },
      'rh λ 1 ratio 0.5, ewc λ 10',
    ],
    [{ gem: { ratio: 1 }, lwf: { lambda: 2, temperature: 1 } }, 'lwf λ 2'],
  ])('with parts %j are told apart by "%s"', (parts, text) => {
    expect(settingsText(parts)).toBe(text);
  });

  it('have a colour and a mark each', () => {
    const looks = STRATEGY_NAMES.map(strategyLook);
    expect(new Set(looks.map(({ colour }) => colour)).size).toBe(STRATEGY_NAMES.length);
    expect(new Set(looks.map(({ shape }) => shape)).size).toBe(STRATEGY_NAMES.length);
    expect(strategyLook('rh+ewc')).toEqual({ ...strategyLook('rh'), dashed: true });
    expect(strategyLook('sdt α 0.3')).toEqual(strategyLook('sdt'));
  });

  it('have colours of at least 3:1 contrast on white', () => {
    for (const { colour } of STRATEGY_NAMES.map(strategyLook)) {
      const [r, g, b] = [1, 3, 5].map((at) => {
        const share = parseInt(colour.slice(at, at + 2), 16) / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      const luminance = 0.2126 * (r ?? 1) + 0.7152 * (g ?? 1) + 0.0722 * (b ?? 1);
      expect(1.05 / (luminance + 0.05)).toBeGreaterThan(3);
    }
  });
});

describe('a choice', () => {
  it('says what was chosen of what, and where', () => {
    expect(choiceText(ewcChoice())).toBe(
      'EWC: λ 100 chosen of 10, 100, 1,000 on validation, 300 steps, seed 1',
    );
    const open = ewcChoice({
      sourceWeight: 0.5,
      candidates: ewcChoice().candidates.map((one) => ({ ...one, chosen: false })),
    });
    expect(choiceText(open)).toBe(
      'EWC: λ not chosen yet of 10, 100, 1,000 on validation, 300 steps, seed 1, source loss times 0.5',
    );
  });

  it('of a combination names the part, or whole settings where several parts vary', () => {
    const candidates = (pairs: readonly (readonly [number, number])[]) =>
      pairs.map(([rh, lambda], index) => ({
        ...{ settings: '', run: 'run-a', sourceNll: null, targetNll: null, objective: null },
        failure: null,
        parts: { rh: { lambda: rh, ratio: 0.25 }, ewc: { lambda, layer_norm: true } },
        chosen: index === 1,
      }));
    const of = (pairs: readonly (readonly [number, number])[]): string =>
      choiceText(ewcChoice({ strategy: 'rh+ewc', candidates: candidates(pairs) }));
    expect(
      of([
        [1, 10],
        [1, 100],
      ]),
    ).toMatch(/^RH\+EWC: ewc λ 100 chosen of 10, 100 on/);
    expect(
      of([
        [1, 10],
        [2, 100],
      ]),
    ).toMatch(/^RH\+EWC: rh λ 2, ewc λ 100 chosen of rh λ 1, ewc λ 10; rh λ 2, ewc λ 100 on/);
  });
});

describe('values of λ that failed', () => {
  const DIVERGED = { message: 'The run diverged.', isFinal: true };
  const choiceWith = (
    failures: readonly (typeof DIVERGED | null)[],
    chosen?: number,
  ): LambdaChoice => {
    const { candidates, ...choice } = ewcChoice();
    return {
      ...choice,
      candidates: candidates.map((one, index) => ({
        ...{ ...one, chosen: index === chosen, failure: failures[index] ?? null },
      })),
    };
  };

  it('are marked, and said to count as the worst when they diverged', () => {
    const choice = choiceWith([null, null, DIVERGED], 1);
    expect(choiceText(choice)).toMatch(/^EWC: λ 100 chosen of 10, 100, 1,000 \(diverged\) on/);
    expect(choiceFailures(choice)).toEqual([
      'EWC λ 1000 counts as the worst of all. The run diverged.',
    ]);
    expect(choiceFailures(choiceWith([], 1))).toEqual([]);
  });

  it('come with the way out of an open choice', () => {
    const choice = choiceWith([{ message: 'The disk is full.', isFinal: false }]);
    expect(choiceText(choice)).toMatch(/^EWC: λ not chosen yet of 10 \(failed\), 100, 1,000 on/);
    expect(choiceFailures(choice)).toEqual([
      'EWC λ 10 keeps the choice open, because its run failed. The disk is full. ' +
        'Run the project again to try it once more, or take λ 10 out of its file.',
    ]);
    expect(choiceFailures(choiceWith([DIVERGED, DIVERGED, DIVERGED])).at(-1)).toBe(
      'All values of EWC diverged, so that none is chosen. Put others in their place in the project ' +
        'file, or lower training.learning_rate.',
    );
  });
});
