/** A window whose connection to the host breaks off and comes back. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page, WebSocketRoute } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { ServedHost, chromiumDriver } from './drivers/chromium.ts';
import { newFolder, newHome } from './support/homes.ts';
import { layoutFaults } from './support/pageChecks.ts';
import { readIds } from './support/screens.ts';
import { useApps } from './support/useApp.ts';

/** The window's connection, which can be cut, and what was asked for curves over it. */
class Line {
  readonly #cuts: (() => Promise<void>)[] = [];
  readonly asked: string[] = [];

  async attach(page: Page): Promise<void> {
    await page.routeWebSocket(/./, (window: WebSocketRoute) => {
      const host = window.connectToServer();
      window.onMessage((message) => {
        const text = String(message);
        if (text.includes('"runs/curves"')) this.asked.push(text);
        host.send(message);
      });
      this.#cuts.push(() => window.close());
    });
  }

  async cut(): Promise<void> {
    await this.#cuts.at(-1)?.();
  }
}

// Electron's window has another kind of line, over which the same calls go.
describe('a break of the connection', () => {
  const start = useApps(chromiumDriver);

  it('has every curve read anew, its detail too', async () => {
    const app = await start({ home: await newHome('study') });
    const { page } = app;
    const { runs } = await readIds(app);
    const line = new Line();
    await line.attach(page);
    await page.evaluate(`location.hash = '#/compare?runs=${runs.slice(0, 2).join(',')}'`);
    await page.reload();
    const charts = page.getByRole('region', { name: 'Curves' }).getByRole('img');
    await charts.first().waitFor();
    const shown = namesIn(line.asked);
    expect(shown.length).toBeGreaterThan(0);
    await charts.first().focus();
    await page.keyboard.press('+');
    const detailed = (): string[] => line.asked.filter((message) => message.includes('"fromStep"'));
    await expect.poll(detailed).not.toEqual([]);

    line.asked.length = 0;
    await line.cut();
    const again = { timeout: 10_000 };
    await expect.poll(() => namesIn(line.asked), again).toEqual(shown);
    await expect.poll(detailed, again).not.toEqual([]);
    await app.picture('reconnected-curves');
  });

  it('leaves an import at work, which is seen and stopped from the frame', async () => {
    const inputs = await newFolder();
    const app = await start({ home: await newHome('empty'), allowedRoots: [inputs] });
    const { page } = app;
    const path = join(inputs, 'many.jsonl');
    await writeFile(path, manyDocuments());
    const line = new Line();
    await line.attach(page);
    await page.evaluate(`location.hash = '#/corpora'`);
    await page.reload();
    await page.getByRole('button', { name: 'Import a corpus' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Import a corpus' });
    await dialog.getByLabel('Files or folders').fill(path);
    await dialog.getByLabel('Files or folders').press('Enter');
    await dialog.locator('section[aria-busy="false"]').waitFor();
    await dialog.getByRole('button', { name: 'Import', exact: true }).click();
    const frame = page.getByRole('region', { name: 'At work' });
    await frame.getByRole('listitem').waitFor();

    await line.cut();
    await dialog.getByText('The connection was lost before the answer came.').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await frame.getByRole('listitem').waitFor();
    await app.picture('import-after-a-break');
    // At 200 % the rail has icons alone.
    await page.setViewportSize({ width: 512, height: 350 });
    await frame.getByRole('button', { name: /^At work: / }).click();
    const work = page.getByRole('dialog', { name: 'At work' });
    await work.getByRole('listitem').waitFor();
    await app.picture('import-after-a-break-200-percent');
    expect((await page.evaluate(layoutFaults)).join('\n')).toBe('');
    await work.getByRole('button', { name: /^Stop/ }).click();
    await work.waitFor({ state: 'detached' });
    await page.getByText('No corpora yet').waitFor();
  });

  it('is told from a host that was started again and does not know the window', async () => {
    const home = await newHome('empty');
    const app = await start({ home });
    const { page } = app;
    app.complaints.expect(/WebSocket|ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|\b401\b/);
    await app.started.quit();
    await page.getByText('There is no connection to Palimpsest.').waitFor();
    await app.picture('host-away');

    const again = new ServedHost({ home }, Number(new URL(page.url()).port));
    try {
      const link = await again.link();
      await page.getByText('This browser is not signed in to Palimpsest.').waitFor();
      await app.picture('host-started-again');
      const other = await app.started.context.newPage();
      await other.goto(link);
      await other.locator('h1', { hasText: /./ }).waitFor();
      await page.getByRole('button', { name: 'Try now' }).click();
      await page.getByText('This browser is not signed in').waitFor({ state: 'detached' });
      await app.picture('host-known-again');
    } finally {
      await again.stop();
    }
  });
});

/** So many different documents that their import outlasts a break. */
function manyDocuments(): string {
  const words = (at: number): string =>
    Array.from({ length: 40 }, (_, word) => `word${(at * 7919 + word * 104_729) % 50_021}`).join(
      ' ',
    );
  const document = (at: number): string => JSON.stringify({ text: words(at) });
  return Array.from({ length: 150_000 }, (_, at) => document(at)).join('\n');
}

/** Of the series whose points were asked for. */
function namesIn(messages: readonly string[]): string[] {
  const names = messages.flatMap((message) => {
    const found = /"names":\[([^\]]*)\]/.exec(message)?.[1] ?? '';
    return found === '' ? [] : found.split(',');
  });
  return [...new Set(names)].sort();
}
