/** The product in a spec: started, driven, its pictures and complaints kept, and ended. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { TestContext } from 'vitest';
import type { Driver, StartOptions, StartedApp } from '../drivers/driver.ts';
import { Complaints } from './complaints.ts';
import { removeHomes } from './homes.ts';

const PICTURES = join(import.meta.dirname, '../screenshots');

/** How long a click or a look waits for what it wants; a training step of a busy machine is shorter. */
const PATIENCE = 60_000;

export class App {
  readonly started: StartedApp;
  readonly complaints: Complaints;
  #page: Page | undefined;

  static async start(driver: Driver, options: StartOptions): Promise<App> {
    const app = new App(await driver.start(options));
    try {
      await app.open();
      return app;
    } catch (error) {
      await app.started.stop();
      throw error;
    }
  }

  private constructor(started: StartedApp) {
    this.started = started;
    this.complaints = new Complaints(started.context);
  }

  /** The open window. */
  get page(): Page {
    if (this.#page === undefined) throw new Error('The window is closed.');
    return this.#page;
  }

  /** Opens a window and waits for its first screen. */
  async open(): Promise<Page> {
    const page = await this.started.openWindow();
    page.setDefaultTimeout(PATIENCE);
    this.#page = page;
    await this.settled();
    return page;
  }

  async closeWindow(): Promise<void> {
    await this.page.close();
    this.#page = undefined;
  }

  /** Goes to a screen by its address, without a reload. */
  async go(hash: string): Promise<Page> {
    await this.page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
    await this.settled();
    return this.page;
  }

  /** Waits until a screen has its title and nothing on it is still a skeleton. */
  async settled(): Promise<void> {
    await this.page.locator('h1', { hasText: /./ }).waitFor();
    await this.page.locator('main [data-skeleton]').first().waitFor({ state: 'detached' });
  }

  /** Leaves a picture of the window. */
  async picture(name: string): Promise<void> {
    await mkdir(PICTURES, { recursive: true });
    await this.page.screenshot({ path: join(PICTURES, `${name}.png`), animations: 'disabled' });
  }

  async look(theme: 'light' | 'dark'): Promise<void> {
    await this.page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  }

  /** After a failed spec: what the person would have seen, and what the program said. */
  async testify(name: string): Promise<void> {
    if (this.#page !== undefined && !this.#page.isClosed()) {
      await this.picture(`failed-${name.replace(/[^\p{L}\p{N}]+/gu, '-')}`).catch(() => undefined);
    }
    console.log(this.started.printed());
  }
}

/** Starts apps for single specs and ends them after each. */
export function useApps(driver: Driver): (options: StartOptions) => Promise<App> {
  const apps: App[] = [];
  afterEach(async (context) => {
    const ended = apps.splice(0);
    for (const app of ended) await conclude(app, context);
    for (const app of ended) await app.started.stop();
    await removeHomes();
    for (const app of ended) expect(app.complaints.take()).toEqual([]);
  });
  return async (options) => {
    const app = await App.start(driver, options);
    apps.push(app);
    return app;
  };
}

/** One app for all specs of a block. */
export function useSharedApp(driver: Driver, options: () => Promise<StartOptions>): () => App {
  let app: App | undefined;
  beforeAll(async () => {
    app = await App.start(driver, await options());
  });
  afterEach(async (context) => {
    if (app === undefined) return;
    await conclude(app, context);
    expect(app.complaints.take()).toEqual([]);
  });
  afterAll(async () => {
    await app?.started.stop();
    await removeHomes();
  });
  return () => {
    if (app === undefined) throw new Error('The app was not started.');
    return app;
  };
}

async function conclude(app: App, { task }: TestContext): Promise<void> {
  if (task.result?.state === 'fail') await app.testify(task.name);
}
