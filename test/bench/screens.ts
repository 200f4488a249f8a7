/**
 * How fast the screens are with a long history: 10,000 runs and 5 million metric points, in Chromium
 * under software rendering against the real local web host. Times are taken inside the page.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import type { WorkbenchEvent } from '../../core/workbench/contract.ts';
import { openDatabase } from '../../core/store/database.ts';
import { homeAt, prepareHome } from '../../core/workbench/home.ts';
import { seedHistory } from '../fixtures/seedHistory.ts';
import { TestWindow, signIn } from '../fixtures/webWindow.ts';
import { installPageTools } from './pageTools.ts';
import type { PageTools } from './pageTools.ts';
import { median, quantile } from './training.ts';

export interface ScreensOptions {
  /** A home with a seeded history; a temporary one is made when left out. */
  readonly home?: string | undefined;
  readonly repetitions: number;
  /** load, runs, many, batch, live, compare, service; all when left out. */
  readonly parts?: readonly string[] | undefined;
  readonly report: (line: string) => void;
}

export interface ScreenMeasure {
  readonly name: string;
  readonly unit: 'ms' | 'MB';
  /** What the median must not exceed. */
  readonly target: number | null;
  readonly samples: readonly number[];
  readonly median: number;
  /** 90th percentile. */
  readonly p90: number;
  readonly best: number;
}

export interface ScreensResult {
  readonly browser: string;
  readonly runs: number;
  readonly points: number;
  /** Points of one curve of the chart. */
  readonly curvePoints: number;
  readonly measures: readonly ScreenMeasure[];
}

const root = join(import.meta.dirname, '../..');
const renderer = join(root, 'dist/renderer');

/** Of one chart, and points of each; the longest that the seeded history has. */
const COMPARED = 20;
const SERIES = 'train/target_loss';

const FIRST_ROW = '[aria-label="Runs"] tr[data-index="0"]';
const DRAWN_CHART = '.chart [role="img"][aria-label*=": from "]';
const SCROLLER = '.scroller.fill';
const TYPED = 'strategy:ewc seed:1 target<3.5 -state:failed';
const SORTED_COLUMNS = ['Target', 'Project', 'Strategy', 'Took', 'Created'];
const MANY = 5000;
/** Calls whose time and size are told. */
const READ = new Set(['runs/list', 'runs/curves', 'runs/metrics', 'runs/tag', 'runs/archive']);

