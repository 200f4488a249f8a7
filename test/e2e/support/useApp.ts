/** The product in a spec: ended after it, whatever came of it, and asked for complaints. */
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { TestContext } from 'vitest';
import type { Driver, StartOptions } from '../drivers/driver.ts';
import { App } from './app.ts';
import { removeHomes } from './homes.ts';

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
