/** The desktop's own window, where Electron's binary is on this machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';
import type { Driver } from './driver.ts';

const root = join(import.meta.dirname, '../../..');
const BINARY = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' };

/** Electron's binary or a packaged program, by PALIMPSEST_ELECTRON or as npm installs it. */
export function electronPath(): string | undefined {
  const named = process.env['PALIMPSEST_ELECTRON'];
  if (named !== undefined && named !== '') return named;
  const { platform } = process;
  const binary = platform === 'darwin' || platform === 'win32' ? BINARY[platform] : 'electron';
  const installed = join(root, 'node_modules/electron/dist', binary);
  return existsSync(installed) ? installed : undefined;
}

/**
 * Over Chromium's own debugging port: a packaged program takes no options of Node, through which
 * Playwright's launcher for Electron speaks.
 */
export const electronDriver: Driver = {
  name: 'Electron',
  async start({ home, prefix = [], viewport = { width: 1280, height: 800 } }) {
    const executablePath = electronPath();
    if (executablePath === undefined) throw new Error('There is no Electron on this machine.');
    const profile = await mkdtemp(join(tmpdir(), 'palimpsest-electron-'));
    // Electron itself is told where the program is; a packaged one holds it.
    const isBare = /^electron(\.exe)?$/i.test(basename(executablePath));
    const switches = [`--user-data-dir=${profile}`, '--remote-debugging-port=0'];
    const own = [executablePath, ...(isBare ? [root] : []), ...switches];
    const [program = '', ...args] = [...prefix, ...own];
    const child = spawn(program, args, {
      env: { ...process.env, PALIMPSEST_HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    const address = Promise.withResolvers<string>();
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
        const found = /DevTools listening on (ws:\S+)/.exec(printed)?.[1];
        if (found !== undefined) address.resolve(found);
      });
    }
    const ended = once(child, 'close').then(async () => {
      address.reject(new Error(`Electron ended before it listened: ${printed}`));
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    });
    const browser = await chromium.connectOverCDP(await address.promise);
    const [context] = browser.contexts();
    if (context === undefined) throw new Error('Electron has no windows to be driven');
    let page: Page | undefined;
    return {
      context,
      hostPid: child.pid ?? 0,
      browserPid: undefined,
      async openWindow() {
        page = context.pages()[0] ?? (await context.waitForEvent('page'));
        await page.setViewportSize(viewport);
        await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'light' });
        return page;
      },
      printed: () => printed,
      async quit() {
        // A signal on Windows would end it without a word; closing the last window asks nothing there
        // unless a run is at work.
        if (process.platform === 'win32') await page?.evaluate('window.close()');
        else child.kill('SIGTERM');
        await ended;
      },
      async stop() {
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
        await ended;
      },
    };
  },
};
