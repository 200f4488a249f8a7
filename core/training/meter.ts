import type { StepResult } from '../engine/types.ts';
import type { Counters } from './trainingState.ts';

type MeterCounters = Pick<Counters, 'seconds' | 'skippedInARow' | 'unlogged'>;

/** One optimizer step as the loop saw it. */
export interface MeasuredStep {
  readonly result: StepResult;
  readonly learningRate: number;
  /** Tokens read, padding left out. */
  readonly tokens: number;
  /** Preparation of the batches included. */
  readonly seconds: number;
}

/** Gathers what is reported of the steps between two metrics events. */
export class Meter {
  #seconds: number;
  #skippedInARow: number;
  #steps: number;
  readonly #losses: Map<string, number>;
  /** Since the last report of this attempt: they describe the machine, not the run. */
  #tokens = 0;
  #measuredSeconds = 0;
  #graphSeconds = 0;

  constructor(counters?: MeterCounters) {
    this.#seconds = counters?.seconds ?? 0;
    this.#skippedInARow = counters?.skippedInARow ?? 0;
    this.#steps = counters?.unlogged.steps ?? 0;
    this.#losses = new Map(Object.entries(counters?.unlogged.losses ?? {}));
  }

  get skippedInARow(): number {
    return this.#skippedInARow;
  }

  add({ result, tokens, seconds }: MeasuredStep): void {
    this.#seconds += seconds;
    this.#tokens += tokens;
    this.#measuredSeconds += seconds;
    this.#graphSeconds += result.graphSeconds;
    this.#skippedInARow = result.updated ? 0 : this.#skippedInARow + 1;
    if (!result.updated) return;
    this.#steps++;
    for (const [name, { sum, count }] of Object.entries(result.losses)) {
      this.#losses.set(name, (this.#losses.get(name) ?? 0) + (count === 0 ? 0 : sum / count));
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
      'train/resident_bytes': process.memoryUsage.rss(),
    };
    for (const [name, sum] of this.#losses) values[`train/${name}_loss`] = sum / this.#steps;
    this.#steps = 0;
    this.#losses.clear();
    this.#tokens = this.#measuredSeconds = this.#graphSeconds = 0;
    return Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value)));
  }

  counters(): MeterCounters {
    const unlogged = { steps: this.#steps, losses: Object.fromEntries(this.#losses) };
    return { seconds: this.#seconds, skippedInARow: this.#skippedInARow, unlogged };
  }
}
