import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeScores } from '../../../core/evaluation/scoresFile.ts';
import type { EvaluationRecord } from '../../../core/store/evaluations.ts';
import {
  Differences,
  ScoreFiles,
  lossOver,
  scoresOfPhase,
} from '../../../core/workbench/runScores.ts';
import type { KeyedSums } from '../../../core/workbench/runScores.ts';
import { hierarchicalDifferences } from '../../fixtures/differences.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'palimpsest-scores-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function record(changes: Partial<EvaluationRecord> = {}): EvaluationRecord {
  return {
    ...{ name: 'source', role: 'source', split: 'test', phase: 'after', step: 9 },
    ...{ nll: 3, tokens: 10, setHash: 'a1', scoresPath: 'a.scores', scoresHash: '' },
    ...changes,
  };
}

async function written(
  name: string,
  losses: readonly number[],
  documents = losses.map((_, i) => i),
): Promise<EvaluationRecord> {
  const scoresPath = `${name}.scores`;
  const tokens = Uint32Array.from(losses, (_, i) => i + 1);
  const scoresHash = await writeScores(join(folder, scoresPath), {
    document: Uint32Array.from(documents),
    lossSum: Float64Array.from(losses),
    tokens,
    words: tokens,
  });
  return record({ scoresPath, scoresHash });
}

describe('scores of a run', () => {
  it('of a phase are the last of each set', () => {
    const found = scoresOfPhase(
      [
        record({ phase: 'before', nll: 1 }),
        record({ step: 5, nll: 2 }),
        record({ step: 9, nll: 3 }),
        record({ name: 'other', nll: 4 }),
      ],
      'after',
    );
    expect(found.map(({ name, nll }) => [name, nll])).toEqual([
      ['source', 3],
      ['other', 4],
    ]);
  });

  it('over several sets weigh by tokens', () => {
    expect(lossOver([record({ nll: 0.1 })])).toBe(0.1);
    expect(lossOver([record({ nll: 1, tokens: 300 }), record({ nll: 5, tokens: 100 })])).toBe(2);
  });

  it('are read once, one set after the other', async () => {
    const [a, b] = [await written('a', [1, 2]), await written('b', [3])];
    const files = new ScoreFiles();
    const both = files.read(folder, [a, { ...b, setHash: 'b2' }]);
    expect([...both.sums.lossSum]).toEqual([1, 2, 3]);
    expect(Array.from(both.sums.weight)).toEqual([1, 2, 1]);
    expect(files.read(folder, [a, { ...b, setHash: 'b2' }]).sums).toBe(both.sums);
    expect([...files.read(folder, [a]).sums.lossSum]).toEqual([1, 2]);
  });

  it('of other documents than the set has are refused', async () => {
    const files = new ScoreFiles();
    files.read(folder, [await written('a', [1, 2])]);
    for (const other of [await written('b', [1, 2, 3]), await written('c', [5, 6], [0, 2])]) {
      expect(() => files.read(folder, [other])).toThrow('are not of the documents of their set');
    }
  });
});

describe('differences', () => {
  const sums = (key: string, ...losses: number[]): KeyedSums => ({
    key,
    sums: { lossSum: Float64Array.from(losses), weight: losses.map(() => 1) },
  });
  const [p, q, r] = [
    sums('p', 1, 2, 5, 3, 1, 4, 2),
    sums('q', 2, 2, 3, 3, 4, 1, 1),
    sums('r', 0, 1, 7, 2, 2, 6, 3),
  ];
  const plain = ({ sums: own }: KeyedSums) => own;

  it('are what the bootstrap gives, in any order and company, remembered or not', async () => {
    const comparisons = [
      { a: [p], b: [q] },
      { a: [p, q], b: [r, p] },
      { a: [p, q], b: [r, p], seeds: 'independent' },
      { a: [q], b: [p] },
    ] as const;
    const expected = comparisons.map(({ a, b, ...more }) =>
      hierarchicalDifferences([{ a: a.map(plain), b: b.map(plain), ...more }]).at(0),
    );
    const differences = new Differences();
    expect(await differences.of(comparisons.slice(1, 3))).toEqual(expected.slice(1, 3));
    expect(await differences.of(comparisons)).toEqual(expected);
    expect(await differences.of(comparisons.toReversed())).toEqual(expected.toReversed());
    expect(expected[1]).not.toEqual(expected[2]);
    expect(await differences.of([])).toEqual([]);
  });

  it('of many documents let others have their turn, and are computed once for all who ask', async () => {
    const many = Array.from({ length: 2000 }, (_, i) => i % 7);
    const differences = new Differences();
    const comparison = { a: [sums('many', ...many)], b: [sums('more', ...many.toReversed())] };
    let turns = 0;
    let isDone = false;
    const other = (async () => {
      for (; !isDone; turns++) await setImmediate();
    })();
    const asked = await Promise.all([differences.of([comparison]), differences.of([comparison])]);
    isDone = true;
    await other;
    expect(turns).toBeGreaterThan(50);
    expect(asked[0][0]).toBe(asked[1][0]);
  });

  it('that cannot be computed are not remembered', async () => {
    const differences = new Differences();
    const wrong = { a: [p], b: [sums('short', 1)] };
    await expect(differences.of([wrong])).rejects.toThrow(RangeError);
    await expect(differences.of([wrong])).rejects.toThrow(RangeError);
    expect(await differences.of([{ a: [p], b: [q] }])).toHaveLength(1);
  });
});
