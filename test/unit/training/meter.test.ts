import { describe, expect, it } from 'vitest';
import type { StepResult } from '../../../core/engine/types.ts';
import { Meter, driftSeries } from '../../../core/training/meter.ts';
import type { MeasuredStep } from '../../../core/training/meter.ts';
import { withoutMachine } from '../../fixtures/machineSeries.ts';

function step(result: Partial<StepResult>): MeasuredStep {
  return {
    result: {
      losses: {},
      gradientNorm: 1,
      taskGradientNorm: 1,
      penalties: {},
      projection: null,
      updated: true,
      graphSeconds: 0.5,
      compileSeconds: 0,
      ...result,
    },
    learningRate: 0.25,
    tokens: 10,
    seconds: 1,
  };
}

function taken(steps: readonly MeasuredStep[]): Record<string, number> {
  const meter = new Meter();
  for (const each of steps) meter.add(each);
  const last = steps.at(-1);
  return last === undefined ? {} : withoutMachine(meter.take(last));
}

describe('Meter', () => {
  it('reports the mean of each loss over the steps, and the last gradient norm', () => {
    const losses = (target: number, source: number): StepResult['losses'] => ({
      target: { sum: 4 * target, count: 4 },
      source: { sum: 2 * source, count: 2 },
      distillation: { sum: 0, count: 0 },
    });
    const steps = [
      step({ losses: losses(3, 1), gradientNorm: 8 }),
      step({ losses: losses(5, 2), gradientNorm: 9 }),
    ];
    expect(taken(steps)).toEqual({
      'train/learning_rate': 0.25,
      'train/gradient_norm': 9,
      'train/target_loss': 4,
      'train/source_loss': 1.5,
      'train/distillation_loss': 0,
    });
  });

  it('reports a penalty, and the ratio of the mean norms of its gradient and of the task’s', () => {
    const values = taken([
      step({ penalties: { ewc: { value: 1, gradientNorm: 2 } }, taskGradientNorm: 1 }),
      step({ penalties: { ewc: { value: 3, gradientNorm: 4 } }, taskGradientNorm: 11 }),
    ]);
    expect(values).toEqual({
      'train/learning_rate': 0.25,
      'train/gradient_norm': 1,
      'train/penalty': 2,
      'train/penalty_gradient_norm': 3,
      'train/task_gradient_norm': 6,
      'train/penalty_ratio': 0.5,
    });
  });

  it('reports several penalties together and each', () => {
    const penalties = { l2: { value: 1, gradientNorm: 2 }, ewc: { value: 4, gradientNorm: 6 } };
    expect(taken([step({ penalties, taskGradientNorm: 4 })])).toMatchObject({
      'train/penalty': 5,
      'train/penalty_l2': 1,
      'train/penalty_ewc': 4,
      'train/penalty_gradient_norm': 8,
      'train/penalty_ratio': 2,
      'train/penalty_ratio_l2': 0.5,
      'train/penalty_ratio_ewc': 1.5,
    });
  });

  it('reports the share of steps that were projected', () => {
    const values = taken([
      step({ projection: { projected: true, cosine: -0.5 } }),
      step({ projection: { projected: false, cosine: 0.25 } }),
      step({ projection: { projected: false, cosine: 0.25 } }),
      step({ projection: { projected: false, cosine: 0 } }),
    ]);
    expect(values).toMatchObject({ 'train/projection_rate': 0.25, 'train/projection_cosine': 0 });
  });

  it('leaves out steps that did not update the weights, and values that are not finite', () => {
    const good = step({ losses: { target: { sum: 2, count: 1 } } });
    const left = step({ losses: { target: { sum: NaN, count: 1 } }, updated: false });
    expect(taken([good, left])).toMatchObject({ 'train/target_loss': 2 });
    const infinite = step({ losses: { target: { sum: Infinity, count: 1 } } });
    expect(taken([good, infinite])).not.toHaveProperty('train/target_loss');
  });

  it('goes on from its counters, through JSON, to the last digit', () => {
    const steps = Array.from({ length: 7 }, (_, i) =>
      step({
        losses: { target: { sum: Math.sqrt(i + 2), count: 3 } },
        penalties: { l2: { value: 1 / (i + 3), gradientNorm: Math.PI / (i + 1) } },
        taskGradientNorm: Math.E * i,
        projection: { projected: i % 3 === 0, cosine: -1 / (i + 7) },
      }),
    );
    for (let cut = 0; cut < steps.length; cut++) {
      const first = new Meter();
      for (const each of steps.slice(0, cut)) first.add(each);
      const counters: unknown = JSON.parse(JSON.stringify(first.counters()));
      const second = new Meter(counters as ReturnType<Meter['counters']>);
      for (const each of steps.slice(cut)) second.add(each);
      expect(withoutMachine(second.take(steps[6]))).toEqual(taken(steps));
    }
  });

  it('does not report a mean whose sum was not finite before a resume either', () => {
    const first = new Meter();
    first.add(step({ losses: { target: { sum: Infinity, count: 1 } } }));
    const counters: unknown = JSON.parse(JSON.stringify(first.counters()));
    const second = new Meter(counters as ReturnType<Meter['counters']>);
    const good = step({ losses: { target: { sum: 2, count: 1 } } });
    second.add(good);
    expect(second.take(good)).not.toHaveProperty('train/target_loss');
  });

  it('tells the time of building graphs apart from that of steps, in all attempts', () => {
    const first = new Meter();
    first.add(step({ compileSeconds: 0.75 }));
    first.add(step({}));
    const second = new Meter(first.counters());
    const last = step({ compileSeconds: 0.5 });
    second.add(last);
    expect(second.take(last)).toMatchObject({
      'train/seconds': 3,
      'train/compile_seconds': 1.25,
      'train/tokens_per_second': 10,
      'train/graph_share': 0.5,
    });
  });

  it('counts steps in a row without an update', () => {
    const meter = new Meter();
    for (const updated of [false, true, false, false]) meter.add(step({ updated }));
    expect(meter.skippedInARow).toBe(2);
  });
});

describe('driftSeries', () => {
  it('adds the depths up as one vector', () => {
    const drift = [
      { distance: 3, anchorNorm: 6 },
      { distance: 4, anchorNorm: 8 },
    ];
    expect(driftSeries(drift)).toEqual({
      'drift/total': 5,
      'drift/relative': 0.5,
      'drift/depth_0': 3,
      'drift/depth_1': 4,
    });
  });

  it('has no relative drift from an anchor of zeros', () => {
    expect(driftSeries([{ distance: 1, anchorNorm: 0 }])).toEqual({
      'drift/total': 1,
      'drift/depth_0': 1,
    });
  });
});
