/** What a probe times, on a session whose steps take the time that a test gives them. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MlmBatch, StepRequest, StepResult } from '../../../core/engine/types.ts';
import { planBatches } from '../../../core/text/batchPlan.ts';
import type { BatchPlan } from '../../../core/text/batchPlan.ts';
import type { WindowSource } from '../../../core/text/types.ts';
import { trainingSettingsSchema } from '../../../core/training/configuration.ts';
import { costKinds, strategyWorks } from '../../../core/workbench/projectWork.ts';
import { projectFileSchema } from '../../../core/workbench/projectFile.ts';
import { medianRatio } from '../../../core/workbench/spans.ts';
import { epochOf } from '../../../core/workbench/work/probe/shapes.ts';
import { measureSteps } from '../../../core/workbench/work/probe/steps.ts';
import type { MeasuredSteps } from '../../../core/workbench/work/probe/steps.ts';
import { UnigramSession } from '../../fixtures/unigramSession.ts';

const VOCABULARY = 4;
const TARGET_ROWS = 8;
const SOURCE_ROWS = 2;
const COMPILE_SECONDS = 0.5;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Steps take so many milliseconds a row, at a moment and after so many steps. */
type Pace = (milliseconds: number, steps: number) => number;

class PacedSession extends UnigramSession {
  steps = 0;
  readonly #pace: Pace;
  readonly #built = new Set<number>();

  constructor(pace: Pace) {
    super(VOCABULARY);
    this.#pace = pace;
  }

