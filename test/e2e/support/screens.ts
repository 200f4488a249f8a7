/** Every screen of the product and what opens on it, for the checks that each of them has to stand. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import {
  BAD_PROJECT,
  LONG_PROJECT,
  openFirstRun,
  projectText,
  startProject,
  waitForPoints,
} from './project.ts';
import type { App } from './app.ts';
import { newFolder } from './homes.ts';
import type { HomeKind } from './homes.ts';
import { trainingProcess } from './processes.ts';

export interface Screen {
  readonly name: string;
  readonly home: HomeKind;
  /** Leads there from anywhere; `ids` are those of the home folder. */
  readonly show: (app: App, ids: StudyIds) => Promise<unknown>;
}

/** What the addresses of a study's screens need. */
export interface StudyIds {
  readonly project: string;
  readonly runs: readonly string[];
  readonly model: string;
  readonly corpus: string;
}

/** Reads the ids from the lists, as a person finds their way. */
export async function readIds(app: App): Promise<StudyIds> {
  const follow = async (list: string, table: string): Promise<string> => {
    const page = await app.go(list);
    await page
      .getByRole('grid', { name: table })
      .locator('tbody tr[data-index="0"] td')
      .nth(1)
      .click();
    await page.waitForURL((url) => url.hash.startsWith(`${list}/`));
    return decodeURIComponent(new URL(page.url()).hash.slice(list.length + 1));
  };
  const project = await follow('#/projects', 'Projects');
  const model = await follow('#/models', 'Models');
  const corpus = await follow('#/corpora', 'Corpora');
  const page = await app.go(`#/projects/${project}`);
  const links = page
    .getByRole('region', { name: 'Results', exact: true })
    .getByRole('link', { name: /^Run of / });
  const addresses = await links.evaluateAll((found: { getAttribute(name: string): string }[]) =>
    found.map((link) => link.getAttribute('href')),
  );
  const runs = addresses.map((address) => decodeURIComponent(address.replace('#/runs/', '')));
  return { project, model, corpus, runs };
}

const screen = (
  name: string,
  hash: string | ((ids: StudyIds) => string),
  act?: (page: Page, ids: StudyIds) => Promise<unknown>,
): Screen => ({
  name,
  home: 'study',
  async show(app, ids) {
    const page = await app.go(typeof hash === 'string' ? hash : hash(ids));
    await act?.(page, ids);
  },
});

const button = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole('button', { name, exact: true }).first().click();

const tuned = (ids: StudyIds): string => ids.runs.at(-1) ?? '';

/** To a step of the wizard by its rail, with a whole draft. */
async function wizardStep(page: Page, title: string): Promise<void> {
  if ((await page.getByText('name: draft').count()) === 0) {
    await page.getByRole('button', { name: 'Open a project file' }).click();
    await page.getByLabel('Text of the file').fill(projectText());
    await page.getByRole('button', { name: 'Open', exact: true }).click();
  }
  await page
    .getByRole('navigation', { name: 'Steps' })
    .getByRole('button', { name: title })
    .click();
}

/** Opens the import of a corpus with a file in which there is something to choose and to be warned of. */
async function lookAtFile(page: Page): Promise<void> {
  const lines = Array.from({ length: 40 }, (_, index) => {
    const person =
      index % 8 === 0 ? `, write to ward.${index}@example.org or +1 212 555 01${index}` : '';
    return `${index},case ${index % 5},"Seen on the ward on day ${index}${person}."`;
  });
  const path = join(await newFolder(), 'ward-notes.csv');
  await writeFile(path, ['number,topic,note', ...lines].join('\n'));
  await button(page, 'Import a corpus');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Files or folders').fill(path);
  await dialog.getByLabel('Files or folders').press('Enter');
  await dialog.locator('section[aria-busy="false"]').waitFor();
  await dialog
    .getByText(/e-mail/i)
    .first()
    .waitFor();
}

const EMPTY: readonly Screen[] = [
  'projects',
  'runs',
  'compare',
  'models',
  'corpora',
  'projects/new',
  'playground',
  'system',
].map((path) => ({
  name: `empty ${path.replace('/', ' ')}`,
  home: 'empty',
  show: (app) => app.go(`#/${path}`),
}));

