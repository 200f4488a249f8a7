/** The curves of a run: its history, then what is heard. */
import type { MetricSeries, WorkbenchEvent } from '../../core/workbench/contract.ts';
import { reportOf } from '../client/errors.ts';
import type { ErrorReport } from '../client/errors.ts';
import type { Point } from '../lib/points.ts';
import { workbench } from './workbench.svelte.ts';

/** "train/target_loss", or "evaluation/<set>/nll|<split>|<role>" where a series has these. */
export function seriesKey({ name, split, role }: Omit<MetricSeries, 'points'>): string {
  return split === '' && role === '' ? name : `${name}|${split}|${role}`;
}

export class RunCurves {
  readonly run: string;
  readonly #names: readonly string[] | undefined;
  #points = $state.raw<ReadonlyMap<string, readonly Point[]>>(new Map());
  #isLoaded = $state(false);
  #error = $state.raw<ErrorReport | undefined>(undefined);

  /** `names` as runs/metrics takes them; all series when left out. */
  constructor(run: string, names?: readonly string[]) {
    this.run = run;
    this.#names = names;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  get error(): ErrorReport | undefined {
    return this.#error;
  }

  get keys(): readonly string[] {
    return [...this.#points.keys()];
  }

  /** By step; empty for a series that is not there (yet). */
  points(key: string): readonly Point[] {
    return this.#points.get(key) ?? [];
  }

  /** Reads the history and follows the run until the returned function is called: for an $effect. */
  follow(): () => void {
    let followed = true;
    // What is heard while the history is read is put on top of it.
    let early: WorkbenchEvent[] | undefined = [];
    const read = async (): Promise<void> => {
      early = [];
      try {
        const request = { run: this.run, ...(this.#names ? { names: [...this.#names] } : {}) };
        const series = await workbench.call('runs/metrics', request);
        if (!followed) return;
        this.#points = new Map(
          series.map((one) => [
            seriesKey(one),
            one.points.map(({ step, value }) => ({ x: step, y: value })),
          ]),
        );
        this.#isLoaded = true;
        this.#error = undefined;
        for (const event of early) this.#hear(event);
      } catch (error) {
        this.#error = reportOf(error);
      } finally {
        early = undefined;
      }
    };
    const stop = workbench.subscribe((event) => {
      if (event.type !== 'run/event' || event.event.run !== this.run) return;
      if (early === undefined) this.#hear(event);
      else early.push(event);
    });
    void read();
    const stopReopened = workbench.onReopened(() => void read());
    return () => {
      followed = false;
      stop();
      stopReopened();
    };
  }

  #hear(message: WorkbenchEvent): void {
    if (message.type !== 'run/event') return;
    const { event } = message;
    if (event.type === 'started' && event.resumedFrom !== null) {
      this.#forgetAfter(event.resumedFrom);
    } else if (event.type === 'metrics') {
      this.#add(event.step, Object.entries(event.values));
    } else if (event.type === 'evaluation') {
      const { name, split, role } = event;
      this.#add(event.step, [
        [seriesKey({ name: `evaluation/${name}/nll`, split, role }), event.nll],
      ]);
    }
  }

  /** A point of a step that is there is replaced; one before the last is put in its place. */
  #add(x: number, values: readonly (readonly [string, number])[]): void {
    const next = new Map(this.#points);
    for (const [key, y] of values) {
      if (this.#names !== undefined && !this.#names.includes(key.split('|')[0] ?? key)) continue;
      const points = next.get(key) ?? [];
      const last = points.at(-1);
      if (last === undefined || last.x < x) {
        next.set(key, [...points, { x, y }]);
        continue;
      }
      const others = points.filter((point) => point.x !== x);
      next.set(
        key,
        [...others, { x, y }].sort((a, b) => a.x - b.x),
      );
    }
    this.#points = next;
  }

  /** Resuming at a step supersedes what came after it. */
  #forgetAfter(step: number): void {
    this.#points = new Map(
      [...this.#points].map(([key, points]) => [key, points.filter(({ x }) => x <= step)]),
    );
  }
}
