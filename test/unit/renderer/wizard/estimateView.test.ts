import { describe, expect, it } from 'vitest';
import { projectFileSchema } from '../../../../core/workbench/projectFile.ts';
import type { Estimate } from '../../../../core/workbench/schemas/estimate.ts';
import { roughly, within } from '../../../../core/workbench/spans.ts';
import { sampleEstimate } from '../../../../renderer/gallery/sampleEstimate.ts';
import {
  diskText,
  estimateRows,
  expectedRows,
  memoryText,
  probeText,
  sharedSpan,
  sharedText,
  timeText,
} from '../../../../renderer/lib/wizard/estimateView.ts';

const project = projectFileSchema.parse({
  name: 'trial',
  base_model: 'bert',
  target_corpus: 'notes',
  source_corpus: 'wiki',
  strategies: ['ndt', 'sdt', { ewc: { lambda: [10, 100, 1000] } }, { rh: { lambda: 0.5 } }],
  seeds: [1, 2],
});
const estimate = sampleEstimate(project);

describe('the table of an estimate', () => {
  it('has before it is known the rows that it has afterwards', () => {
    const before = expectedRows(project);
    const after = estimateRows(estimate);
    const names = ({ strategy, settings, runs }: (typeof before)[number]) => [
      strategy,
      settings,
      runs,
    ];
    expect(before.map(names)).toEqual(after.map(names));
    expect(before.map(names)).toEqual([
      ['ndt', '', '1'],
      ['sdt', '', '2'],
      ['ewc', '3 values of λ', '2 + 3'],
      ['rh', 'λ 0.5', '2'],
    ]);
    expect(before.every(({ all }) => all === undefined)).toBe(true);
    expect(after[0]?.step).toBe('');
    expect(after[1]?.step).toBe('4.1 s');
  });

  it('says how long in figures that an estimate can tell apart', () => {
    expect(timeText({ expected: 7804, low: 6600, high: 9590 })).toBe(
      '2 h 10 min, 1 h 50 min to 2 h 40 min',
    );
    expect(timeText(within(47.3, 0))).toBe('47 s, 47 s to 47 s');
    expect([3.14, 59.6, 333, 3333, 33_333, 333_333].map(roughly)).toEqual([
      3.1, 60, 330, 3360, 33_300, 334_800,
    ]);
  });

  it('tells what is done once and what is there', () => {
    const seconds = within(8, 0);
    const tokens = { kind: 'tokens', corpus: 'notes', isThere: false, seconds } as const;
    const scores = { kind: 'base scores', corpus: null, isThere: true, seconds } as const;
    const of = (shared: Estimate['shared']) => sharedText({ ...estimate, shared });
    expect(of([tokens])).toBe('tokens of notes (8.0 s)');
    expect(of([tokens, scores])).toBe('tokens of notes (8.0 s); the rest is there already');
    expect(of([scores])).toBe('everything is there already');
    expect(sharedSpan({ ...estimate, shared: [tokens, tokens] }).expected).toBe(16);
  });

  it('gives every amount its unit', () => {
    expect(memoryText(estimate)).toBe('4.6 GB to 6.2 GB for a run; 21.0 GB available');
    expect(diskText(estimate)).toBe('9.4 GB at most, 8.1 GB afterwards; 212 GB free');
    expect(probeText(estimate)).toBe(
      '28 steps in 1 min 10 s on ONNX Runtime 1.30.0, CPU, 8 threads; 812 tokens a second',
    );
  });
});