export const SCREENS: readonly Screen[] = [
  ...EMPTY,
  screen('projects', '#/projects'),
  screen('project', ({ project }) => `#/projects/${project}`),
  screen(
    'project, export open',
    ({ project }) => `#/projects/${project}`,
    (page) => button(page, 'Export'),
  ),
  screen(
    'project, seeds added',
    ({ project }) => `#/projects/${project}`,
    (page) => button(page, 'Add seeds'),
  ),
  screen(
    'project, runs chosen',
    ({ project }) => `#/projects/${project}`,
    async (page) => {
      const runs = page.getByRole('grid', { name: 'Runs of the project' });
      await runs.locator('tbody input[type="checkbox"]').first().check();
      await runs.locator('tbody input[type="checkbox"]').nth(2).check();
      await runs.scrollIntoViewIfNeeded();
    },
  ),
  screen(
    'project, picture as a table',
    ({ project }) => `#/projects/${project}`,
    (page) => button(page, 'Gain against forgetting as a table'),
  ),
  screen('runs', '#/runs'),
  screen('runs, filter without a match', '#/runs?filter=strategy%3Agem+sead%3A1'),
  screen('runs, columns open', '#/runs', (page) => button(page, 'Columns')),
  screen('runs, filter help open', '#/runs', (page) => button(page, 'Filter fields and views')),
  screen('runs, chosen', '#/runs', async (page) => {
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Shift+ArrowDown');
  }),
  screen('runs, menu of a row', '#/runs', async (page) => {
    await page
      .getByRole('button', { name: /^Actions for/ })
      .first()
      .click();
    await page.getByRole('menu').waitFor();
  }),
  screen('runs, note', '#/runs', async (page) => {
    await page
      .getByRole('button', { name: /^Actions for/ })
      .first()
      .click();
    await page.getByRole('menuitem', { name: /note$/ }).click();
    await page.getByRole('dialog', { name: 'Note' }).waitFor();
  }),
  screen('runs, tags', '#/runs', async (page) => {
    await page
      .getByRole('grid', { name: 'Runs' })
      .locator('tbody input[type="checkbox"]')
      .first()
      .check();
    await button(page, 'Tag');
    await page.getByRole('dialog', { name: 'Tags' }).waitFor();
  }),
  ...['evaluations', 'log', 'configuration', 'method', 'checkpoints'].map((tab) =>
    screen(
      `run, ${tab}`,
      (ids) => `#/runs/${tuned(ids)}?tab=${tab}`,
      async (page) => {
        await page.getByRole('tabpanel').scrollIntoViewIfNeeded();
      },
    ),
  ),
  screen('run, curves', (ids) => `#/runs/${tuned(ids)}`),
  screen(
    'run, curve as a table',
    (ids) => `#/runs/${tuned(ids)}`,
    (page) => button(page, 'Target loss as a table'),
  ),
  screen(
    'run, export',
    (ids) => `#/runs/${tuned(ids)}`,
    async (page) => {
      await button(page, 'Export');
      await page.getByRole('dialog').waitFor();
    },
  ),
  screen(
    'run, interpolate',
    (ids) => `#/runs/${tuned(ids)}`,
    async (page) => {
      await button(page, 'Interpolate');
      await page.getByRole('dialog').waitFor();
    },
  ),
  screen('compare, nothing chosen', '#/compare'),
  screen('compare, all', ({ runs }) => `#/compare?runs=${runs.join(',')}`),
  screen(
    'compare, all settings',
    ({ runs }) => `#/compare?runs=${runs.slice(0, 2).join(',')}`,
    (page) => page.getByRole('checkbox', { name: 'Show all' }).check(),
  ),
  screen(
    'compare, choosing',
    ({ runs }) => `#/compare?runs=${runs.slice(0, 2).join(',')}`,
    async (page) => {
      await button(page, 'Choose runs');
      await page.getByRole('dialog').waitFor();
    },
  ),
  screen('models', '#/models'),
  screen('models, import', '#/models', async (page) => {
    await button(page, 'Import a model');
    await page.getByRole('button', { name: 'Browse' }).click();
    await page.getByRole('list', { name: 'Files and folders' }).waitFor();
  }),
  screen('models, import refused', '#/models', async (page) => {
    await button(page, 'Import a model');
    await page.getByLabel('Folder').fill('/no/such/model');
    await button(page, 'Import');
    await page.getByRole('alert').waitFor();
  }),
  screen('model', ({ model }) => `#/models/${model}`),
  screen('corpora', '#/corpora'),
  screen('corpora, import', '#/corpora', async (page) => {
    await button(page, 'Import a corpus');
    await page.getByRole('dialog').waitFor();
  }),
  screen('corpora, import looked at', '#/corpora', lookAtFile),
  screen('corpora, import, columns open', '#/corpora', async (page) => {
    await lookAtFile(page);
    await page.getByRole('dialog').getByLabel('Group column').click();
    await page.getByRole('listbox').waitFor();
  }),
  screen('corpus', ({ corpus }) => `#/corpora/${corpus}`),
  screen(
    'corpus, measured',
    ({ corpus }) => `#/corpora/${corpus}`,
    async (page) => {
      await button(page, 'Measure');
      await page.getByText('Words split most').waitFor();
    },
  ),
  ...['Base model', 'Target corpus', 'Source corpus', 'Strategies', 'Settings', 'Review'].map(
    (title) =>
      screen(`wizard, ${title.toLowerCase()}`, '#/projects/new', (page) => wizardStep(page, title)),
  ),
  screen('a message', '#/projects/new', async (page) => {
    await wizardStep(page, 'Strategies');
    await page
      .getByRole('button', { name: /^Remove / })
      .last()
      .click();
    // It stays while the pointer is on it.
    await page.getByRole('region', { name: 'Messages' }).getByText('was removed').hover();
  }),
  screen('wizard, a wrong file', '#/projects/new', async (page) => {
    await page.getByRole('button', { name: 'Open a project file' }).click();
    await page.getByLabel('Text of the file').fill(BAD_PROJECT);
    await page.getByRole('dialog').getByText(/line/i).first().waitFor();
  }),
  screen(
    'corpus, removal asked',
    ({ corpus }) => `#/corpora/${corpus}`,
    async (page) => {
      await button(page, 'Remove for good');
      await page.getByRole('alertdialog').or(page.getByRole('dialog')).waitFor();
    },
  ),
  screen('playground', '#/playground'),
  screen('playground, masks filled', '#/playground', async (page) => {
    await page.getByLabel('Text', { exact: true }).fill('the [MASK] has a fever');
    await button(page, 'Fill the masks');
    await page.getByRole('grid').or(page.getByRole('table')).first().waitFor();
  }),
  screen('playground, several masks', '#/playground', async (page) => {
    await page.getByLabel('Text', { exact: true }).fill('the [MASK] has a [MASK] and a [MASK]');
    await button(page, 'Fill the masks');
    await page.getByRole('tab', { name: 'Mask 3' }).click();
    await page.getByRole('tabpanel').getByRole('table').first().waitFor();
  }),
  screen('system', '#/system'),
  screen('a page that is not there', '#/no/such/page'),
  screen('the palette', '#/runs', async (page) => {
    await page.keyboard.press('ControlOrMeta+k');
    await page.keyboard.type('ewc');
  }),
  screen('the keys', '#/runs', async (page) => {
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
  }),
  screen('the look', '#/projects', async (page) => {
    await button(page, 'Look and keys');
    await page.getByRole('menu').waitFor();
  }),
  // In this order: a model with runs is not removed, and each state of the run follows from the one before.
  {
    name: 'models, one removed',
    home: 'material',
    async show(app) {
      const page = await app.go('#/models');
      const row = page.getByRole('row').filter({ hasText: 'demo-base' });
      await row.locator('td').first().click();
      await page.locator('h1', { hasText: 'demo-base' }).waitFor();
      await button(page, 'Remove');
      await page.getByRole('region', { name: 'Removed' }).waitFor();
    },
  },
  {
    name: 'project at work',
    home: 'material',
    async show(app) {
      const page = await app.go('#/models');
      const restore = page.getByRole('button', { name: 'Restore demo-base' });
      if ((await restore.count()) > 0) await restore.click();
      await page.getByRole('row').filter({ hasText: 'demo-base' }).waitFor();
      await app.go('#/projects');
      await startProject(page, LONG_PROJECT);
    },
  },
  {
    name: 'run at work',
    home: 'material',
    async show({ page }) {
      await openFirstRun(page);
      await waitForPoints(page, 5);
    },
  },
  {
    name: 'run, cancel asked',
    home: 'material',
    async show({ page }) {
      await button(page, 'Cancel');
      await page.getByText('A cancelled run cannot be resumed.').waitFor();
    },
  },
  {
    name: 'run, interrupted',
    home: 'material',
    async show({ page, started }) {
      process.kill(trainingProcess(started.hostPid), 'SIGKILL');
      await page
        .getByRole('alert')
        .filter({ hasText: /Interrupted at step/ })
        .waitFor();
    },
  },
];

/** Closes what the screen has opened, so that the next one begins as a person would find it. */
export async function leave({ page }: App): Promise<void> {
  const messages = page.getByRole('region', { name: 'Messages' });
  for (const message of await messages.getByRole('button', { name: 'Dismiss' }).all()) {
    await message.click();
  }
  for (let turn = 0; turn < 3; turn++) {
    const open = page.locator('[role="dialog"], [role="alertdialog"], [role="menu"]');
    if ((await open.count()) === 0) return;
    await page.keyboard.press('Escape');
  }
}
