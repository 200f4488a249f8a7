/** The product as a person has it before them: started, driven, its pictures and complaints kept. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Driver, StartOptions, StartedApp } from '../drivers/driver.ts';
import { Complaints } from './complaints.ts';

const PICTURES = join(import.meta.dirname, '../screenshots');

/** How long a click or a look waits for what it wants; a training step of a busy machine is shorter. */
const PATIENCE = 30_000;
/** How long a screen may have skeletons: an estimate takes a minute of steps. */
const READING_PATIENCE = 240_000;

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
    const skeleton = this.page.locator('main [data-skeleton]').first();
    await skeleton.waitFor({ state: 'detached', timeout: READING_PATIENCE });
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
