/** Ways over a screen for a person who has no mouse. */
import type { Page } from 'playwright-core';

type Role = 'button' | 'checkbox' | 'radio' | 'textbox';

/** Presses Tab until the focus is on what has this role and name. */
export async function tabTo(page: Page, role: Role, name: RegExp, key = 'Tab'): Promise<void> {
  const wanted = page.getByRole(role, { name });
  await wanted.first().waitFor();
  const reached = wanted.and(page.locator(':focus'));
  for (let presses = 0; presses < 150; presses++) {
    if ((await reached.count()) > 0) return;
    await page.keyboard.press(key);
  }
  throw new Error(`No Tab leads to the ${role} ${String(name)}.`);
}

/** Into the group by Tab, to the one by the arrows. */
export async function chooseRadio(page: Page, name: RegExp): Promise<void> {
  const wanted = page.getByRole('radio', { name });
  await wanted.waitFor();
  const reached = page.locator('input[type="radio"]:focus');
  for (let presses = 0; presses < 60 && (await reached.count()) === 0; presses++) {
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Space');
  for (let presses = 0; presses < 20; presses++) {
    if (await wanted.isChecked()) return;
    await page.keyboard.press('ArrowDown');
  }
  throw new Error(`No arrow leads to ${String(name)}.`);
}
