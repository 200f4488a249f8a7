/** A project that a spec starts by the screens, and what its run's screen shows. */
import type { Page } from 'playwright-core';
import { SOURCE_CORPUS, TARGET_CORPUS } from '../../../core/demo/demoProject.ts';

/** On the home folder `material`: one run that goes on until it is stopped. */
export const LONG_PROJECT = {
  name: 'long',
  base_model: 'demo-base',
  target_corpus: TARGET_CORPUS.name,
  source_corpus: SOURCE_CORPUS.name,
  strategies: ['sdt'],
  seeds: [1],
  training: {
    learning_rate: 5e-5,
    max_steps: 3000,
    per_device_train_batch_size: 4,
    max_seq_length: 64,
    logging_steps: 2,
    eval_steps: 3000,
    save_steps: 20,
  },
  evaluation: { max_tokens: 1000 },
};

/** The one click of a first start; waits for the project's page. */
export async function startDemo(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Start the demo project' }).click();
  await page.waitForURL(/#\/projects\/project-/, { timeout: 180_000 });
}

/** Takes a project file into the wizard. */
export async function openProjectFile(page: Page, project: object): Promise<void> {
  await page.getByRole('button', { name: 'Open a project file' }).click();
  await page.getByLabel('Text of the file').fill(JSON.stringify(project));
  await page.getByRole('button', { name: 'Open', exact: true }).click();
}

/** Takes a project file into the wizard, starts it, and waits for its page. */
export async function startProject(page: Page, project: object): Promise<void> {
  await page.getByRole('link', { name: 'New project' }).first().click();
  await openProjectFile(page, project);
  await page.getByRole('button', { name: /Review/ }).click();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.waitForURL(/#\/projects\/project-/);
}

/** From a project's page to the page of its first run. */
export async function openFirstRun(page: Page): Promise<void> {
  const runs = page.getByRole('grid', { name: 'Runs of the project' });
  await runs.locator('tbody tr[data-index="0"] td').nth(2).click();
  await page.waitForURL(/#\/runs\//);
}

/** The points of the target loss by step, as the table behind the chart has them. */
export async function targetLoss(page: Page): Promise<ReadonlyMap<string, string>> {
  const asTable = page.getByRole('button', { name: 'Target loss as a table' });
  await asTable.click();
  const table = page.getByRole('group', { name: 'Target loss as a table' });
  const rows = await table
    .locator('tbody tr')
    .evaluateAll((elements: RowLike[]) =>
      elements.map(({ children }) => Array.from(children, ({ textContent }) => textContent.trim())),
    );
  await page.getByRole('button', { name: 'Target loss as a chart' }).click();
  return new Map(rows.map(([step = '', training = '']) => [step, training]));
}

interface RowLike {
  readonly children: ArrayLike<{ readonly textContent: string }>;
}

/** Waits until the run's chart holds so many points. */
export async function waitForPoints(page: Page, count: number): Promise<void> {
  while ((await targetLossCount(page)) < count) await page.waitForTimeout(100);
}

async function targetLossCount(page: Page): Promise<number> {
  const name = await page
    .getByRole('img', { name: /^Target loss/ })
    .getAttribute('aria-label', { timeout: 120_000 });
  const last = [...(name ?? '').matchAll(/step ([\d,]+)/g)].map(([, step = '']) =>
    Number(step.replaceAll(',', '')),
  );
  return Math.max(0, ...last) / LONG_PROJECT.training.logging_steps;
}

/** A project file for the home folders `material` and `study`, with every kind of strategy. */
export function projectText(): string {
  const strategies = [
    'ndt',
    'sdt',
    { rh: { lambda: [0.1, 0.3] } },
    { ewc: { lambda: 300 } },
    'gem',
  ];
  return JSON.stringify({ ...LONG_PROJECT, name: 'draft', strategies, seeds: [1, 2, 3] });
}

/** A project file with mistakes in several lines. */
export const BAD_PROJECT = `name: draft
base_model: demo-base
target_corpus: demo-clinical
source_corpus: demo-general
strategies: [sdt, ewd]
seeds: [1, one]
training:
  learning_rate: fast
`;