  override async step(request: StepRequest): Promise<StepResult> {
    const batches = request.terms.flatMap((term) => term.batches);
    const fresh = batches.filter(({ batchSize }) => !this.#built.has(batchSize));
    for (const { batchSize } of fresh) this.#built.add(batchSize);
    const compileSeconds = COMPILE_SECONDS * fresh.length;
    const rows = batches.reduce((total, { batchSize }) => total + batchSize, 0);
    const milliseconds = rows * this.#pace(performance.now(), this.steps++);
    vi.advanceTimersByTime(1000 * compileSeconds + milliseconds);
    return { ...(await super.step(request)), compileSeconds };
  }
}

function planOf(lengths: readonly number[], rows: number): BatchPlan {
  const source: WindowSource = {
    split: 'train',
    windowCount: lengths.length,
    tokenCount: lengths.reduce((total, length) => total + length, 0),
    windowLength: (index) => lengths[index] ?? 0,
    window: () => {
      throw new Error('A plan needs no tokens.');
    },
    close: () => undefined,
  };
  return planBatches(source, {
    seed: 1,
    stream: 'targetOrder',
    batchSize: rows,
    accumulationSteps: 1,
    maxSeqLength: 64,
  });
}

function streamOf(rows: number) {
  const plan = planOf(
    Array.from({ length: 40 * rows }, () => 32),
    rows,
  );
  const batch: MlmBatch = {
    batchSize: rows,
    sequenceLength: 32,
    inputIds: new Int32Array(32 * rows),
    attentionMask: new Uint8Array(32 * rows).fill(1),
    positions: Int32Array.of(1),
    labels: Int32Array.of(3),
  };
  return {
    plan,
    stepsPerEpoch: plan.stepsPerEpoch,
    batchesAt: () => [batch],
    close: () => undefined,
  };
}

async function measured(
  strategies: readonly string[],
  pace: Pace,
): Promise<MeasuredSteps & { session: PacedSession }> {
  const project = projectFileSchema.parse({
    name: 'trial',
    base_model: 'tiny',
    target_corpus: 'notes',
    source_corpus: 'wiki',
    strategies,
  });
  const session = new PacedSession(pace);
  await session.setAnchor(await session.readWeights());
  const steps = await measureSteps(
    {
      session,
      settings: trainingSettingsSchema.parse({ per_device_train_batch_size: TARGET_ROWS }),
      seed: 1,
      signal: new AbortController().signal,
      stream: (kind) => streamOf(kind === 'target' ? TARGET_ROWS : SOURCE_ROWS),
      importances: () => session.allocateSums(),
      onStep: () => undefined,
    },
    costKinds(strategyWorks(project)),
  );
  return { ...steps, session };
}

describe('steps of a probe', () => {
  it('have the ratio of what they compute, whatever else the machine does at times', async () => {
    // Ten times as slow in every other second; a pair takes a quarter of one.
    const pace: Pace = (milliseconds) => (Math.floor(milliseconds / 1000) % 2 === 0 ? 12.5 : 125);
    const { measurements } = await measured(['sdt', 'rh'], pace);
    expect(measurements[0]?.ratios).toEqual([]);
    expect(medianRatio(measurements[1]?.ratios ?? []).expected).toBeCloseTo(1.25, 9);
  });

  it('are counted after two rounds, without the building of graphs', async () => {
    const warmUp = 2 * 2;
    const { measurements } = await measured(['sdt', 'rh'], (_, steps) =>
      steps < warmUp ? 900 : 10,
    );
    const [sdt, rh] = measurements;
    expect(new Set(sdt?.steps.map(({ seconds }) => Number(seconds.toFixed(9))))).toEqual(
      new Set([0.08]),
    );
    expect(rh?.steps.every(({ seconds }) => Math.abs(seconds - 0.1) < 1e-9)).toBe(true);
    expect(sdt?.graphs).toEqual({ seconds: COMPILE_SECONDS, shapes: 1 });
    expect(rh?.graphs).toEqual({ seconds: COMPILE_SECONDS, shapes: 1 });
  });

  it('are many where they are quick, and enough for three seconds where they are not', async () => {
    const roundsAt = async (pace: number): Promise<(number | undefined)[]> => {
      const { measurements } = await measured(['rh', 'sdt', 'ewc'], () => pace);
      return measurements.map(({ steps }) => steps.length);
    };
    expect(await roundsAt(0.125)).toEqual([120, 60, 60]);
    // Pairs of 0.18 and 0.16 s.
    expect(await roundsAt(10)).toEqual([36, 17, 19]);
    expect(await roundsAt(100)).toEqual([16, 8, 8]);
  });

  it('are few where one takes long: one of each, and one of plain tuning beside', async () => {
    const { measurements, session } = await measured(['sdt', 'rh', 'ewc'], () => 2500);
    expect(measurements.map(({ steps }) => steps.length)).toEqual([2, 1, 1]);
    expect(session.steps).toBe(3 + 2 * 2);
  });

  it('go on while other work makes the ratio uncertain', async () => {
    // Every third step is slowed, now of one kind and now of the other.
    const { measurements } = await measured(['sdt', 'rh'], (_, steps) =>
      steps % 3 === 0 ? 150 : 50,
    );
    expect(measurements[1]?.steps.length).toBeGreaterThan(8);
  });

  it('of one kind alone are timed as they are', async () => {
    const { measurements, tokensPerSecond } = await measured(['sdt'], () => 100);
    expect(measurements.map(({ steps, ratios }) => [steps.length, ratios])).toEqual([[8, []]]);
    expect(tokensPerSecond).toBeCloseTo((TARGET_ROWS * 32) / 0.8, 6);
    expect((await measured(['ndt'], () => 100)).measurements).toEqual([]);
  });
});

describe('the graphs of an epoch', () => {
  const plain = { distillation: null };

  it('are one for each number of rows and length, and one more where windows are padded', () => {
    const full = { plan: planOf([32, 32, 32, 32], 2) };
    const padded = { plan: planOf([32, 32, 31, 31], 2) };
    expect(epochOf({ target: full }, plain)).toEqual({ tokens: 64, shapes: 1 });
    // Windows of like length are in a batch together: one batch is padded and one is not.
    expect(epochOf({ target: padded }, plain)).toEqual({ tokens: 64, shapes: 2 });
    const lengths = { plan: planOf([32, 32, 64, 64], 2) };
    expect(epochOf({ target: lengths }, plain)).toEqual({ tokens: 96, shapes: 2 });
  });

  it('are shared by both domains, unless the base model is asked for one', () => {
    const streams = {
      target: { plan: planOf([32, 32, 32, 32], 2) },
      source: { plan: planOf([32, 32, 32, 32], 2) },
    };
    expect(epochOf(streams, plain)).toEqual({ tokens: 128, shapes: 1 });
    const distillation = { weight: 1, temperature: 2 };
    expect(epochOf(streams, { distillation }).shapes).toBe(2);
    expect(epochOf(streams, plain, 1)).toEqual({ tokens: 128, shapes: 1 });
  });
});
