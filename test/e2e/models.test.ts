/** A model that is removed and put back, and one that is asked beside itself. */
import { describe, expect, it } from 'vitest';
import { drivers } from './drivers/drivers.ts';
import { newHome } from './support/homes.ts';
import { useApps } from './support/useApp.ts';

describe.each(drivers)('models in $name', (driver) => {
  const start = useApps(driver);

  it('can be restored long after the message of their removal has gone', async () => {
    const app = await start({ home: await newHome('material') });
    const { page } = app;
    await page.evaluate("location.hash = '#/models'");
    await page.getByRole('row').filter({ hasText: 'demo-base' }).dblclick();
    await page.locator('h1', { hasText: 'demo-base' }).waitFor();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    const removed = page.getByRole('region', { name: 'Removed' });
    await removed.getByText('demo-base').waitFor();
    await page.reload();
    await page.getByText('No models yet').waitFor();
    await removed.waitFor();
    await app.picture('models-removed');
    await removed.getByRole('button', { name: 'Restore demo-base' }).click();
    await page.getByRole('row').filter({ hasText: 'demo-base' }).waitFor();
    expect(await removed.count()).toBe(0);
  });

  it('can be asked beside themselves', async () => {
    const app = await start({ home: await newHome('material') });
    const { page } = app;
    await page.evaluate("location.hash = '#/models'");
    await page.getByRole('row').filter({ hasText: 'demo-base' }).dblclick();
    await page.locator('h1', { hasText: 'demo-base' }).waitFor();
    const id = /#\/models\/(.+)/.exec(page.url())?.[1] ?? '';
    await page.evaluate(`location.hash = '#/playground?models=model:${id},model:${id}'`);
    await page.getByLabel('Text', { exact: true }).fill('the [MASK] has a fever');
    await page.getByRole('button', { name: 'Fill the masks' }).click();
    const sides = page.getByRole('region', { name: /demo-base/ });
    await sides.nth(1).waitFor();
    expect(await sides.count()).toBe(2);
    await app.picture('playground-sides');
  });
});
