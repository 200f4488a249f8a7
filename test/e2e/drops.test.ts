/**
 * Files that are dropped on the screens, and those that a browser sends to its host. The drops are the
 * browser's own, of files on the disk, as a person's would be.
 */
import { mkdir, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CDPSession, Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { TEMPORARY_PREFIX } from '../../core/base/files.ts';
import { drivers } from './drivers/drivers.ts';
import type { App } from './support/app.ts';
import { newFolder, newHome } from './support/homes.ts';
import { leave } from './support/screens.ts';
import { useSharedApp } from './support/useApp.ts';

const BASE_MODEL = join(import.meta.dirname, '../../resources/demo/base-model');

const TABLE = [
  'id,note,patient',
  '1,"The wound is clean, dry and intact.",p1',
  '2,"Reports less pain since Tuesday.",p1',
  '3,"Breath sounds clear on both sides.",p2',
  '4,"No fever since the second dose.",p3',
].join('\n');

const LETTERS = [
  ['one.txt', 'Dear colleague, thank you for the visit.'],
  [join('march', 'two.txt'), 'The scan shows no change.'],
  [join('march', 'three.txt'), 'The cough has gone, the dose was halved.'],
] as const;

describe.each(drivers)('files that are dropped in $name', (driver) => {
  let home = '';
  let inputs = '';
  const app = useSharedApp(driver, async () => {
    home = await newHome('material');
    inputs = await newFolder();
    await writeFile(join(inputs, 'ward.csv'), TABLE);
    await mkdir(join(inputs, 'letters', 'march'), { recursive: true });
    for (const [file, text] of LETTERS) await writeFile(join(inputs, 'letters', file), text);
    return { home };
  });
  const isCopied = driver.name === 'Chromium';

  it('on the corpora begin an import of them', async () => {
    const page = await show(app(), 'corpora');
    const drag = await Drag.begin(page, [join(inputs, 'ward.csv')]);
    const words = page.getByText('Drop files or folders to import them as a corpus');
    await drag.over(page.locator('main'), words);
    await app().picture('drop-on-corpora');
    await drag.drop();
    const dialog = page.getByRole('dialog', { name: 'Import a corpus' });
    await dialog.getByText('ward.csv').first().waitFor();
    expect(await dialog.getByText('uploaded').count()).toBe(isCopied ? 1 : 0);
    await dialog.locator('section[aria-busy="false"]').waitFor();
    await app().picture('dropped-table');
    expect(await dialog.getByLabel('Name').inputValue()).toBe('ward');
    await chooseOption(dialog, 'Text column', 'note');
    await importIt(dialog);
    await toast(page, /^ward: 4 of 4 documents/).waitFor();
    expect(await uploadsIn(home)).toEqual([]);
  });

  it('on the dialog, a folder with folders among them, are its corpus', async () => {
    const page = await show(app(), 'corpora');
    await page.getByRole('button', { name: 'Import a corpus' }).click();
    const dialog = page.getByRole('dialog', { name: 'Import a corpus' });
    const drag = await Drag.begin(page, [join(inputs, 'letters')]);
    await drag.over(dialog.getByLabel('Files or folders'), dialog.locator('.picker.over'));
    await drag.drop();
    await dialog.locator('li', { hasText: 'letters' }).waitFor();
    await dialog.locator('section[aria-busy="false"]').waitFor();
    await importIt(dialog);
    await toast(page, /^letters: 3 of 3 documents/).waitFor();
    expect(await uploadsIn(home)).toEqual([]);
  });

  it('on the models begin an import of a folder', async () => {
    const page = await show(app(), 'models');
    const drag = await Drag.begin(page, [BASE_MODEL]);
    const words = page.getByText('Drop a folder to import it as a model');
    await drag.over(page.locator('main'), words);
    await drag.drop();
    const dialog = page.getByRole('dialog', { name: 'Import a model' });
    await dialog.getByLabel('Name').fill('dropped');
    await dialog.getByRole('button', { name: 'Import', exact: true }).click();
    // All of it has arrived: the model is known by its content.
    await dialog.getByText('This model is here already, under the name "demo-base".').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(() => uploadsIn(home)).toEqual([]);
  });

  it('elsewhere are left alone, and the screen stays', async () => {
    const page = await show(app(), 'runs');
    const drag = await Drag.begin(page, [join(inputs, 'ward.csv')]);
    await drag.over(page.locator('main'));
    await drag.drop();
    await page.locator('h1', { hasText: 'Runs' }).waitFor();
    expect(new URL(page.url()).hash).toBe('#/runs');
  });

  describe.runIf(isCopied)('and files that are sent', () => {
    it('by the button are shown by their names and imported', async () => {
      const page = await show(app(), 'corpora');
      await page.getByRole('button', { name: 'Import a corpus' }).click();
      const dialog = page.getByRole('dialog', { name: 'Import a corpus' });
      await dialog.getByRole('button', { name: 'Upload' }).click();
      const chooser = page.waitForEvent('filechooser');
      await page.getByRole('menuitem', { name: 'Upload files' }).click();
      await (await chooser).setFiles([join(inputs, 'ward.csv')]);
      await dialog.locator('li', { hasText: 'ward.csv' }).waitFor();
      await dialog.locator('section[aria-busy="false"]').waitFor();
      await dialog.getByLabel('Name').fill('sent');
      await chooseOption(dialog, 'Text column', 'note');
      await importIt(dialog);
      await toast(page, /^sent: 4 of 4 documents/).waitFor();
      expect(await uploadsIn(home)).toEqual([]);
    });

    it.each([
      ['left out', (dialog: Locator) => dialog.getByLabel('Leave out ward.csv').click()],
      ['given up with the dialog', (dialog: Locator) => dialog.getByText('Cancel').click()],
      ['left by a reload', (dialog: Locator) => dialog.page().reload()],
    ])('are removed from the host when they are %s', async (_, leaveOut) => {
      const page = await show(app(), 'corpora');
      await page.getByRole('button', { name: 'Import a corpus' }).click();
      const dialog = page.getByRole('dialog', { name: 'Import a corpus' });
      const drag = await Drag.begin(page, [join(inputs, 'ward.csv')]);
      await drag.over(dialog.getByLabel('Files or folders'), dialog.locator('.picker.over'));
      await drag.drop();
      await dialog.locator('li', { hasText: 'ward.csv' }).waitFor();
      expect(await uploadsIn(home)).toEqual(['ward.csv']);
      await leaveOut(dialog);
      await expect.poll(() => uploadsIn(home)).toEqual([]);
    });

    it('are none in an empty folder, which is said', async () => {
      await mkdir(join(inputs, 'empty'));
      const page = await show(app(), 'corpora');
      const drag = await Drag.begin(page, [join(inputs, 'empty')]);
      await drag.over(page.locator('main'), page.locator('.veil'));
      await drag.drop();
      const dialog = page.getByRole('dialog', { name: 'Import a corpus' });
      await dialog.getByText('There is no file in what was dropped or chosen.').waitFor();
      await app().picture('dropped-nothing');
    });

    it('can be stopped on their way, and nothing of them stays', async () => {
      const large = join(inputs, 'large.txt');
      await writeFile(large, 'A line.\n');
      await truncate(large, 64 * 2 ** 20);
      const page = await show(app(), 'corpora');
      const session = await page.context().newCDPSession(page);
      await slowDown(session, 256 * 1024);
      await page.getByRole('button', { name: 'Import a corpus' }).click();
      const dialog = page.getByRole('dialog', { name: 'Import a corpus' });
      const drag = await Drag.begin(page, [large]);
      await drag.over(dialog.getByLabel('Files or folders'), dialog.locator('.picker.over'));
      await drag.drop();
      await dialog.getByRole('progressbar', { name: 'Uploading' }).waitFor();
      const button = dialog.getByRole('button', { name: 'Import', exact: true });
      expect(await button.isDisabled()).toBe(true);
      await app().picture('uploading');
      await dialog.getByRole('button', { name: 'Stop' }).click();
      await dialog.getByRole('progressbar').waitFor({ state: 'detached' });
      expect(await dialog.getByRole('alert').count()).toBe(0);
      await slowDown(session, -1);
      await expect.poll(() => uploadsIn(home)).toEqual([]);
    });
  });
});

/** A screen with nothing open on it. */
async function show(app: App, screen: string): Promise<Page> {
  await leave(app);
  return app.go(`#/${screen}`);
}

const toast = (page: Page, words: string | RegExp): Locator =>
  page.getByRole('region', { name: 'Messages' }).getByText(words);

async function importIt(dialog: Locator): Promise<void> {
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

async function chooseOption(dialog: Locator, label: string, option: string): Promise<void> {
  await dialog.getByLabel(label).click();
  await dialog.page().getByRole('option', { name: option }).click();
}

/** Files that uploads have left in the home folder. */
async function uploadsIn(home: string): Promise<string[]> {
  const entries = await readdir(home, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.parentPath.includes(`${TEMPORARY_PREFIX}uploads`))
    .map(({ name }) => name);
}

async function slowDown(session: CDPSession, bytesEachSecond: number): Promise<void> {
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: bytesEachSecond,
  });
}

