/** A window whose connection to the host breaks off and comes back. */
import type { Page, WebSocketRoute } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { chromiumDriver } from './drivers/chromium.ts';
import { newHome } from './support/homes.ts';
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
  });
});

/** Of the series whose points were asked for. */
function namesIn(messages: readonly string[]): string[] {
  const names = messages.flatMap((message) => {
    const found = /"names":\[([^\]]*)\]/.exec(message)?.[1] ?? '';
    return found === '' ? [] : found.split(',');
  });
  return [...new Set(names)].sort();
}
