import type { Session, StepResult } from '../engine/types.ts';
import type { Counters } from './trainingState.ts';

type MeterCounters = Pick<Counters, 'seconds' | 'compileSeconds' | 'skippedInARow' | 'unlogged'>;

/** One optimizer step as the loop saw it. */
export interface MeasuredStep {
  readonly result: StepResult;
  readonly learningRate: number;
  /** Tokens read, padding left out. */
  readonly tokens: number;
  /** Preparation of the batches included; building graphs, which a shape needs once, left out. */
  readonly seconds: number;
}

/**
 * Gathers what is reported of the steps between two metrics events. Losses, penalties and projection
 * are means over the steps that updated the weights since the last report; the sums go through a
 * checkpoint, so that a resumed run reports what an uninterrupted one does.
 */
export class Meter {
  #seconds: number;
  #compileSeconds: number;
  #skippedInARow: number;
  #steps: number;
  /** By series name, without `train/`. */
  readonly #sums: Map<string, number>;
  /** Since the last report of this attempt: they describe the machine, not the run. */
  #tokens = 0;
  #measuredSeconds = 0;
  #graphSeconds = 0;

  constructor(counters?: MeterCounters) {
    this.#seconds = counters?.seconds ?? 0;
    this.#compileSeconds = counters?.compileSeconds ?? 0;
    this.#skippedInARow = counters?.skippedInARow ?? 0;
    this.#steps = counters?.unlogged.steps ?? 0;
    this.#sums = new Map(
      // JSON writes a sum that is not finite as null; its mean is not reported either way.
      Object.entries(counters?.unlogged.sums ?? {}).map(([name, sum]) => [name, sum ?? Number.NaN]),
    );
  }

  get skippedInARow(): number {
    return this.#skippedInARow;
  }

  add({ result, tokens, seconds }: MeasuredStep): void {
    this.#seconds += seconds;
    this.#compileSeconds += result.compileSeconds;
    this.#tokens += tokens;
    this.#measuredSeconds += seconds;
    this.#graphSeconds += result.graphSeconds;
    this.#skippedInARow = result.updated ? 0 : this.#skippedInARow + 1;
    if (!result.updated) return;
    this.#steps++;
    for (const [name, value] of signalsOf(result)) {
      this.#sums.set(name, (this.#sums.get(name) ?? 0) + value);
    }
  }

  /** The series of a metrics event, `last` being the step just added; the sums begin anew. */
  take(last: MeasuredStep): Record<string, number> {
    const values: Record<string, number> = {
      'train/learning_rate': last.learningRate,
      'train/gradient_norm': last.result.gradientNorm,
      'train/tokens_per_second': this.#tokens / this.#measuredSeconds,
      'train/graph_share': this.#graphSeconds / this.#measuredSeconds,
      'train/seconds': this.#seconds,
      'train/compile_seconds': this.#compileSeconds,
      'train/resident_bytes': process.memoryUsage.rss(),
    };
    for (const [name, sum] of this.#sums) {
      values[`train/${name}`] = sum / this.#steps;
      // A ratio of means: one step with a small gradient does not outweigh the others.
      const penalty = /^penalty_gradient_norm(?<which>_\w+)?$/.exec(name);
      if (penalty !== null) {
        const which = penalty.groups?.['which'] ?? '';
        const task = this.#sums.get('task_gradient_norm') ?? Number.NaN;
        values[`train/penalty_ratio${which}`] = sum / task;
      }
    }
    this.#steps = 0;
    this.#sums.clear();
    this.#tokens = this.#measuredSeconds = this.#graphSeconds = 0;
    return onlyFinite(values);
  }

  counters(): MeterCounters {
    const unlogged = { steps: this.#steps, sums: Object.fromEntries(this.#sums) };
    return {
      seconds: this.#seconds,
      compileSeconds: this.#compileSeconds,
      skippedInARow: this.#skippedInARow,
      unlogged,
    };
  }
}

/**
 * What one step says, by series name without `train/`. With several penalties there is a series for
 * each too, and `penalty_gradient_norm` is the sum of their norms, an upper bound of the norm of the
 * sum.
 */
function signalsOf({
  losses,
  penalties,
  taskGradientNorm,
  projection,
}: StepResult): [string, number][] {
  const signals = Object.entries(losses).map(([name, { sum, count }]): [string, number] => [
    `${name}_loss`,
    count === 0 ? 0 : sum / count,
  ]);
  const each = Object.entries(penalties);
  if (each.length > 0) {
    signals.push(
      ['penalty', each.reduce((sum, [, { value }]) => sum + value, 0)],
      ['penalty_gradient_norm', each.reduce((sum, [, { gradientNorm }]) => sum + gradientNorm, 0)],
      ['task_gradient_norm', taskGradientNorm],
    );
  }
  if (each.length > 1) {
    for (const [name, { value, gradientNorm }] of each) {
      signals.push([`penalty_${name}`, value], [`penalty_gradient_norm_${name}`, gradientNorm]);
    }
  }
  if (projection !== null) {
    signals.push(
      ['projection_rate', projection.projected ? 1 : 0],
      ['projection_cosine', projection.cosine],
    );
  }
  return signals;
}

/**
 * Distance of the weights from the anchor, ‖θ − θ*‖: `drift/total`, `drift/relative` to ‖θ*‖, and
 * `drift/depth_0` (the embeddings) to the last (the head).
 */
export function driftSeries(drift: Awaited<ReturnType<Session['drift']>>): Record<string, number> {
  const total = Math.hypot(...drift.map(({ distance }) => distance));
  const anchorNorm = Math.hypot(...drift.map((depth) => depth.anchorNorm));
  return onlyFinite({
    'drift/total': total,
    'drift/relative': total / anchorNorm,
    ...Object.fromEntries(drift.map(({ distance }, depth) => [`drift/depth_${depth}`, distance])),
  });
}

/** JSON has no other numbers. */
function onlyFinite(values: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value)));
}
