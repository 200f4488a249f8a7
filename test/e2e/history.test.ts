/** The history of runs: found, chosen and annotated, by mouse and by keys; read badly; and added to. */
import type { Locator, Page, WebSocketRoute } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { chromiumDriver } from './drivers/chromium.ts';
import { drivers } from './drivers/drivers.ts';
import { newHome } from './support/homes.ts';
import { useApps } from './support/useApp.ts';

/** What the cells of a column say, from the first row on. */
async function column(table: Locator, title: string): Promise<string[]> {
  const heads = await table.locator('thead th').allInnerTexts();
  const place = heads.findIndex((head) => head.trim().startsWith(title));
  const cells = await table.locator(`tbody tr td:nth-child(${place + 1})`).allInnerTexts();
  return cells.map((cell) => cell.trim());
}

describe.each(drivers)('the history in $name', (driver) => {
  const start = useApps(driver);

  it('is filtered, sorted, chosen and annotated', async () => {
    const app = await start({ home: await newHome('study') });
    const page = await app.go('#/runs');
    const table = page.getByRole('grid', { name: 'Runs' });
    const bar = page.locator('[aria-live="polite"]', { hasText: /run/ }).first();
    const chosen = (words: string): Promise<void> =>
      bar.getByText(words, { exact: true }).waitFor();
    const rows = table.locator('tbody tr');
    await rows.nth(8).waitFor();

    // A filter by keys, kept as a view.
    await page.keyboard.press('/');
    await page.keyboard.type('strategy:ewc,rh -purpose:sweep');
    await chosen('4 of 9 runs');
    await page.getByRole('button', { name: 'Filter fields and views' }).click();
    await page.getByRole('button', { name: 'Save the filter as a view' }).click();
    await app.picture('history-view-saved');
    await page.keyboard.press('Escape');

    // By a column, both ways.
    const byTarget = table.getByRole('button', { name: /^Target/ });
    await byTarget.click();
    const rising = (await column(table, 'Target')).map(Number);
    expect(rising).toEqual(rising.toSorted((a, b) => a - b));
    await byTarget.click();
    expect((await column(table, 'Target')).map(Number)).toEqual(rising.toReversed());

    // Chosen with Shift, by the mouse and by keys.
    await rows.nth(0).getByRole('checkbox').click();
    await rows
      .nth(2)
      .locator('td')
      .nth(2)
      .click({ modifiers: ['Shift'] });
    await chosen('3 runs selected');
    await rows.nth(2).focus();
    await page.keyboard.press('Shift+ArrowDown');
    await chosen('4 runs selected');
    await page.keyboard.press('x');
    await chosen('3 runs selected');

    // A tag for all of them, also while another filter hides some.
    await bar.getByRole('button', { name: 'Tag', exact: true }).click();
    await page.getByRole('textbox', { name: 'New tag' }).fill('looked at');
    await page.keyboard.press('Enter');
    await page.getByRole('checkbox', { name: 'looked at' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('textbox', { name: 'Filter' }).fill('strategy:ewc');
    await bar.getByText(/^3 runs selected, [12] of them not shown$/).waitFor();
    await app.picture('history-partly-hidden');
    await page.getByRole('textbox', { name: 'Filter' }).fill('tag:"looked at"');
    await expect.poll(() => rows.count()).toBe(3);

    // A note that is left by Escape is there when it is opened again.
    const note = page.getByRole('dialog', { name: 'Note' });
    const openNote = async (words: string): Promise<void> => {
      await rows
        .first()
        .getByRole('button', { name: /^Actions for/ })
        .click();
      await page.getByRole('menuitem', { name: words }).click();
      await note.waitFor();
    };
    await openNote('Add a note');
    await note.getByLabel('Text').fill('The drift looks odd.');
    await page.keyboard.press('Escape');
    await page.getByText('The note was not saved.').first().waitFor();
    await openNote('Add a note');
    expect(await note.getByLabel('Text').inputValue()).toBe('The drift looks odd.');
    // The focus is in the text: it can be gone on with at once.
    await page.keyboard.press('ControlOrMeta+End');
    await page.keyboard.type(' Again.');
    await app.picture('history-note-kept');
    await page.keyboard.press('ControlOrMeta+Enter');
    await note.waitFor({ state: 'detached' });
    await table.getByTitle('The drift looks odd. Again.').waitFor();

    // Archived, and taken back.
    await bar.getByRole('button', { name: 'Archive' }).click();
    await page.getByText('No run fits the filter').waitFor();
    await app.picture('history-archived');
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => rows.count()).toBe(3);

    // The view is there after a reload.
    await page.reload();
    await app.settled();
    await page.getByRole('button', { name: 'Filter fields and views' }).click();
    await page.getByRole('button', { name: 'strategy:ewc,rh -purpose:sweep', exact: true }).click();
    await chosen('4 of 9 runs');
  });

  it('leads from the results of a project to its runs, and takes further seeds', async () => {
    const app = await start({ home: await newHome('study') });
    const page = await app.go('#/projects');
    await page.getByRole('grid', { name: 'Projects' }).locator('tbody tr td').first().click();
    const results = page.getByRole('region', { name: 'Results', exact: true });
    const cells = (name: RegExp): Locator =>
      results.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) });
    await cells(/^NDT/).getByRole('cell').first().click();
    await page.waitForURL(/#\/runs\/run-/);
    await page.goBack();
    await cells(/^SDT/).getByRole('cell').last().click();
    await page.waitForURL(/#\/runs\?filter=id/);
    await expect
      .poll(() => page.getByRole('grid', { name: 'Runs' }).locator('tbody tr').count())
      .toBe(2);
    await page.goBack();

    await page.getByRole('button', { name: 'Add seeds' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add seeds to pilot' });
    const field = dialog.getByLabel('Further seeds');
    expect(await field.inputValue()).toBe('3, 4');
    await field.fill('2');
    await dialog.getByRole('button', { name: 'Add the seeds' }).click();
    await dialog.getByText('Seed 2 is in the project already.').waitFor();
    await app.picture('project-seeds');
    await field.fill('7');
    await dialog.getByRole('button', { name: 'Add 1 seed' }).click();
    await page.getByText('3 runs were added to the queue.').first().waitFor();
    const seven = page
      .getByRole('grid', { name: 'Runs of the project' })
      .locator('tbody tr')
      .filter({ has: page.getByRole('gridcell', { name: '7', exact: true }) });
    await expect.poll(() => seven.count()).toBe(3);
    await app.picture('project-seeds-added');
  });
});

/** Answers of the host that a spec holds back, or puts an error in the place of. */
class Answers {
  #refused: string | undefined;
  /** How often an answer was refused. */
  refusals = 0;
  #held: { readonly call: string; readonly release: Promise<void> } | undefined;

  async attach(page: Page): Promise<void> {
    const names = new Map<number, string>();
    await page.routeWebSocket(/./, (window: WebSocketRoute) => {
      const host = window.connectToServer();
      window.onMessage((message) => {
        const { id, call } = JSON.parse(String(message)) as { id?: number; call?: string };
        if (id !== undefined && call !== undefined) names.set(id, call);
        host.send(message);
      });
      host.onMessage((message) => {
        const { id } = JSON.parse(String(message)) as { id?: number };
        const call = id === undefined ? undefined : names.get(id);
        if (call !== undefined && call === this.#refused) {
          const error = { code: 'store/busy', message: 'The history is busy.', hint: 'Wait.' };
          window.send(JSON.stringify({ id, error }));
          this.refusals++;
        } else if (call !== undefined && call === this.#held?.call) {
          void this.#held.release.then(() => {
            window.send(message);
          });
        } else window.send(message);
      });
    });
  }

  /** From now on, until it is called without a name. */
  refuse(call?: string): void {
    this.#refused = call;
  }

  /** From now on; the function that is returned lets them go. */
  hold(call: string): () => void {
    let release: () => void = () => undefined;
    this.#held = {
      call,
      release: new Promise((resolve) => {
        release = resolve;
      }),
    };
    return () => {
      this.#held = undefined;
      release();
    };
  }
}

