/** Debian's Chromium, or the one in CHROMIUM, before `palimpsest serve`. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import type { Attempt } from '../support/connections.ts';
import type { Driver, StartOptions, StartedApp } from './driver.ts';

const root = join(import.meta.dirname, '../../..');
const CLI = join(root, 'core/headless/cli.ts');

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** The browser's program, or undefined when this machine has none. */
export function chromiumPath(): string | undefined {
  const named = process.env['CHROMIUM'];
  return named ?? PLACES.find((path) => existsSync(path));
}

/**
 * Keeps the browser from what it does by itself. The names of its maker's services are not resolved; any
 * other name that a page makes it ask for still is.
 */
const QUIET = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--no-pings',
  `--host-resolver-rules=${['google.com', 'googleapis.com', 'gstatic.com', 'gvt1.com']
    .flatMap((name) => [`MAP ${name} ~NOTFOUND`, `MAP *.${name} ~NOTFOUND`])
    .join(', ')}`,
];

/**
 * Before it opens any connection, Chromium asks the system for a route to this address to see whether
 * there is IPv6 (net/dns/host_resolver_manager.cc). It sends nothing there.
 */
export const ROUTE_PROBE: Attempt = { address: '2001:4860:4860::8888', port: 443 };

export const chromiumDriver: Driver = {
  name: 'Chromium',
  async start(options) {
    const host = new ServedHost(options);
    try {
      const link = await host.link();
      return await openBrowser(options, host, link);
    } catch (error) {
      await host.stop();
      throw error;
    }
  },
};

async function openBrowser(
  options: StartOptions,
  host: ServedHost,
  link: string,
): Promise<StartedApp> {
  const { browser, pid, remove } = await launch(options.browserPrefix);
  const context = await browser.newContext({
    viewport: options.viewport ?? { width: 1280, height: 800 },
    deviceScaleFactor: options.deviceScaleFactor ?? 1,
    reducedMotion: 'reduce',
    colorScheme: 'light',
    locale: 'en-GB',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  return {
    context,
    hostPid: host.pid,
    browserPid: pid,
    async openWindow() {
      const page = await context.newPage();
      await page.goto(link);
      return page;
    },
    printed: () => host.printed,
    quit: () => host.quit(),
    async stop() {
      await browser.close();
      await host.stop();
      await remove();
    },
  };
}

/** Starts the browser, by way of a script where something goes before it on the command line. */
async function launch(
  prefix: readonly string[] = [],
): Promise<{ browser: Browser; pid: number | undefined; remove: () => Promise<void> }> {
  const program = chromiumPath();
  if (program === undefined) throw new Error('There is no Chromium on this machine.');
  const folder = await mkdtemp(join(tmpdir(), 'palimpsest-browser-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const script = join(folder, 'chromium.sh');
  const pidPath = join(folder, 'pid');
  if (prefix.length > 0) {
    const words = [...prefix, program].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    await writeFile(script, `#!/bin/sh\necho $$ >'${pidPath}'\nexec ${words.join(' ')} "$@"\n`);
    await chmod(script, 0o700);
  }
  const executablePath = prefix.length > 0 ? script : program;
  try {
    const browser = await chromium.launch({ executablePath, args: QUIET });
    const pid = prefix.length > 0 ? Number(await readFile(pidPath, 'utf8')) : undefined;
    return { browser, pid, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** `palimpsest serve` in a process of its own. */
export class ServedHost {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  printed = '';

  /** Without a `port` the system chooses one. */
  constructor({ home, allowedRoots = [], prefix = [] }: StartOptions, port = 0) {
    const roots = allowedRoots.flatMap((folder) => ['--allow-root', folder]);
    const own = [process.execPath, CLI, 'serve', '--home', home, '--port', `${port}`, ...roots];
    const [program = '', ...args] = [...prefix, ...own];
    this.#process = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: dirname(home) });
    this.#ended = once(this.#process, 'close');
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.printed += text;
      });
    }
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error('palimpsest serve was not started.');
    return this.#process.pid;
  }

  get #hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  async link(): Promise<string> {
    for (;;) {
      const link = /http:\/\/\S+?(?=["\s])/.exec(this.printed)?.[0];
      if (link !== undefined) return link;
      if (this.#hasEnded) {
        throw new Error(`palimpsest serve ended before it printed its link:\n${this.printed}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async quit(): Promise<void> {
    this.#process.kill('SIGINT');
    await this.#ended;
  }

  async stop(): Promise<void> {
    if (!this.#hasEnded) this.#process.kill('SIGKILL');
    await this.#ended;
  }
}
