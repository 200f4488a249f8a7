/** The wizard by keyboard alone: six steps, a mistake, a reload in the middle, and the start. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { drivers } from './drivers/drivers.ts';
import type { App } from './support/app.ts';
import { useApps } from './support/useApp.ts';
import { newHome } from './support/homes.ts';
import { chooseRadio, tabTo } from './support/keyboard.ts';

describe.each(drivers)('the wizard in $name', (driver) => {
  const start = useApps(driver);

  it('is walked, corrected, reloaded and started with keys alone', async () => {
    const app = await start({ home: await newHome('material') });
    const { page } = app;
    await page.keyboard.press('n');
    await page.getByRole('heading', { name: 'Which model is tuned?' }).waitFor();
    await page.getByRole('radiogroup', { name: 'Base model' }).waitFor();

    // A radio button is reached by Tab and moved by the arrows.
    await tabTo(page, 'radio', /demo-base/);
    await page.keyboard.press('Space');
    await pictures(app, 'wizard-1-model');
    await next(page, 'Target corpus', 'Which text is it to learn?');

    await chooseRadio(page, /demo-clinical/);
    await pictures(app, 'wizard-2-target');
    await next(page, 'Source corpus', 'Which text must it not forget?');

    await chooseRadio(page, /demo-general/);
    await pictures(app, 'wizard-3-source');

    // A reload keeps the step and all that was chosen.
    await page.reload();
    await page.getByRole('heading', { name: 'Which text must it not forget?' }).waitFor();
    await page.getByRole('radio', { name: /demo-general/, checked: true }).waitFor();
    await next(page, 'Strategies', 'How is it kept from forgetting?');

    await tabTo(page, 'button', /^Add EWC/);
    await page.keyboard.press('Enter');
    await tabTo(page, 'textbox', /^λ/, 'Shift+Tab');
    await page.keyboard.type('10 -100');
    await page.getByText('Must be a number of at least 0').first().waitFor();
    await pictures(app, 'wizard-4-strategies-wrong');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('10 100');
    await page.getByText('2 combinations of λ').waitFor();
    await tabTo(page, 'textbox', /^Seeds/);
    await page.keyboard.type('1 2');
    await tabTo(page, 'checkbox', /^Forgetting guard/);
    await page.keyboard.press('Space');
    await tabTo(page, 'textbox', /^Largest forgetting/);
    await page.keyboard.type('0.5');
    await pictures(app, 'wizard-4-strategies');

    // Back and forth: nothing is lost.
    await tabTo(page, 'button', /^Back/);
    await page.keyboard.press('Enter');
    await page.getByRole('radio', { name: /demo-general/, checked: true }).waitFor();
    await next(page, 'Strategies', 'How is it kept from forgetting?');
    expect(await page.getByLabel('Seeds').inputValue()).toBe('1 2');
    await next(page, 'Settings', 'How is it trained and measured?');

    await chooseRadio(page, /Quick trial/);
    await tabTo(page, 'textbox', /^max_steps/);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('8');
    await tabTo(page, 'textbox', /^max_seq_length/);
    await page.keyboard.type('64');
    await pictures(app, 'wizard-5-settings');
    await next(page, 'Review', 'Review and start');

    await tabTo(page, 'textbox', /^Project name/);
    await page.keyboard.type('by keyboard');
    await page.getByText('name: by keyboard').waitFor();
    await pictures(app, 'wizard-6-review');
    // The only filled button of the screen.
    expect(await page.locator('main .filled').allInnerTexts()).toEqual(['Start']);
    await tabTo(page, 'button', /^Start$/);
    await page.keyboard.press('Enter');
    // Before it stands a Fisher diagonal, which takes minutes on a busy machine.
    await page.waitForURL(/#\/projects\/project-/, { timeout: 300_000 });
    await page.locator('h1', { hasText: 'by keyboard' }).waitFor();
    await pictures(app, 'wizard-started');
  });
});

/** Leaves the step by its button, after which the focus has to be on the next one's heading. */
async function next(page: Page, button: string, heading: string): Promise<void> {
  await tabTo(page, 'button', new RegExp(`^${button}$`));
  await page.keyboard.press('Enter');
  const title = page.getByRole('heading', { name: heading });
  await title.waitFor();
  await expect.poll(() => title.and(page.locator(':focus')).count(), { message: heading }).toBe(1);
}

async function pictures(app: App, name: string): Promise<void> {
  await app.picture(name);
  await app.look('dark');
  await app.picture(`${name}-dark`);
  await app.look('light');
}
