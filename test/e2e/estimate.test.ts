/** What a project will take, on the last step of the wizard: measured, stopped, and asked for again. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { emptyDraft, strategyDraft } from '../../renderer/lib/wizard/draft.ts';
import type { Draft } from '../../renderer/lib/wizard/draft.ts';
import { drivers } from './drivers/drivers.ts';
import { newHome } from './support/homes.ts';
import { useApps } from './support/useApp.ts';

/** Of the real probe on a busy machine. */
const PROBE_PATIENCE = 240_000;

const DRAFT: Draft = {
  ...emptyDraft(),
  step: 'review',
  reached: 5,
  baseModel: 'demo-base',
  targetCorpus: 'demo-clinical',
  source: { evaluation: 'demo-general', isApart: false, rehearsal: '', fisher: '' },
  strategies: [
    strategyDraft(true),
    strategyDraft(false),
    strategyDraft(false, { l2: { lambda: '0.1 1' } }),
  ],
  seeds: '1 2',
  settings: { 'training.max_steps': '40', 'training.max_seq_length': '32' },
};

describe.each(drivers)('the estimate in $name', (driver) => {
  const start = useApps(driver);

  it('comes by itself, is stopped and repeated, and is kept under another name', async () => {
    const app = await start({ home: await newHome('material') });
    const { page } = app;
    await review(page, DRAFT);
    await page.getByRole('button', { name: 'Stop measuring' }).click();
    await page.getByText('Nothing was measured.').waitFor();
    await page.getByRole('button', { name: 'Measure', exact: true }).click();

    const again = page.getByRole('button', { name: 'Measure again' });
    await again.waitFor({ timeout: PROBE_PATIENCE });
    await page.getByText(/ to .*, for 7 runs/).waitFor();
    const section = page.getByRole('region', { name: 'What it will take' });
    const rows = await section.locator('tbody tr').allInnerTexts();
    expect(rows.map((row) => row.split(/\s/)[0])).toEqual(['NDT', 'SDT', 'L2', 'Once,']);
    expect(rows[1]).toMatch(/2\s+[\d.,]+ (ms|s)\s/);
    for (const name of ['Memory', 'Disk', 'Evaluating', 'Once', 'Measured']) {
      await section.getByText(name, { exact: true }).waitFor();
    }
    await app.picture('wizard-6-estimate');
    await app.look('dark');
    await app.picture('wizard-6-estimate-dark');

    // A name changes nothing of what was measured, nor does a look at another step.
    const measured = await section.innerText();
    const measuring = page.getByRole('button', { name: 'Stop measuring' });
    await page.getByLabel('Project name').fill('another name');
    await page.getByText('name: another name').waitFor();
    expect(await measuring.count()).toBe(0);
    expect(await section.innerText()).toBe(measured);
    await page.getByRole('button', { name: /^Back/ }).click();
    await page.getByRole('heading', { name: 'How is it trained and measured?' }).waitFor();
    await page.getByRole('button', { name: 'Review', exact: true }).last().click();
    // Sooner than anything is measured.
    await expect.poll(() => section.innerText()).toBe(measured);
    expect(await measuring.count()).toBe(0);
    expect(await page.locator('main .filled').allInnerTexts()).toEqual(['Start']);
  });

  it('waits until the project is complete', async () => {
    const app = await start({ home: await newHome('material') });
    await review(app.page, { ...DRAFT, targetCorpus: '' });
    await app.page.getByText('A few steps are timed on this machine as soon as').waitFor();
    expect(await app.page.getByRole('button', { name: /Measure|measuring/ }).count()).toBe(0);
  });
});

/** The wizard's last step with a draft that an earlier visit left. */
async function review(page: Page, draft: Draft): Promise<void> {
  await page.evaluate(
    `localStorage.setItem('palimpsest.project-draft.1', ${JSON.stringify(JSON.stringify(draft))})`,
  );
  await page.reload();
  await page.locator('h1', { hasText: /./ }).waitFor();
  await page.keyboard.press('n');
  await page.getByRole('heading', { name: 'What it will take' }).waitFor();
}
