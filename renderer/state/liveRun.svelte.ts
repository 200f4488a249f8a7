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

  get remaining(): Remaining | undefined {
    return this.#totalSteps === null ? undefined : remainingTime(this.#times, this.#totalSteps);
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