// Electron's window has another kind of line, over which the same answers come.
describe('answers that do not come', () => {
  const start = useApps(chromiumDriver);

  it('are told on every screen that needs the list, and asked for again', async () => {
    const app = await start({ home: await newHome('study') });
    const { page } = app;
    const answers = new Answers();
    await answers.attach(page);
    const failure = page.getByRole('alert').filter({ hasText: 'The history is busy.' });
    for (const [list, screens] of [
      ['runs/list', ['#/runs', '#/compare', '#/playground']],
      ['models/list', ['#/models', '#/models/model-x', '#/playground']],
      ['corpora/list', ['#/corpora', '#/corpora/corpus-x']],
      ['projects/list', ['#/projects', '#/projects/project-x']],
    ] as const) {
      answers.refuse(list);
      await page.evaluate("location.hash = '#/system'");
      await page.reload();
      for (const screen of screens) {
        const before = answers.refusals;
        await page.evaluate(`location.hash = '${screen}'`);
        // Runs are read without a screen as well.
        await expect.poll(() => answers.refusals).toBeGreaterThan(screen === '#/runs' ? 0 : before);
        await failure.waitFor();
        await page.locator('main [data-skeleton]').first().waitFor({ state: 'detached' });
      }
      answers.refuse();
      await failure.getByRole('button', { name: 'Try again' }).click();
      await failure.waitFor({ state: 'detached' });
    }
  });

  it('are not replaced by numbers of another question', async () => {
    const app = await start({ home: await newHome('study') });
    const answers = new Answers();
    await answers.attach(app.page);
    await app.page.reload();
    const page = await app.go('#/projects');
    await page.getByRole('grid', { name: 'Projects' }).locator('tbody tr td').first().click();
    const differences = page.getByRole('table', { name: /^Differences from SDT/ });
    await differences.waitFor();
    const release = answers.hold('runs/diff');
    await page.getByRole('combobox', { name: /^Compared with/ }).click();
    await page.getByRole('option', { name: 'RH' }).click();
    await page.locator('main [data-skeleton]').first().waitFor();
    expect(await page.getByRole('table', { name: /^Differences from/ }).count()).toBe(0);
    release();
    await page.getByRole('table', { name: /^Differences from RH/ }).waitFor();

    answers.refuse('projects/results');
    await page.getByRole('radio', { name: 'Validation' }).click();
    await page.getByRole('alert').filter({ hasText: 'The history is busy.' }).waitFor();
    expect(await page.getByRole('region', { name: 'Results', exact: true }).count()).toBe(0);
  });
});
