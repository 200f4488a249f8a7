/** The desktop's own window, where Electron's binary is on this machine. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { _electron } from 'playwright-core';
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

export const electronDriver: Driver = {
  name: 'Electron',
  async start({ home, viewport = { width: 1280, height: 800 } }) {
    const executablePath = electronPath();
    if (executablePath === undefined) throw new Error('There is no Electron on this machine.');
    // Electron itself is told where the program is; a packaged one holds it.
    const isBare = /^electron(\.exe)?$/i.test(basename(executablePath));
    const app = await _electron.launch({
      executablePath,
      args: isBare ? [root] : [],
      env: { ...definedEnvironment(), PALIMPSEST_HOME: home },
    });
    const child = app.process();
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
      });
    }
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    return {
      context: app.context(),
      hostPid: child.pid ?? 0,
      browserPid: undefined,
      async openWindow() {
        const page = await app.firstWindow();
        await page.setViewportSize(viewport);
        await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'light' });
        return page;
      },
      printed: () => printed,
      async quit() {
        await app.evaluate(({ app: program }) => {
          program.quit();
        });
        await ended;
      },
      async stop() {
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
        await ended;
      },
    };
  },
};

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}
