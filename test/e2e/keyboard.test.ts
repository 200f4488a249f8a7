/** What keys do where a mouse is not used: choices, busy buttons, and the menus of rows. */
import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { drivers } from './drivers/drivers.ts';
import { useSharedApp } from './support/useApp.ts';
import { newHome } from './support/homes.ts';
import { tabTo } from './support/keyboard.ts';
import { leave, readIds } from './support/screens.ts';

describe.each(drivers)('keys in $name', (driver) => {
  const app = useSharedApp(driver, async () => ({ home: await newHome('study') }));

  it('that choose in a list do nothing else', async () => {
    const { runs } = await readIds(app());
    const page = await app().go(`#/compare?runs=${runs.toReversed().join(',')}`);
    const reference = page.getByRole('combobox', { name: /^Differences from/ });
    await reference.focus();
    expect(await reference.innerText()).not.toMatch(/NDT/);
    // Anywhere else this is the key for a new project.
    await page.keyboard.press('n');
    await expect.poll(() => reference.innerText()).toMatch(/NDT/);
    expect(new URL(page.url()).hash).toMatch(/^#\/compare/);
  });

  it('leave the focus on a button while its work goes on, and after it', async () => {
    const page = await app().go('#/system');
    const check = page.getByRole('button', { name: 'Check again' });
    const idle = check.and(page.locator(':not([aria-busy])'));
    await idle.waitFor();
    await check.focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done)))');
    expect(await hasFocus(check)).toBe(true);
    await idle.waitFor();
    expect(await hasFocus(check)).toBe(true);

    const { corpus } = await readIds(app());
    await app().go(`#/corpora/${corpus}`);
    await tabTo(page, 'button', /^Measure$/);
    await page.keyboard.press('Enter');
    await page.getByText('Words split most').waitFor();
    expect(await hasFocus(page.getByRole('button', { name: 'Measure again' }))).toBe(true);
  });

  it('open the menu of a row, and give the focus back to it', async () => {
    const page = await app().go('#/runs');
    const first = page.getByRole('grid', { name: 'Runs' }).locator('tr[data-index="0"]');
    await page.keyboard.press('j');
    await expect.poll(() => hasFocus(first)).toBe(true);
    await page.keyboard.press('ArrowDown');
    const row = page.getByRole('grid', { name: 'Runs' }).locator('tr[data-index="1"]');
    for (const key of ['Shift+F10', 'ContextMenu', 'm']) {
      await expect.poll(() => hasFocus(row), { message: `before ${key}` }).toBe(true);
      await page.keyboard.press(key);
      await page.getByRole('menu').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('menu').waitFor({ state: 'detached' });
    }
    await page.keyboard.press('m');
    await page.getByRole('menuitem', { name: /note/ }).waitFor();
    await app().picture('runs-menu-by-key');
    await chooseItem(page, /note/);
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('Written without a mouse.');
    await page.keyboard.press('ControlOrMeta+Enter');
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(() => hasFocus(row)).toBe(true);
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Menu of the row').waitFor();
    await leave(app());
  });

  it('held with a click on a box choose the rows up to it, and every box says so', async () => {
    const page = await app().go('#/runs');
    const boxes = page.getByRole('grid', { name: 'Runs' }).locator('tbody input[type="checkbox"]');
    await boxes.nth(1).click();
    await boxes.nth(3).click({ modifiers: ['Shift'] });
    const states = (): Promise<boolean[]> =>
      Promise.all([0, 1, 2, 3, 4].map((index) => boxes.nth(index).isChecked()));
    await expect.poll(states).toEqual([false, true, true, true, false]);
    // One that is in the range already stays.
    await boxes.nth(2).click({ modifiers: ['Shift'] });
    await expect.poll(states).toEqual([false, true, true, true, false]);
    await boxes.nth(2).click();
    await expect.poll(states).toEqual([false, true, false, true, false]);
    await app().picture('runs-chosen-with-shift');
  });
});

const hasFocus = async (element: Locator): Promise<boolean> =>
  (await element.and(element.page().locator(':focus')).count()) > 0;

/** By the arrows, as the mouse is not used. */
async function chooseItem(page: Page, name: RegExp): Promise<void> {
  const item = page.getByRole('menuitem', { name });
  for (let presses = 0; presses < 20; presses++) {
    if (await hasFocus(item)) {
      await page.keyboard.press('Enter');
      return;
    }
    await page.keyboard.press('ArrowDown');
  }
  throw new Error(`No arrow leads to ${String(name)}.`);
}