/** Files in a person's hand, from outside the window. */
class Drag {
  readonly #session: CDPSession;
  readonly #paths: readonly string[];
  #place = { x: 0, y: 0 };

  static async begin(page: Page, paths: readonly string[]): Promise<Drag> {
    return new Drag(await page.context().newCDPSession(page), paths);
  }

  private constructor(session: CDPSession, paths: readonly string[]) {
    this.#session = session;
    this.#paths = paths;
  }

  /** Until it shows on the screen, as a hand does that is never still: a first move may find no page. */
  async over(target: Locator, shown?: Locator): Promise<void> {
    const box = await target.boundingBox();
    if (box === null) throw new Error('What is dragged over is not on the screen.');
    this.#place = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    const move = async (): Promise<boolean> => {
      await this.#send('dragEnter');
      await this.#send('dragOver');
      return shown === undefined || (await shown.isVisible());
    };
    await expect.poll(move, { timeout: 30_000, interval: 200 }).toBe(true);
  }

  async drop(): Promise<void> {
    await this.#send('drop');
    await this.#session.detach();
  }

  #send(type: 'dragEnter' | 'dragOver' | 'drop'): Promise<unknown> {
    const data = { items: [], files: [...this.#paths], dragOperationsMask: 1 };
    return this.#session.send('Input.dispatchDragEvent', { type, ...this.#place, data });
  }
}
