/** Imports by the screens: real files, files of every broken kind, and what is left of those. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { sharedFolder } from '../fixtures/shared.ts';
import { drivers } from './drivers/drivers.ts';
import type { App } from './support/app.ts';
import { useSharedApp } from './support/useApp.ts';
import { BAD_CORPORA, BAD_MODELS, SECRET } from './support/badFiles.ts';
import type { BadInput } from './support/badFiles.ts';
import { newFolder, newHome } from './support/homes.ts';
import { leave } from './support/screens.ts';

const shared = sharedFolder();
const isRoot = process.getuid?.() === 0;

/** To the superuser no file is locked; without these two rights it is as to anyone. */
const RIGHTS = '-dac_override,-dac_read_search';
const AS_ANYONE = ['setpriv', `--bounding-set=${RIGHTS}`, `--inh-caps=${RIGHTS}`];

describe.each(drivers)('imports in $name', (driver) => {
  let home = '';
  let inputs = '';
  const app = useSharedApp(driver, async () => {
    home = await newHome('material');
    inputs = await newFolder();
    return {
      home,
      allowedRoots: [inputs, ...(shared === undefined ? [] : [shared])],
      ...(isRoot ? { prefix: AS_ANYONE } : {}),
    };
  });

  describe('of models', () => {
    it.each(BAD_MODELS)('say what is wrong with $what', async (bad) => {
      const dialog = await openImport(app(), 'models');
      await dialog.getByLabel('Folder').fill(await bad.make(inputs));
      await dialog.getByRole('button', { name: 'Import', exact: true }).click();
      await expectRefusal(app(), dialog, bad, 'model');
      expect(await namesOf(app().page, 'Models')).toEqual(['demo-base']);
      expect(await readdir(join(home, 'models'))).toHaveLength(1);
    });

    it('do not begin with a name that is taken', async () => {
      const dialog = await openImport(app(), 'models');
      await dialog.getByLabel('Folder').fill('/somewhere/else');
      await dialog.getByLabel('Name').fill('demo-base');
      await dialog.getByText('There is a model of this name already.').waitFor();
      const button = dialog.getByRole('button', { name: 'Import', exact: true });
      expect(await button.isDisabled()).toBe(true);
      await close(app(), dialog);
    });

    it.skipIf(shared === undefined)('take a real model by browsing to it', async () => {
      const dialog = await openImport(app(), 'models');
      await dialog.getByRole('button', { name: 'Browse' }).click();
      const list = dialog.getByRole('list', { name: 'Files and folders' });
      for (const name of ['shared', 'models', 'bert-tiny-enwiki']) {
        await list.getByRole('button', { name }).last().click();
        await dialog.locator('[aria-current="location"]', { hasText: name }).waitFor();
      }
      await dialog.getByRole('button', { name: 'Choose this folder' }).click();
      await app().picture('import-model');
      await dialog.getByRole('button', { name: 'Import', exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      const { page } = app();
      await toasts(page).getByText('bert-tiny-enwiki was imported.').waitFor();
      await page.getByRole('button', { name: 'Show', exact: true }).click();
      await page.locator('h1', { hasText: 'bert-tiny-enwiki' }).waitFor();
      const facts = await page.locator('main').innerText();
      // As ../shared/models/README.md describes it.
      for (const fact of ['4,416,698', '30,522']) expect(facts).toContain(fact);
      await app().picture('model-imported');
    });
  });

  describe('of corpora', () => {
    it.each(BAD_CORPORA)('say what is wrong with $what', async (bad) => {
      const dialog = await openImport(app(), 'corpora');
      await namePath(dialog, await bad.make(inputs));
      // Looking into the file says it already, where that is enough to see it; the import says it too.
      await dialog.locator('section[aria-busy="false"]').waitFor();
      await dialog.getByRole('button', { name: 'Import', exact: true }).click();
      await expectRefusal(app(), dialog, bad, 'corpus');
      expect((await namesOf(app().page, 'Corpora')).sort()).toEqual([
        'demo-clinical',
        'demo-general',
      ]);
      expect(await readdir(join(home, 'corpora'))).toHaveLength(2);
    });

    it('do not begin with a name that is taken', async () => {
      const dialog = await openImport(app(), 'corpora');
      await namePath(dialog, '/somewhere/else.txt');
      await dialog.getByLabel('Name').fill('demo-general');
      await dialog.getByText('There is a corpus of this name already.').waitFor();
      const button = dialog.getByRole('button', { name: 'Import', exact: true });
      expect(await button.isDisabled()).toBe(true);
      await close(app(), dialog);
    });

    it.skipIf(shared === undefined)('take a real CSV file with its column and groups', async () => {
      const dialog = await openImport(app(), 'corpora');
      await namePath(dialog, join(shared ?? '', 'data/biomedical/medquad.csv'));
      await dialog.locator('section[aria-busy="false"]').waitFor();
      await choose(dialog, 'Text column', 'answer');
      await choose(dialog, 'Group column', 'focus');
      await app().picture('import-corpus');
      await dialog.getByRole('button', { name: 'Import', exact: true }).click();
      await dialog.waitFor({ state: 'detached', timeout: 300_000 });
      const { page } = app();
      const toast = toasts(page).getByText(/^medquad: [\d,]+ of [\d,]+ documents?/);
      await toast.waitFor();
      const [documents, read] = [...(await toast.innerText()).matchAll(/[\d,]+/g)].map(([text]) =>
        Number(text.replaceAll(',', '')),
      );
      // Its rows, and its different answers white space at their ends aside, by Python's csv module.
      expect([documents, read]).toEqual([15_615, 16_202]);
      await page.getByRole('button', { name: 'Show', exact: true }).click();
      await page.locator('h1', { hasText: 'medquad' }).waitFor();
      await app().picture('corpus-imported');
    });
  });
});

async function openImport(app: App, what: 'models' | 'corpora'): Promise<Locator> {
  await leave(app);
  const page = await app.go(`#/${what}`);
  const one = what === 'models' ? 'a model' : 'a corpus';
  await page.getByRole('button', { name: `Import ${one}` }).click();
  return page.getByRole('dialog', { name: `Import ${one}` });
}

async function namePath(dialog: Locator, path: string): Promise<void> {
  const field = dialog.getByLabel('Files or folders');
  await field.fill(path);
  await field.press('Enter');
}

async function choose(dialog: Locator, label: string, option: string): Promise<void> {
  await dialog.getByLabel(label).click();
  await dialog.page().getByRole('option', { name: option }).click();
}

/** The dialog says what, where and what next, without corpus text, and can be left. */
async function expectRefusal(
  app: App,
  dialog: Locator,
  { what, message, hint }: BadInput,
  kind: string,
): Promise<void> {
  const alerts = dialog.locator('[data-status]').getByRole('alert');
  await alerts.waitFor();
  for (const said of await dialog.getByRole('alert').allInnerTexts()) {
    const [title = '', ...rest] = said.split('\n').filter((line) => line.trim() !== '');
    expect(title).toMatch(message);
    expect(rest.join(' ')).toMatch(hint);
    expect(said).not.toContain(SECRET);
  }
  await app.picture(`bad-${kind}-${what.replaceAll(/\W+/g, '-')}`);
  await close(app, dialog);
}

async function close(app: App, dialog: Locator): Promise<void> {
  await app.page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
}

/** What pops up; a live region says the same to those who do not see it. */
const toasts = (page: Page): Locator => page.getByRole('region', { name: 'Messages' });

/** The names in the list behind the dialog. */
async function namesOf(page: Page, table: string): Promise<string[]> {
  const rows = page.getByRole('grid', { name: table }).locator('tbody tr');
  await rows.first().waitFor();
  return rows.locator('strong').allInnerTexts();
}
