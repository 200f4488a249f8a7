/** Finished runs beside each other: settings, curves that share a view, and what is copied of them. */
import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { drivers } from './drivers/drivers.ts';
import { useSharedApp } from './support/useApp.ts';
import { newHome } from './support/homes.ts';
import { projectText } from './support/project.ts';
import { readIds } from './support/screens.ts';

describe.each(drivers)('what is finished in $name', (driver) => {
  const app = useSharedApp(driver, async () => ({ home: await newHome('study') }));

  it('is compared by its settings and by curves that share one view', async () => {
    const { runs } = await readIds(app());
    const page = await app().go(`#/compare?runs=${[runs.at(2), runs.at(-1)].join(',')}`);

    const settings = page.getByRole('group', { name: 'Configuration' }).locator('tbody tr');
    await settings.first().waitFor();
    const differing = await settings.count();
    const showsAll = page.getByRole('checkbox', { name: 'Show all' });
    await showsAll.check();
    await expect.poll(() => settings.count()).toBeGreaterThan(differing + 10);
    await showsAll.uncheck();
    await expect.poll(() => settings.count()).toBe(differing);

    const chart = page.getByRole('img', { name: /^Target loss in training/ });
    await page.getByRole('button', { name: 'Charts' }).click();
    const choice = page.getByRole('menuitemcheckbox', { name: 'Target loss in training' });
    const isShown = (await choice.getAttribute('aria-checked')) === 'true';
    if (isShown) await page.keyboard.press('Escape');
    else await choice.click();
    await chart.waitFor();
    await chart.scrollIntoViewIfNeeded();
    await app().picture('compare-smoothed');

    // Without smoothing the summary and the picture are of what was measured.
    const smoothing = page.getByRole('slider', { name: 'Smoothing' });
    let before = await drawn(chart);
    const said = await chart.getAttribute('aria-label');
    await smoothing.focus();
    await page.keyboard.press('Home');
    await expectRedrawn(chart, before);
    expect(await chart.getAttribute('aria-label')).not.toBe(said);
    expect(await smoothing.getAttribute('aria-valuetext')).toBe('0.00');

    before = await drawn(chart);
    await page.getByRole('radio', { name: 'Log' }).click();
    await expectRedrawn(chart, before);
    before = await drawn(chart);
    await page.getByRole('radio', { name: 'Time' }).click();
    await expectRedrawn(chart, before);
    expect(await chart.getAttribute('aria-label')).toMatch(/\d:\d\d/);
    await app().picture('compare-log-over-time');
    await page.getByRole('radio', { name: 'Step' }).click();
    await page.getByRole('radio', { name: 'Linear' }).click();

    // The pointer in one chart shows its position and the values there in all of them.
    const charts = page.getByRole('img', { name: /nats a token/ });
    const readouts = page.locator('figure').getByRole('status');
    expect(await charts.count()).toBeGreaterThan(1);
    await charts.nth(0).hover();
    await expect.poll(() => readouts.count()).toBe(await charts.count());
    const positions = await readouts.evaluateAll((all: { innerText: string }[]) =>
      all.map(({ innerText }) => innerText.split('\n')[0]),
    );
    expect(positions[0]).toMatch(/^step \d+$/);
    expect(new Set(positions).size).toBe(1);
    await app().picture('compare-crosshair');
    await page.mouse.move(0, 0);
    await expect.poll(() => readouts.count()).toBe(0);

    await page.getByRole('button', { name: 'Target loss in training as a table' }).click();
    await page.getByRole('button', { name: 'Copy all as CSV' }).click();
    const lines = (await clipboard(page)).split('\n');
    expect(lines[0]).toMatch(/^step,.*SDT.*EWC/);
    // 24 steps, logged after every second one.
    expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(
      Array.from({ length: 12 }, (_, index) => String(2 * (index + 1))),
    );
  });

  it('is asked about one text in two states', async () => {
    const { runs } = await readIds(app());
    const [sdt, ewc] = [runs.at(2) ?? '', runs.at(-1) ?? ''];
    const page = await app().go(`#/playground?models=run:${sdt},run:${ewc}`);
    await page.getByLabel('Text', { exact: true }).fill('the [MASK] has a fever');
    await page.getByRole('button', { name: 'Fill the masks' }).click();
    const tables = page.locator('.results section').getByRole('table');
    await expect.poll(() => tables.count(), { timeout: 30_000 }).toBe(2);
    const [left, right] = await tables.allInnerTexts();
    expect(left).not.toBe(right);
    await app().picture('playground-two-runs');
  });

  it('is told of, with the system, by what is copied', async () => {
    const page = await app().go('#/system');
    const copy = page.getByRole('button', { name: 'Copy diagnostics' });
    await page
      .getByRole('button', { name: 'Check again' })
      .and(page.locator(':not([aria-busy])'))
      .waitFor();
    await copy.click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const text = await clipboard(page);
    expect(text).toMatch(/^Palimpsest \d+\.\d+/m);
    expect(text).toMatch(/onnxruntime|ONNX Runtime/i);

    await app().go('#/projects/new');
    await page.getByRole('button', { name: 'Open a project file' }).click();
    await page.getByLabel('Text of the file').fill(projectText());
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.getByText('name: draft').waitFor();
    await page.getByRole('button', { name: 'Copy the project file' }).click();
    await expect.poll(() => clipboard(page)).toMatch(/^name: draft$/m);
    expect(await clipboard(page)).toMatch(/ewc:/);
  });

  it('is seen in the theme that was chosen, after a reload too', async () => {
    const page = await app().go('#/projects');
    const ground = (): Promise<string> =>
      page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(await ground()).not.toBe(DARK);
    await page.getByRole('button', { name: 'Look and keys' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Dark' }).click();
    // The ground goes over to its new colour by and by.
    await expect.poll(ground).toBe(DARK);
    await page.reload();
    await app().settled();
    await expect.poll(ground).toBe(DARK);
    await app().picture('theme-after-reload');
  });
});

/** The ground of the dark theme, see renderer/styles/tokens.css. */
const DARK = 'oklch(0.182 0.006 220)';

const clipboard = (page: Page): Promise<string> => page.evaluate('navigator.clipboard.readText()');

/** The picture of a chart's curves, crosshair left out. */
const drawn = (chart: Locator): Promise<string> =>
  chart
    .locator('canvas')
    .first()
    .evaluate((canvas: { toDataURL(): string }) => canvas.toDataURL());

const expectRedrawn = (chart: Locator, before: string): Promise<void> =>
  expect.poll(async () => (await drawn(chart)) === before).toBe(false);
