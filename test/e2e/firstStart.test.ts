/** The main job of the product, by its screens alone, while every connection is recorded. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { ROUTE_PROBE } from './drivers/chromium.ts';
import { loadModelFolder } from '../../core/model/modelFolder.ts';
import { drivers } from './drivers/drivers.ts';
import { useApps } from './support/useApp.ts';
import {
  attemptsOutside,
  finishedRecord,
  recorded,
  recorderProblem,
} from './support/connections.ts';
import { newFolder, newHome } from './support/homes.ts';
import { startDemo } from './support/project.ts';

const isRecording = recorderProblem() === undefined;

/** What a program and its browser, where that is one of its own, have tried to connect to. */
interface Records {
  readonly host: string;
  readonly browser: string | undefined;
}

describe.each(drivers)('a first start in $name', (driver) => {
  const start = useApps(driver);
  let records: Records | undefined;

  it('leads from the demo project to results, a comparison and exports', async () => {
    const folder = await newFolder();
    const [hostRecord, browserRecord] = [join(folder, 'host.txt'), join(folder, 'browser.txt')];
    const app = await start({
      home: await newHome('empty'),
      allowedRoots: [folder],
      ...(isRecording
        ? { prefix: recorded(hostRecord), browserPrefix: recorded(browserRecord) }
        : {}),
    });
    const { page } = app;

    await app.picture('first-start');
    await startDemo(page);
    await page.locator('h1', { hasText: 'demo' }).waitFor();
    await app.picture('first-start-running');

    // Every strategy of the demo comes to its row.
    const results = page.getByRole('region', { name: 'Results', exact: true });
    const rows = results.locator('tbody tr');
    await expect.poll(() => rows.count(), { timeout: 1_200_000, interval: 500 }).toBe(6);
    await page.getByText(/run has|runs have/).waitFor({ state: 'detached' });
    const table = await readTable(results);
    expect(table.map(({ strategy }) => strategy)).toEqual(['NDT', 'SDT', 'RH', 'L2', 'EWC', 'GEM']);
    const by = (strategy: string): ResultLine => {
      const line = table.find((one) => one.strategy === strategy);
      if (line === undefined) throw new Error(`There is no row of ${strategy}.`);
      return line;
    };
    // What the demo is there to show: plain tuning gains and forgets, and each strategy forgets less.
    expect(by('SDT').gain).toBeGreaterThan(0.5);
    expect(by('SDT').forgetting).toBeGreaterThan(0.1);
    for (const strategy of ['RH', 'L2', 'EWC', 'GEM']) {
      expect(by(strategy).forgetting, strategy).toBeLessThan(by('SDT').forgetting);
      expect(by(strategy).gain, strategy).toBeGreaterThan(0);
    }
    for (const line of table) {
      expect(line.sourceNll - by('NDT').sourceNll).toBeCloseTo(line.forgetting, 2);
      expect(by('NDT').targetNll - line.targetNll).toBeCloseTo(line.gain, 2);
    }
    await app.picture('first-start-results');

    await exportResults(page, table);

    // Two runs of the table, side by side.
    const runs = page.getByRole('grid', { name: 'Runs of the project' });
    for (const strategy of ['SDT', 'EWC']) {
      await runs.getByRole('row').filter({ hasText: strategy }).getByRole('checkbox').check();
    }
    await page.getByRole('button', { name: 'Compare 2' }).click();
    await page.locator('h1', { hasText: 'Compare' }).waitFor();
    const losses = page.getByRole('region', { name: 'Losses' });
    await losses.waitFor();
    expect(await losses.getByRole('table').count()).toBe(2);
    expect(await losses.locator('tbody tr').filter({ hasText: 'EWC' }).count()).toBe(2);
    const settings = page.getByRole('region', { name: 'Configuration' });
    expect(await settings.innerText()).toContain('300');
    await page.getByRole('img', { name: /loss/i }).first().waitFor();
    await app.picture('first-start-compare');

    await exportRun(page, join(folder, 'tuned-model'));
    await app.picture('first-start-exported');

    expect(app.complaints.take()).toEqual([]);
    const { hostPid, browserPid } = app.started;
    await app.started.quit();
    await app.started.stop();
    if (!isRecording) return;
    records = {
      host: await finishedRecord(hostRecord, hostPid),
      browser:
        browserPid === undefined ? undefined : await finishedRecord(browserRecord, browserPid),
    };
  }, 1_500_000);

  it.skipIf(!isRecording)('never tried to leave the machine on the way', () => {
    if (records === undefined) throw new Error('The first start has left no record.');
    const { host, browser } = records;
    // Electron's windows are of the program itself.
    expect(attemptsOutside(host, browser === undefined ? [ROUTE_PROBE] : [])).toEqual([]);
    if (browser === undefined) return;
    // The browser did reach the host: the record sees what it has to see.
    expect(browser).toContain('inet_addr("127.0.0.1")');
    expect(attemptsOutside(browser, [ROUTE_PROBE])).toEqual([]);
  });
});

interface ResultLine {
  readonly strategy: string;
  readonly sourceNll: number;
  readonly targetNll: number;
  readonly forgetting: number;
  readonly gain: number;
}

/** The numbers of the table as they stand on the screen. */
async function readTable(results: Locator): Promise<ResultLine[]> {
  const rows = await results.locator('tbody tr').all();
  return Promise.all(
    rows.map(async (row) => {
      const name = await row.getByRole('rowheader').innerText();
      const cells = await row.getByRole('cell').allInnerTexts();
      const [sourceNll = NaN, targetNll = NaN, forgetting = NaN, gain = NaN] =
        cells.map(firstNumber);
      return {
        strategy: /\b[A-Z0-9]{2,}\b/.exec(name)?.[0] ?? name,
        sourceNll,
        targetNll,
        forgetting,
        gain,
      };
    }),
  );
}

/** "−0.123 [−0.2, 0.1]" is −0.123; a dash is no difference. */
function firstNumber(text: string): number {
  const found = /[+−-]?\d+\.\d+/.exec(text)?.[0];
  return found === undefined ? 0 : Number(found.replace('−', '-'));
}

/** Results as CSV, Markdown and LaTeX: each holds what the screen shows. */
async function exportResults(page: Page, table: readonly ResultLine[]): Promise<void> {
  const texts = new Map<string, string>();
  for (const format of ['CSV', 'Markdown', 'LaTeX']) {
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: `Save as ${format}` }).click(),
    ]);
    texts.set(download.suggestedFilename(), await readFile(await download.path(), 'utf8'));
  }
  expect([...texts.keys()]).toEqual(['demo-test.csv', 'demo-test.md', 'demo-test.tex']);
  for (const [name, text] of texts) {
    for (const { sourceNll, targetNll } of table) {
      for (const value of [sourceNll, targetNll]) {
        // The file of full precision has more digits, which round to those of the screen.
        const numbers = [...text.matchAll(/\d+\.\d+/g)].map(([number]) =>
          Number(number).toFixed(3),
        );
        expect(numbers, name).toContain(value.toFixed(3));
      }
    }
  }
}

/** A run's weights as a folder that other programs load. */
async function exportRun(page: Page, folder: string): Promise<void> {
  await page.getByRole('list', { name: 'Compared runs' }).getByRole('link').last().click();
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('New folder').fill(folder);
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  await dialog.getByText('The folder is complete.').waitFor();
  const model = await loadModelFolder(folder);
  expect(model.config.modelType).toBe('bert');
  expect(await readdir(folder)).toContain('README.md');
}