export async function measureScreens(options: ScreensOptions): Promise<ScreensResult> {
  if (!existsSync(join(renderer, 'index.html'))) {
    throw new Error('The screens are not built: npm run build:renderer.');
  }
  const scratch = await mkdtemp(join(tmpdir(), 'palimpsest-screens-'));
  try {
    const home = options.home ?? join(scratch, 'home');
    await seed(home, options.report);
    const server = spawn(
      process.execPath,
      [join(root, 'test/fixtures/serveScreens.ts'), renderer, '--home', home, '--port', '0'],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    try {
      const link = await printedLink(server);
      return await measure(link, home, options);
    } finally {
      server.kill('SIGINT');
      if (server.exitCode === null) await once(server, 'close');
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function seed(home: string, report: (line: string) => void): Promise<void> {
  if (existsSync(homeAt(home).database)) return;
  report('seeding a history of 10,000 runs and 5 million points');
  const { database } = await prepareHome(home);
  seedHistory(database);
}

async function printedLink(server: ChildProcess): Promise<string> {
  let printed = '';
  for await (const text of server.stdout ?? []) {
    printed += String(text);
    const link = /http:\/\/\S+?(?=["\s])/.exec(printed)?.[0];
    if (link !== undefined) return link;
  }
  throw new Error('palimpsest serve ended before it printed its link');
}

interface History {
  readonly runs: number;
  readonly points: number;
  /** Those with the longest curves, and how long these are at least. */
  readonly longest: readonly string[];
  readonly curvePoints: number;
  readonly paused: string;
}

function lookAt(home: string): History {
  const connection = openDatabase(homeAt(home).database, { readOnly: true });
  try {
    const longest = connection
      .prepare<[string, number], [string, number]>(
        `SELECT run_id, count(*) FROM series JOIN metrics ON series_id = series.id
         WHERE name = ? GROUP BY run_id ORDER BY 2 DESC, 1 LIMIT ?`,
      )
      .raw()
      .all(SERIES, COMPARED);
    const one = (query: string): unknown => connection.prepare(query).pluck().get();
    return {
      runs: Number(one('SELECT count(*) FROM runs')),
      points: Number(one('SELECT count(*) FROM metrics')),
      longest: longest.map(([run]) => run),
      curvePoints: longest.at(-1)?.[1] ?? 0,
      paused: String(one("SELECT id FROM runs WHERE state = 'paused'")),
    };
  } finally {
    connection.close();
  }
}

async function measure(
  link: string,
  home: string,
  options: ScreensOptions,
): Promise<ScreensResult> {
  const history = lookAt(home);
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  try {
    const session = new ScreensSession(browser, link, history, options);
    const parts: Readonly<Record<string, () => Promise<void>>> = {
      load: () => session.coldLoads(),
      runs: () => session.runs(),
      many: () => session.manyRuns(),
      batch: () => session.batches(),
      live: () => session.liveEvents(),
      compare: () => session.charts(),
      service: () => session.service(),
    };
    for (const part of options.parts ?? Object.keys(parts)) await parts[part]?.();
    const { runs, points, curvePoints } = history;
    const measures = session.results();
    return { browser: browser.version(), runs, points, curvePoints, measures };
  } finally {
    await browser.close();
  }
}

class ScreensSession {
  readonly #browser: Browser;
  readonly #link: string;
  readonly #history: History;
  readonly #options: ScreensOptions;
  readonly #measures = new Map<
    string,
    { target: number | null; unit: 'ms' | 'MB'; samples: number[] }
  >();

  constructor(browser: Browser, link: string, history: History, options: ScreensOptions) {
    this.#browser = browser;
    this.#link = link;
    this.#history = history;
    this.#options = options;
  }

  results(): ScreenMeasure[] {
    return [...this.#measures].map(([name, { target, unit, samples }]) => ({
      name,
      unit,
      target,
      samples,
      median: median(samples),
      p90: quantile(samples, 0.9),
      best: Math.min(...samples),
    }));
  }

  #add(name: string, target: number | null, samples: readonly number[], unit: 'ms' | 'MB' = 'ms') {
    const measured = this.#measures.get(name) ?? { target, unit, samples: [] };
    measured.samples.push(...samples);
    this.#measures.set(name, measured);
  }

  /** A browser that was never here: nothing in its caches. */
  async #open(hash: string, until: string): Promise<Page> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    await page.addInitScript(installPageTools);
    // Signed in beforehand: the link answers with a redirection.
    await page.goto(this.#link);
    await page.goto('about:blank');
    const address = new URL(this.#link);
    await page.goto(`${address.origin}/${hash}`, { waitUntil: 'commit' });
    await page
      .evaluate((selector) => benchTools.sinceNavigation(selector), until)
      .then((shown) => {
        this.#opened = shown;
      });
    return page;
  }
  #opened = 0;

  async #calibrate(page: Page): Promise<void> {
    this.#add('calibration: a fixed loop', null, [
      await page.evaluate(() => benchTools.calibrate()),
    ]);
  }

  async coldLoads(): Promise<void> {
    this.#options.report('cold page loads');
    for (let turn = 0; turn < this.#options.repetitions; turn++) {
      const page = await this.#open('#/runs', FIRST_ROW);
      this.#add('Runs, page load to first rows', null, [this.#opened]);
      if (turn === 0) this.#add('heap of the page, Runs', null, [await heap(page)], 'MB');
      await this.#calibrate(page);
      await page.context().close();
    }
  }

  async runs(): Promise<void> {
    this.#options.report('Runs: opening, filter, sort, keys');
    const page = await this.#open('#/projects', 'h1');
    await page.locator('.rail a', { hasText: 'Runs' }).waitFor();
    await page.waitForTimeout(1500);
    for (let turn = 0; turn < this.#options.repetitions; turn++) {
      const opening = await this.#after(page, 'click', FIRST_ROW, () =>
        page.locator('.rail a', { hasText: 'Runs' }).click(),
      );
      this.#add('Runs, opened from another screen', 300, [opening.shown]);
      await this.#calibrate(page);

      const filter = page.getByLabel('Filter', { exact: true });
      await filter.focus();
      for (const character of TYPED) {
        const typed = await this.#after(page, 'input', undefined, () =>
          page.keyboard.press(character),
        );
        this.#add('filter, a keystroke', 100, [typed.rested]);
      }
      const cleared = await this.#after(page, 'keydown', undefined, () =>
        page.keyboard.press('Escape'),
      );
      this.#add('filter, cleared', 100, [cleared.rested]);

      for (const column of [...SORTED_COLUMNS, 'Created']) {
        const header = page.locator('th button', { hasText: column });
        const sorted = await this.#after(page, 'click', undefined, () => header.click());
        this.#add('sort, a click', 100, [sorted.rested]);
      }

      await page.locator(FIRST_ROW).focus();
      for (const key of [
        ...'jjjjkkxj',
        'Shift+ArrowDown',
        'PageDown',
        'End',
        'Home',
        'Control+a',
      ]) {
        const pressed = await this.#after(page, 'keydown', undefined, () =>
          page.keyboard.press(key),
        );
        const name = key === 'Control+a' ? 'all rows selected' : 'a key in the table';
        this.#add(name, 100, [pressed.rested]);
      }
      const none = await this.#after(page, 'keydown', undefined, () =>
        page.keyboard.press('Escape'),
      );
      this.#add('all rows unselected', 100, [none.rested]);

      const frames = await page.evaluate(
        (selector) => benchTools.scrollFrames(selector, 160, 120),
        SCROLLER,
      );
      this.#add('scrolling, a frame', 33, frames);
      await page.evaluate(() => {
        benchTools.goTo('#/projects', 'main ul, main table, main h2');
      });
      await page.evaluate(() => benchTools.outcome());
    }
    await page.context().close();
  }

  /** 5,000 rows at once. */
  async manyRuns(): Promise<void> {
    this.#options.report(`a selection of ${MANY} runs`);
    const page = await this.#open('#/runs', FIRST_ROW);
    await page.locator(FIRST_ROW).focus();
    const label = page.locator('.selected > .numeric');
    // From the first to the one in the middle, as Shift and a click do.
    await page.keyboard.press('x');
    await page.evaluate(([selector, top]) => benchTools.scrollFrames(selector, top, 2), [
      SCROLLER,
      ((MANY - 1) * 32) / 2,
    ] as const);
    const clicked = await this.#after(page, 'click', undefined, () =>
      page.locator(`tr[data-index="${MANY - 1}"]`).click({ modifiers: ['Shift'] }),
    );
    this.#add(`${MANY} rows selected with Shift`, 100, [clicked.rested]);
    this.#options.report(await label.innerText());
    await page.context().close();
  }

  /** A tag for every run of the history, its end, the archive and the way back. */
  async batches(): Promise<void> {
    this.#options.report('tags and the archive of all runs');
    const page = await this.#open('#/runs?filter=archived:yes,no', FIRST_ROW);
    const bar = page.locator('.selected');
    for (let turn = 0; turn < this.#options.repetitions; turn++) {
      await this.#calibrate(page);
      await page.locator(FIRST_ROW).focus();
      await page.keyboard.press('Control+a');
      await bar.getByRole('button', { name: 'Tag', exact: true }).click();
      await page.getByRole('textbox', { name: 'New tag' }).fill('everything');
      const ticked = page.getByRole('checkbox', { name: 'everything' });
      await this.#batch(page, 'all runs tagged', async () => {
        await page.keyboard.press('Enter');
        await ticked.and(page.locator(':checked')).waitFor();
      });
      await this.#batch(page, 'a tag taken from all runs', async () => {
        await ticked.click();
        await ticked.waitFor({ state: 'detached' });
      });
      await page.keyboard.press('Escape');
      await this.#batch(page, 'all runs archived', async () => {
        await bar.getByRole('button', { name: 'Archive', exact: true }).click();
        await page.getByRole('button', { name: 'Undo' }).waitFor();
      });
      await this.#batch(page, 'all runs taken out of the archive', async () => {
        await page.getByRole('button', { name: 'Undo' }).click();
        await page.locator(FIRST_ROW).getByText('archived').waitFor({ state: 'detached' });
      });
    }
    this.#readCalls(await page.evaluate(() => benchTools.calls));
    await page.context().close();
  }

  /** Until the outcome is seen, and how long the window showed no frame meanwhile. */
  async #batch(page: Page, name: string, act: () => Promise<unknown>): Promise<void> {
    await page.evaluate(() => {
      benchTools.startGaps();
    });
    const start = performance.now();
    await act();
    this.#add(name, null, [performance.now() - start]);
    // What was heard of the change may be read after it.
    await page.waitForTimeout(1500);
    const longest = await page.evaluate(() => benchTools.longestGap());
    this.#add(`${name}, the longest frame`, 1000, [longest]);
  }

  /** What the metrics of a run at work take while all runs are listed. */
  async liveEvents(): Promise<void> {
    this.#options.report('events while the runs are listed');
    const page = await this.#open('#/runs', FIRST_ROW);
    const window = await this.#window();
    const run = { ...((await window.call('runs/show', { run: this.#history.paused })) as object) };
    await window.close();
    const hear = (message: { event: WorkbenchEvent } | { events: WorkbenchEvent[] }) =>
      page.evaluate((heard) => benchTools.hear(heard), message);
    const state = { type: 'run/state', run: { ...run, state: 'running' } } as WorkbenchEvent;
    this.#add('a change of state is heard', null, [await hear({ event: state })]);
    for (let batch = 0; batch < 10 * this.#options.repetitions; batch++) {
      const events = Array.from({ length: 10 }, (_, index) =>
        metricsOf(this.#history.paused, 10 * batch + index),
      );
      this.#add('a batch of ten metrics is heard', 8, [await hear({ events })]);
    }
    await page.context().close();
  }

  async charts(): Promise<void> {
    this.#options.report(`Compare: ${COMPARED} runs of ${this.#history.curvePoints} points`);
    const hash = `#/compare?runs=${this.#history.longest.join()}`;
    const page = await this.#open('#/runs', FIRST_ROW);
    await page.waitForTimeout(1500);
    for (let turn = 0; turn < this.#options.repetitions; turn++) {
      await page.evaluate(
        ([address, until]) => {
          benchTools.goTo(address, until);
        },
        [hash, DRAWN_CHART] as const,
      );
      const opened = await page.evaluate(() => benchTools.outcome());
      this.#add('20 curves, opened', 500, [opened.shown]);
      this.#add('20 curves, the whole screen at rest', null, [opened.rested]);
      await this.#calibrate(page);
      await this.#zoomAndPan(page);
      if (turn === 0) this.#add('heap of the page, Compare', null, [await heap(page)], 'MB');
      await page.evaluate((until) => {
        benchTools.goTo('#/runs', until);
      }, FIRST_ROW);
      await page.evaluate(() => benchTools.outcome());
    }
    this.#readCalls(await page.evaluate(() => benchTools.calls));
    await page.context().close();
  }

  async #zoomAndPan(page: Page): Promise<void> {
    const canvas = page.locator('.chart canvas').first();
    await canvas.scrollIntoViewIfNeeded();
    const box = await canvas.boundingBox();
    if (box === null) throw new Error('the chart is not to be seen');
    const { mouse, keyboard } = page;
    const [left, middle] = [box.x + box.width * 0.4, box.y + box.height / 2];
    await mouse.move(left, middle);
    await mouse.down();
    await mouse.move(left + box.width * 0.2, middle, { steps: 4 });
    const zoomed = await this.#after(page, 'pointerup', undefined, () => mouse.up());
    this.#add('20 curves, zoomed by a drag', 500, [zoomed.rested]);

    await keyboard.down('Shift');
    await mouse.down();
    await page.evaluate(() => {
      benchTools.startFrames('pointermove');
    });
    for (let step = 0; step < 120; step++) {
      await mouse.move(left + 200 * Math.sin(step / 12), middle);
    }
    this.#add(
      '20 curves, a frame of panning',
      33,
      await page.evaluate(() => benchTools.stopFrames()),
    );
    await mouse.up();
    await keyboard.up('Shift');

    await page.evaluate(() => {
      benchTools.startFrames('pointermove');
    });
    for (let step = 0; step < 60; step++) {
      await mouse.move(left + 200 * Math.sin(step / 12), middle);
    }
    this.#add(
      '20 curves, a frame of the crosshair',
      33,
      await page.evaluate(() => benchTools.stopFrames()),
    );

    const reset = await this.#after(page, 'dblclick', undefined, () =>
      mouse.dblclick(left, middle),
    );
    this.#add('20 curves, all shown again', 500, [reset.rested]);
  }

  /** The calls alone, of a window that draws nothing. */
  async service(): Promise<void> {
    this.#options.report('the service');
    const window = await this.#window();
    const runs = this.#history.longest;
    for (let turn = 0; turn < this.#options.repetitions; turn++) {
      for (const [name, request] of [
        ['runs/list', { archived: true }],
        ['runs/curves', { runs, names: [SERIES], pixels: 1024 }],
      ] as const) {
        const start = performance.now();
        await window.call(name, request);
        this.#add(`${name}, of a window that draws nothing`, null, [performance.now() - start]);
      }
    }
    await window.close();
  }

  async #window(): Promise<TestWindow> {
    return TestWindow.open(Number(new URL(this.#link).port), await signIn(this.#link));
  }

  #readCalls(calls: PageTools['calls']): void {
    for (const { name, milliseconds, characters } of calls) {
      if (!READ.has(name)) continue;
      this.#add(`${name}, as the page waits for it`, null, [milliseconds]);
      this.#add(`${name}, size of the reply`, null, [characters / 1e6], 'MB');
    }
  }

  async #after(page: Page, event: string, until: string | undefined, act: () => Promise<unknown>) {
    await page.evaluate(
      ([type, selector]) => {
        benchTools.arm(type, selector);
      },
      [event, until] as const,
    );
    await act();
    return page.evaluate(() => benchTools.outcome());
  }
}

declare const benchTools: PageTools;

/** Megabytes that JavaScript holds after a collection. */
async function heap(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize / 1e6;
}

function metricsOf(run: string, step: number): WorkbenchEvent {
  const values = { 'train/target_loss': 3 + Math.sin(step), 'train/seconds': step / 5 };
  const time = new Date(Date.UTC(2026, 0, 1) + step * 200).toISOString();
  const event = { type: 'metrics', run, attempt: 1, sequence: step, time, step, values };
  return { type: 'run/event', event } as WorkbenchEvent;
}
