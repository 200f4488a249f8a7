/**
 * The curves of several runs, thinned by the service to the width of a chart: the series that are
 * shown, whole, and finer in the part that is zoomed into. Follows runs that are at work.
 */
import type { RunEvent } from '../../core/training/events.ts';
import type { Request } from '../../core/workbench/contract.ts';
import type { Curve } from '../../core/workbench/schemas/curves.ts';
import { reportOf } from '../client/errors.ts';
import type { ErrorReport } from '../client/errors.ts';
import {
  detailFor,
  isShownBy,
  readCurve,
  upTo,
  withDetail,
  withPoint,
} from '../lib/thinnedCurve.ts';
import type { StepRange, ThinnedCurve } from '../lib/thinnedCurve.ts';
import { seriesKey } from './curves.svelte.ts';
import { workbench } from './workbench.svelte.ts';

/** Pixels that curves are thinned to: of one, and of all curves of a chart together. */
const MOST_PIXELS = 800;
const MOST_PIXELS_TOGETHER = 8_000;
/** A detail is read when the view rests. */
const REST_MILLISECONDS = 120;

/** By run and key of the series. */
export type Curves = ReadonlyMap<string, ReadonlyMap<string, ThinnedCurve>>;

interface Detail {
  readonly range: StepRange;
  readonly names: ReadonlySet<string>;
  readonly curves: Curves;
}

const NONE: ThinnedCurve = { points: [] };

const curvesByKey = (curves: readonly Curve[]): ReadonlyMap<string, ThinnedCurve> =>
  new Map(curves.map((curve) => [seriesKey(curve), readCurve(curve)]));

export class ComparedCurves {
  readonly runs: readonly string[];
  #keys = $state.raw<ReadonlyMap<string, readonly string[]>>(new Map());
  #whole = $state.raw<Curves>(new Map());
  #detail = $state.raw<Detail | undefined>(undefined);
  #isLoaded = $state(false);
  #error = $state.raw<ErrorReport | undefined>(undefined);
  readonly #pixels: number;
  /** Series that were asked for. */
  readonly #names = new Set<string>();
  #view: StepRange | undefined;
  #isReadingDetail = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What is heard while curves are read is put on top of them. */
  #early: RunEvent[] = [];
  #readings = 0;
  #isFollowed = false;

  constructor(runs: readonly string[]) {
    this.runs = runs;
    this.#pixels = Math.min(MOST_PIXELS, Math.ceil(MOST_PIXELS_TOGETHER / runs.length));
  }

