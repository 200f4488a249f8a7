/** What is heard of a run while it is at work. */
import type { RunEvent } from '../../core/training/events.ts';
import { remainingTime } from '../lib/remaining.ts';
import type { Remaining, StepTime } from '../lib/remaining.ts';

const KEPT_TIMES = 60;

export class LiveRun {
  #step = $state(0);
  #totalSteps = $state<number | null>(null);
  #engine = $state<string | null>(null);
  /** The last value of each series. */
  #latest = $state.raw<Readonly<Record<string, number>>>({});
  #times = $state.raw<readonly StepTime[]>([]);

  get step(): number {
    return this.#step;
  }

  get totalSteps(): number | null {
    return this.#totalSteps;
  }

  get engine(): string | null {
    return this.#engine;
  }

  get latest(): Readonly<Record<string, number>> {
    return this.#latest;
  }

  /** Undefined while too little was heard. `totalSteps` is the run's, when its start was missed. */
  remaining(totalSteps: number | null): Remaining | undefined {
    const total = this.#totalSteps ?? totalSteps;
    return total === null ? undefined : remainingTime(this.#times, total);
  }

  hear(event: RunEvent): void {
    this.#step = event.step;
    if (event.type === 'started') {
      this.#totalSteps = event.totalSteps;
      this.#engine = event.engine;
      this.#times = [];
    } else if (event.type === 'metrics') {
      this.#latest = { ...this.#latest, ...event.values };
      const time = { step: event.step, time: Date.parse(event.time) };
      this.#times = [...this.#times.slice(1 - KEPT_TIMES), time];
    }
  }
}
