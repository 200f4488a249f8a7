import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeScores } from '../../../core/evaluation/scoresFile.ts';
import type { EvaluationRecord } from '../../../core/store/evaluations.ts';
import { runChanges } from '../../../core/workbench/runChanges.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'palimpsest-changes-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Scores of documents with 10 tokens each and the given mean losses. */
async function evaluation(
  phase: 'before' | 'after',
  step: number,
  losses: readonly number[],
): Promise<EvaluationRecord> {
  const scoresPath = `${phase}.scores`;
  const counts = new Uint32Array(losses.length).fill(10);
  const scoresHash = await writeScores(join(folder, scoresPath), {
    document: Uint32Array.from(losses.keys()),
    lossSum: Float64Array.from(losses, (loss) => loss * 10),
    tokens: counts,
    words: counts,
  });
  const nll = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  const set = { name: 'source', role: 'source', split: 'test', setHash: 'a1' } as const;
  return { ...set, phase, step, nll, tokens: 10 * losses.length, scoresPath, scoresHash };
}

describe('runChanges', () => {
  it('has no width when every document changes by the same', async () => {
    const before = await evaluation('before', 0, [3, 4, 5, 6]);
    const after = await evaluation('after', 9, [3.5, 4.5, 5.5, 6.5]);
    const [change, ...others] = runChanges(folder, [before, after]);
    expect(others).toEqual([]);
    expect(change).toMatchObject({ role: 'source', split: 'test', documents: 4 });
    for (const value of [change.change, change.low, change.high]) expect(value).toBeCloseTo(0.5, 9);
    expect(change.p).toBeLessThan(0.001);
  });

  it('pairs documents: what differs between documents does not widen the interval', async () => {
    const levels = Array.from({ length: 60 }, (_, i) => i);
    const before = await evaluation('before', 0, levels);
    const after = await evaluation(
      'after',
      9,
      levels.map((level, i) => level + (i % 2 === 0 ? 0.1 : -0.1)),
    );
    const [{ change, low, high, p }] = runChanges(folder, [before, after]);
    expect(change).toBeCloseTo(0, 9);
    // The standard error of the mean of ±0.1 over 60 documents is 0.0129.
    expect(high - low).toBeGreaterThan(3 * 0.0129);
    expect(high - low).toBeLessThan(5 * 0.0129);
    expect(p).toBeGreaterThan(0.5);
  });

  it('is empty for the base model and for a run that has not ended', async () => {
    const before = await evaluation('before', 0, [3, 4]);
    expect(runChanges(folder, [before])).toEqual([]);
    expect(runChanges(folder, [before, { ...before, phase: 'after' }])).toEqual([]);
  });

  it('refuses scores that are not what the run wrote', async () => {
    const before = await evaluation('before', 0, [3, 4]);
    const after = { ...(await evaluation('after', 9, [3, 4])), scoresHash: 'b2' };
    expect(() => runChanges(folder, [before, after])).toThrow('not the ones that the run wrote');
  });
});