  /** Whether it is known which series there are. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  get error(): ErrorReport | undefined {
    return this.#error;
  }

  /** Of every run. */
  get keys(): readonly string[] {
    return [...new Set([...this.#keys.values()].flat())];
  }

  /** Whether the points of a series are there. */
  has(key: string): boolean {
    return [...this.#whole.values()].some((curves) => curves.has(key));
  }

  curve(run: string, key: string): ThinnedCurve {
    const whole = this.#whole.get(run)?.get(key) ?? NONE;
    const detail = this.#detail?.curves.get(run)?.get(key);
    return this.#detail === undefined || detail === undefined
      ? whole
      : withDetail(whole, detail, this.#detail.range);
  }

  /** All that was measured of these series: of many runs that is much, so it is read when it is wanted. */
  async readEvery(names: readonly string[]): Promise<Curves> {
    const read: [string, ReadonlyMap<string, ThinnedCurve>][] = [];
    for (const run of this.runs) {
      const request = { runs: [run], names: [...names], seconds: false };
      const [reply] = await workbench.call('runs/curves', request);
      read.push([run, curvesByKey(reply?.curves ?? [])]);
    }
    return new Map(read);
  }

  /** Follows the runs until the returned function is called: for an $effect. */
  follow(): () => void {
    this.#isFollowed = true;
    const stop = workbench.subscribe((event) => {
      if (event.type !== 'run/event' || !this.runs.includes(event.event.run)) return;
      this.#hear(event.event);
      if (this.#readings > 0) this.#early.push(event.event);
    });
    void this.#readSeries();
    const stopReopened = workbench.onReopened(() => void this.#readAgain());
    return () => {
      this.#isFollowed = false;
      clearTimeout(this.#timer);
      stop();
      stopReopened();
    };
  }

  /** Reads the series of these names that were not read yet. */
  show(names: readonly string[]): void {
    const missing = names.filter((name) => !this.#names.has(name));
    if (missing.length === 0) return;
    for (const name of missing) this.#names.add(name);
    void this.#readWhole(missing);
    this.view(this.#view);
  }

  /** The steps that charts show; undefined is all of them. */
  view(range: StepRange | undefined): void {
    this.#view = range;
    clearTimeout(this.#timer);
    if (range === undefined) {
      this.#detail = undefined;
      return;
    }
    // One at a time: a view that moves on meanwhile is looked at again when the detail is there.
    if (this.#isReadingDetail || this.#isDetailed(range)) return;
    this.#timer = setTimeout(() => void this.#readDetail(range), REST_MILLISECONDS);
  }

  #isDetailed(range: StepRange): boolean {
    if (this.#detail === undefined || !isShownBy(this.#detail.range, range)) return false;
    const { names } = this.#detail;
    return [...this.#names].every((name) => names.has(name));
  }

  async #readSeries(): Promise<void> {
    await this.#read({ names: [] }, () => undefined);
    this.#isLoaded ||= this.#error === undefined;
  }

  /** All of it, the detail too: each has a gap where events were lost. */
  async #readAgain(): Promise<void> {
    await this.#readSeries();
    if (this.#names.size > 0) await this.#readWhole([...this.#names]);
    if (!this.#isFollowed) return;
    this.#detail = undefined;
    this.view(this.#view);
  }

  /** Each by itself: the first chart is drawn while the others are read. */
  async #readWhole(names: readonly string[]): Promise<void> {
    await Promise.all(
      names.map((name) =>
        this.#read({ names: [name], pixels: this.#pixels }, (curves) => {
          this.#whole = new Map(
            this.runs.map((run) => [
              run,
              new Map([...(this.#whole.get(run) ?? []), ...(curves.get(run) ?? [])]),
            ]),
          );
        }),
      ),
    );
  }

  async #readDetail(view: StepRange): Promise<void> {
    const names = [...this.#names];
    const { range, pixels } = detailFor(view, this.#pixels);
    const part = { fromStep: range.min, toStep: range.max };
    this.#isReadingDetail = true;
    const isRead = await this.#read({ names, pixels, ...part }, (curves) => {
      if (this.#view !== undefined) this.#detail = { range, names: new Set(names), curves };
    });
    this.#isReadingDetail = false;
    if (isRead) this.view(this.#view);
  }

  /** Whether it went well and the curves are still wanted. */
  async #read(
    request: Omit<Request<'runs/curves'>, 'runs'>,
    take: (curves: Curves) => void,
  ): Promise<boolean> {
    if (this.#readings === 0) this.#early = [];
    this.#readings++;
    try {
      const reply = await workbench.call('runs/curves', {
        ...request,
        runs: [...this.runs],
        // The clock is a series like the others; it is asked for where time is shown.
        seconds: false,
      });
      if (!this.#isFollowed) return false;
      this.#keys = new Map(reply.map(({ run, series }) => [run, series.map(seriesKey)]));
      take(new Map(reply.map(({ run, curves }) => [run, curvesByKey(curves)])));
      this.#error = undefined;
      for (const event of this.#early) this.#hear(event);
      return true;
    } catch (error) {
      this.#error = reportOf(error);
      return false;
    } finally {
      this.#readings--;
    }
  }

  #hear(event: RunEvent): void {
    if (event.type === 'started' && event.resumedFrom !== null) {
      const { resumedFrom } = event;
      this.#change(event.run, (curves) =>
        [...curves].map(([key, curve]) => [key, upTo(curve, resumedFrom)]),
      );
    } else if (event.type === 'metrics') {
      this.#add(event.run, event.step, Object.entries(event.values));
    } else if (event.type === 'evaluation') {
      const { name, split, role } = event;
      const key = seriesKey({ name: `evaluation/${name}/nll`, split, role });
      this.#add(event.run, event.step, [[key, event.nll]]);
    }
  }

  #add(run: string, x: number, values: readonly (readonly [key: string, y: number])[]): void {
    const known = this.#keys.get(run) ?? [];
    const added = values.flatMap(([key]) => (known.includes(key) ? [] : [key]));
    if (added.length > 0) this.#keys = new Map([...this.#keys, [run, [...known, ...added]]]);
    const shown = values.filter(([key]) => this.#names.has(key.split('|')[0] ?? key));
    if (shown.length === 0) return;
    this.#change(run, (curves) =>
      shown.map(([key, y]) => [key, withPoint(curves.get(key) ?? NONE, { x, y })]),
    );
  }

  /** In the whole curves, and in the detail where it reaches as far. */
  #change(
    run: string,
    change: (
      curves: ReadonlyMap<string, ThinnedCurve>,
    ) => readonly (readonly [string, ThinnedCurve])[],
  ): void {
    const changed = (all: Curves): Curves => {
      const curves = all.get(run) ?? new Map<string, ThinnedCurve>();
      return new Map([...all, [run, new Map([...curves, ...change(curves)])]]);
    };
    this.#whole = changed(this.#whole);
    if (this.#detail !== undefined) {
      this.#detail = { ...this.#detail, curves: changed(this.#detail.curves) };
    }
  }
}
