/**
 * `npm run screenshots`: the pictures of the README, in docs/pictures. Runs the demo project in a
 * temporary home folder, as a first start does, and looks at a run at work, the results, a comparison
 * and the last step of the wizard.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEMO_PROJECT } from '../../core/demo/demoProject.ts';
import { chromiumDriver, chromiumPath } from './drivers/chromium.ts';
import { App } from './support/app.ts';
import { openProjectFile, startDemo } from './support/project.ts';

const PICTURES = join(import.meta.dirname, '../../docs/pictures');

/** The demo takes minutes on a small machine. */
const PATIENCE = 1_800_000;

async function take(app: App, name: string): Promise<void> {
  const { page } = app;
  for (const close of await page
    .getByRole('region', { name: 'Messages' })
    .getByRole('button', { name: 'Dismiss' })
    .all()) {
    await close.click();
  }
  await page.mouse.move(640, 4);
  await page.evaluate('document.activeElement?.blur()');
  await page.screenshot({ path: join(PICTURES, `${name}.png`), animations: 'disabled' });
  console.log(`docs/pictures/${name}.png`);
}

async function takeAll(app: App): Promise<void> {
  const { page } = app;
  page.setDefaultTimeout(PATIENCE);
  await startDemo(page);
  const project = new URL(page.url()).hash;

  // A run that holds a penalty against what it learns, halfway.
  const ewc = page
    .getByRole('grid', { name: 'Runs of the project' })
    .getByRole('row', { name: /EWC/ });
  await ewc.getByText('running').waitFor();
  await ewc.getByText('running').click();
  await page.getByText(/^2\d\d of 400$/).waitFor();
  await take(app, 'run');

  await app.go(project);
  const rows = page.getByRole('region', { name: 'Results', exact: true }).locator('tbody tr');
  await rows.nth(DEMO_PROJECT.strategies.length - 1).waitFor();
  await page.getByText('idle').waitFor();
  await take(app, 'results');

  const runs = page.getByRole('grid', { name: 'Runs of the project' });
  for (const strategy of ['SDT', 'RH', 'EWC']) {
    await runs.getByRole('row').filter({ hasText: strategy }).getByRole('checkbox').check();
  }
  await page.getByRole('button', { name: 'Compare 3' }).click();
  await page.getByRole('region', { name: 'Losses' }).waitFor();
  await take(app, 'compare');

  await app.go('#/projects/new');
  await openProjectFile(page, { ...DEMO_PROJECT, name: 'three seeds', seeds: [1, 2, 3] });
  await page.getByRole('button', { name: /Review/ }).click();
  await page.getByRole('button', { name: 'Start', exact: true }).waitFor();
  await page.locator('main [data-skeleton], main [role="progressbar"]').first().waitFor({
    state: 'detached',
  });
  await take(app, 'wizard');
}

if (chromiumPath() === undefined) {
  throw new Error('There is no Chromium; install it, or name its program in CHROMIUM.');
}
const folder = await mkdtemp(join(tmpdir(), 'palimpsest-pictures-'));
try {
  const app = await App.start(chromiumDriver, { home: folder, deviceScaleFactor: 1.5 });
  try {
    await takeAll(app);
  } finally {
    await app.started.stop();
  }
  for (const complaint of app.complaints.take()) {
    process.stderr.write(`${complaint}\n`);
    process.exitCode = 1;
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
