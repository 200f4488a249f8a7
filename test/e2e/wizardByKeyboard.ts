/**
 * `node test/e2e/wizardByKeyboard.ts [--home FOLDER] [--renderer FOLDER]`: walks the wizard's six steps
 * with keys alone against `palimpsest serve`, reloads in the middle, starts the project and sees its
 * page. Without --home, in a new one with the demo's model and corpora. Pictures of every step in both
 * themes are left in test/e2e/screenshots. Needs the built screens and Chromium (CHROMIUM, or Debian's).
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';
import { SOURCE_CORPUS, TARGET_CORPUS, writeDemoCorpus } from '../../core/demo/demoProject.ts';

const root = join(import.meta.dirname, '../..');
const pictures = join(import.meta.dirname, 'screenshots');
const { values } = parseArgs({
  options: {
    home: { type: 'string' },
    renderer: { type: 'string', default: join(root, 'dist/renderer') },
  },
});

const complaints: string[] = [];
const scratch = await mkdtemp(join(tmpdir(), 'palimpsest-wizard-'));
try {
  await mkdir(pictures, { recursive: true });
  const home = values.home ?? (await homeWithMaterial());
  const server = spawn(
    process.execPath,
    [join(root, 'test/fixtures/serveScreens.ts'), values.renderer, '--home', home, '--port', '0'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    await walk(await printedLink(server));
  } finally {
    server.kill('SIGINT');
    await once(server, 'close');
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
console.log(complaints.length === 0 ? 'The wizard works by keyboard alone.' : 'See above.');
process.exitCode = complaints.length === 0 ? 0 : 1;

async function homeWithMaterial(): Promise<string> {
  const home = join(scratch, 'home');
  const model = join(root, 'resources/demo/base-model');
  await palimpsest('model', 'import', model, '--name', 'demo-base', '--home', home);
  for (const corpus of [SOURCE_CORPUS, TARGET_CORPUS]) {
    const path = await writeDemoCorpus(scratch, { ...corpus, documents: 400 });
    const { name } = corpus;
    await palimpsest('corpus', 'import', path, '--name', name, '--column', 'text', '--home', home);
  }
  return home;
}

async function palimpsest(...args: string[]): Promise<void> {
  const program = join(root, 'core/headless/palimpsest.cjs');
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`palimpsest ${args.join(' ')} ended with ${code}`);
}

async function printedLink(server: ChildProcess): Promise<string> {
  let printed = '';
  for await (const text of server.stdout ?? []) {
    printed += String(text);
    const link = /http:\/\/\S+?(?=["\s])/.exec(printed)?.[0];
    if (link !== undefined) return link;
  }
  throw new Error('palimpsest serve ended before it printed its link');
}

async function walk(link: string): Promise<void> {
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  try {
    const page = await browser.newPage({
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
    });
    page.setDefaultTimeout(120_000);
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(link);
    await page.locator('h1', { hasText: /./ }).waitFor();
    await page.keyboard.press('n');
    await page.getByRole('heading', { name: 'Which model is tuned?' }).waitFor();
    await page.getByRole('radiogroup', { name: 'Base model' }).waitFor();

    // The only model is chosen already; a radio button is reached by Tab and moved by the arrows.
    await tabTo(page, 'radio', /demo-base/);
    await page.keyboard.press('Space');
    await picture(page, 'wizard-1-model');
    await next(page, 'Target corpus', 'Which text is it to learn?');

    await chooseRadio(page, /demo-clinical/);
    await picture(page, 'wizard-2-target');
    await next(page, 'Source corpus', 'Which text must it not forget?');

    await chooseRadio(page, /demo-general/);
    await picture(page, 'wizard-3-source');

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
    await picture(page, 'wizard-4-strategies-wrong');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('10 100');
    await page.getByText('2 combinations of λ').waitFor();
    await tabTo(page, 'textbox', /^Seeds/);
    await page.keyboard.type('1 2');
    await tabTo(page, 'checkbox', /^Forgetting guard/);
    await page.keyboard.press('Space');
    await tabTo(page, 'textbox', /^Largest forgetting/);
    await page.keyboard.type('0.5');
    await picture(page, 'wizard-4-strategies');

    // Back and forth: nothing is lost.
    await tabTo(page, 'button', /^Back/);
    await page.keyboard.press('Enter');
    await page.getByRole('radio', { name: /demo-general/, checked: true }).waitFor();
    await next(page, 'Strategies', 'How is it kept from forgetting?');
    await page.getByLabel('Seeds').waitFor();
    if ((await page.getByLabel('Seeds').inputValue()) !== '1 2')
      complaints.push('The seeds were lost.');
    await next(page, 'Settings', 'How is it trained and measured?');

    await chooseRadio(page, /Quick trial/);
    await tabTo(page, 'textbox', /^max_steps/);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('8');
    await tabTo(page, 'textbox', /^max_seq_length/);
    await page.keyboard.type('64');
    await picture(page, 'wizard-5-settings');
    await next(page, 'Review', 'Review and start');

    await tabTo(page, 'textbox', /^Project name/);
    await page.keyboard.type('by keyboard');
    await page.getByText('name: by keyboard').waitFor();
    await picture(page, 'wizard-6-review');
    const filled = await page.locator('main button.filled, main a.filled').allInnerTexts();
    if (filled.join() !== 'Start') complaints.push(`Filled buttons: ${filled.join(', ')}`);
    await tabTo(page, 'button', /^Start$/);
    await page.keyboard.press('Enter');
    await page.waitForURL(/#\/projects\/project-/, { timeout: 300_000 });
    await page.locator('h1', { hasText: 'by keyboard' }).waitFor();
    await picture(page, 'wizard-started');
  } finally {
    await browser.close();
  }
}

/** Presses Tab until the focus is on what has this role and name, as a person does who has no mouse. */
async function tabTo(page: Page, role: Role, name: RegExp, key = 'Tab'): Promise<void> {
  const wanted = page.getByRole(role, { name });
  await wanted.first().waitFor();
  const reached = wanted.and(page.locator(':focus'));
  for (let presses = 0; presses < 150; presses++) {
    if ((await reached.count()) > 0) return;
    await page.keyboard.press(key);
  }
  throw new Error(`No Tab leads to the ${role} ${String(name)}.`);
}
type Role = 'button' | 'checkbox' | 'radio' | 'textbox';

/** Into the group by Tab, to the one by the arrows. */
async function chooseRadio(page: Page, name: RegExp): Promise<void> {
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

async function next(page: Page, button: string, heading: string): Promise<void> {
  await tabTo(page, 'button', new RegExp(`^${button}$`));
  await page.keyboard.press('Enter');
  const title = page.getByRole('heading', { name: heading });
  await title.waitFor();
  if ((await title.and(page.locator(':focus')).count()) === 0) {
    complaints.push(`The focus is not on “${heading}” after the step was left.`);
  }
}

async function picture(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(pictures, `${name}-${colorScheme}.png`) });
  }
  await page.setViewportSize({ width: 1024, height: 700 });
  await page.screenshot({ path: join(pictures, `${name}-small.png`) });
  await page.setViewportSize({ width: 1280, height: 800 });
}
