/** A run goes on whatever happens to the window, the host or the trainer, and the screen says how. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { drivers } from './drivers/drivers.ts';
import type { App } from './support/app.ts';
import { useApps } from './support/useApp.ts';
import { newHome } from './support/homes.ts';
import { trainingProcess } from './support/processes.ts';
import {
  LONG_PROJECT,
  openFirstRun,
  startProject,
  targetLoss,
  waitForPoints,
} from './support/project.ts';

describe.each(drivers)('a run in $name', (driver) => {
  const start = useApps(driver);

  /** An app with a run at work whose screen is open. */
  async function running(home: string): Promise<App> {
    const app = await start({ home });
    await startProject(app.page, LONG_PROJECT);
    await openFirstRun(app.page);
    return app;
  }

  it('has its whole history after a reload, and goes on without a window', async () => {
    const app = await running(await newHome('material'));
    await waitForPoints(app.page, 20);
    await app.picture('run-live');
    const before = await targetLoss(app.page);
    expect(before.size).toBeGreaterThanOrEqual(20);

    await app.page.reload();
    await app.settled();
    await waitForPoints(app.page, before.size);
    const after = await targetLoss(app.page);
    expectHolds(after, before);
    await app.picture('run-reloaded');

    const address = new URL(app.page.url()).hash;
    await app.closeWindow();
    const pid = trainingProcess(app.started.hostPid);
    await app.open();
    await app.go(address);
    await waitForPoints(app.page, after.size + 10);
    expectHolds(await targetLoss(app.page), after);
    // The same process: nothing was begun anew.
    expect(trainingProcess(app.started.hostPid)).toBe(pid);
  });

  it('is saved when the host is ended, and continued by itself at the next start', async () => {
    const home = await newHome('material');
    const app = await running(home);
    await waitForPoints(app.page, 15);
    const before = await targetLoss(app.page);
    const address = new URL(app.page.url()).hash;
    app.complaints.expect(/WebSocket|ERR_CONNECTION|ERR_EMPTY|status of|from \/session/);
    await app.started.quit();
    const saved = /is saved at step ([\d,]+) and goes on at the next start/.exec(
      app.started.printed(),
    )?.[1];
    expect(saved).toBeDefined();
    if (driver.name === 'Chromium') {
      // The window that is left says what it knows.
      await app.page.getByText('There is no connection to Palimpsest.').waitFor();
      await app.page
        .getByText(`The checkpoint of step ${saved} is kept; nothing is lost.`)
        .waitFor();
      await app.picture('run-host-gone');
    }

    const next = await start({ home });
    await next.go(address);
    await stateOf(next.page, 'running');
    await next.page.getByRole('tab', { name: 'Log' }).click();
    await next.page.getByText(`Attempt 2 resumed from step ${saved}`).waitFor();
    await waitForPoints(next.page, before.size + 10);
    expectHolds(await targetLoss(next.page), before);
    await next.picture('run-continued');
  });

  it('is paused, resumed and cancelled by its buttons', async () => {
    const app = await running(await newHome('material'));
    const { page } = app;
    const controls = page.getByRole('complementary', { name: 'State and figures' });
    await waitForPoints(page, 5);
    await controls.getByRole('button', { name: 'Pause' }).click();
    await stateOf(page, 'paused');
    const resume = controls.getByRole('button', { name: /^Resume from step [\d,]+$/ });
    await resume.waitFor();
    await app.picture('run-paused');
    // At 200 % its facts are behind a button of the rail.
    await page.setViewportSize({ width: 512, height: 350 });
    await page.getByRole('button', { name: /^At work: .*seed 1: paused/ }).click();
    const work = page.getByRole('dialog', { name: 'At work' });
    await work.getByRole('link', { name: /seed 1.*paused/ }).waitFor();
    await app.picture('run-paused-200-percent');
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 1280, height: 800 });
    const points = (await targetLoss(page)).size;
    await resume.click();
    await stateOf(page, 'running');
    await waitForPoints(page, points + 5);

    await controls.getByRole('button', { name: 'Cancel' }).click();
    const dialog = page.getByRole('alertdialog').or(page.getByRole('dialog'));
    await dialog.getByText('A cancelled run cannot be resumed.').waitFor();
    await app.picture('run-cancel-asked');
    // Escape takes it back.
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await stateOf(page, 'running');
    await controls.getByRole('button', { name: 'Cancel' }).click();
    await dialog.getByRole('button', { name: 'Cancel the run' }).click();
    await stateOf(page, 'cancelled');
    await controls
      .getByRole('button', { name: /Pause|Resume|Cancel/ })
      .first()
      .waitFor({ state: 'detached' });
    await app.picture('run-cancelled');
    expect((await targetLoss(page)).size).toBeGreaterThan(points);
  });

  it('whose trainer is killed is shown as interrupted, with the reason, and resumed by its button', async () => {
    const app = await running(await newHome('material'));
    const { page } = app;
    await waitForPoints(page, 15);
    process.kill(trainingProcess(app.started.hostPid), 'SIGKILL');
    await stateOf(page, 'interrupted');
    const notice = page.getByRole('alert').filter({ hasText: /Interrupted at step/ });
    await notice.waitFor();
    const said = await notice.innerText();
    expect(said).toMatch(/SIGKILL|killed/i);
    expect(said).toMatch(/The checkpoint of step [\d,]+ is kept/);
    await app.picture('run-killed');
    const before = await targetLoss(page);
    const resume = notice.getByRole('button', { name: /^Resume from step [\d,]+$/ });
    const from = Number(/step ([\d,]+)/.exec(await resume.innerText())?.[1]?.replaceAll(',', ''));
    await resume.click();
    await stateOf(page, 'running');
    await notice.waitFor({ state: 'detached' });
    await waitForPoints(page, before.size + 5);
    // Steps after the checkpoint were done again; those before it stand.
    const kept = [...before].filter(([step]) => Number(step.replaceAll(',', '')) <= from);
    expect(kept.length).toBeGreaterThan(5);
    expectHolds(await targetLoss(page), new Map(kept));
    await app.picture('run-resumed');
  });
});

/** Waits for the word beside the run's controls. */
async function stateOf(page: Page, state: string): Promise<void> {
  const side = page.getByRole('complementary', { name: 'State and figures' });
  await side.getByText(state, { exact: true }).first().waitFor();
}

function expectHolds(whole: ReadonlyMap<string, string>, part: ReadonlyMap<string, string>): void {
  for (const [step, value] of part) expect(whole.get(step), `step ${step}`).toBe(value);
}
