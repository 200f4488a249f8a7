/**
 * The product in a spec: ended after it, whatever came of it, and asked for complaints and for attempts
 * to leave the machine.
 */
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { TestContext } from 'vitest';
import type { Driver, StartOptions } from '../drivers/driver.ts';
import { App } from './app.ts';
import { removeHomes } from './homes.ts';
import { watch } from './watch.ts';
import type { Watch } from './watch.ts';

interface WatchedApp {
  readonly app: App;
  readonly attempts: Watch['attempts'];
}

async function startWatched(driver: Driver, options: StartOptions): Promise<WatchedApp> {
  const { options: watched, attempts } = await watch(driver, options);
  return { app: await App.start(driver, watched), attempts };
}

/** Starts apps for single specs and ends them after each. */
export function useApps(driver: Driver): (options: StartOptions) => Promise<App> {
  const started: WatchedApp[] = [];
  afterEach(async (context) => {
    const ended = started.splice(0);
    for (const { app } of ended) await conclude(app, context);
    for (const { app } of ended) await app.started.stop();
    for (const each of ended) await expectNoAttempts(each);
    await removeHomes();
    for (const { app } of ended) expect(app.complaints.take()).toEqual([]);
  });
  return async (options) => {
    const each = await startWatched(driver, options);
    started.push(each);
    return each.app;
  };
}

/** One app for all specs of a block. */
export function useSharedApp(driver: Driver, options: () => Promise<StartOptions>): () => App {
  let shared: WatchedApp | undefined;
  beforeAll(async () => {
    shared = await startWatched(driver, await options());
  });
  afterEach(async (context) => {
    if (shared === undefined) return;
    await conclude(shared.app, context);
    expect(shared.app.complaints.take()).toEqual([]);
  });
  afterAll(async () => {
    try {
      await shared?.app.started.stop();
      if (shared !== undefined) await expectNoAttempts(shared);
    } finally {
      await removeHomes();
    }
  });
  return () => {
    if (shared === undefined) throw new Error('The app was not started.');
    return shared.app;
  };
}

async function expectNoAttempts({ app, attempts }: WatchedApp): Promise<void> {
  expect(await attempts(app.started.hostPid), 'connections out of the machine').toEqual([]);
}

async function conclude(app: App, { task }: TestContext): Promise<void> {
  if (task.result?.state === 'fail') await app.testify(task.name);
}
