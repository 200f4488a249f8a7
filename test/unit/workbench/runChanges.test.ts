import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeScores } from '../../../core/evaluation/scoresFile.ts';
import type { EvaluationRecord } from '../../../core/store/evaluations.ts';
import { runChanges } from '../../../core/workbench/runChanges.ts';
import { Differences } from '../../../core/workbench/runScores.ts';

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

const changes = (...evaluations: EvaluationRecord[]) =>
  runChanges(folder, evaluations, new Differences());

describe('runChanges', () => {
  it('has no width when every document changes by the same', async () => {
    const before = await evaluation('before', 0, [3, 4, 5, 6, 7, 8]);
    const after = await evaluation('after', 9, [3.5, 4.5, 5.5, 6.5, 7.5, 8.5]);
    const [change, ...others] = await changes(before, after);
    expect(others).toEqual([]);
    expect(change).toMatchObject({ role: 'source', split: 'test', documents: 6 });
    for (const value of [change.change, change.low, change.high]) expect(value).toBeCloseTo(0.5, 9);
    expect(change.p).toBe(2 / 2 ** 6);
  });

  it('has no interval of a few documents', async () => {
    const before = await evaluation('before', 0, [3, 4]);
    const after = await evaluation('after', 9, [3.5, 4.5]);
    const none = { low: null, high: null, p: null };
    expect(await changes(before, after)).toMatchObject([{ documents: 2, change: 0.5, ...none }]);
  });

  it('pairs documents: what differs between documents does not widen the interval', async () => {
    const levels = Array.from({ length: 60 }, (_, i) => i);
    const before = await evaluation('before', 0, levels);
    const after = await evaluation(
      'after',
      9,
      levels.map((level, i) => level + (i % 2 === 0 ? 0.1 : -0.1)),
    );
    const [{ change, low, high, p }] = await changes(before, after);
    expect(change).toBeCloseTo(0, 9);
    // The standard error of the mean of ±0.1 over 60 documents is 0.0129.
    const width = Number(high) - Number(low);
    expect(width).toBeGreaterThan(3 * 0.0129);
    expect(width).toBeLessThan(5 * 0.0129);
    expect(p).toBeGreaterThan(0.5);
  });

  it('is empty for the base model and for a run that has not ended', async () => {
    const before = await evaluation('before', 0, [3, 4]);
    expect(await changes(before)).toEqual([]);
    expect(await changes(before, { ...before, phase: 'after' })).toEqual([]);
  });

  it('refuses scores that are not what the run wrote', async () => {
    const before = await evaluation('before', 0, [3, 4]);
    const after = { ...(await evaluation('after', 9, [3, 4])), scoresHash: 'b2' };
    await expect(changes(before, after)).rejects.toThrow('not the ones that the run wrote');
  });
});
