/**
 * `npm run gallery`: pictures of every component and screen on sample data, in both themes, to be
 * looked at. Fails when the browser complains, of the content security policy for one.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';
import { serveFolder } from './serveFolder.ts';

const root = join(import.meta.dirname, '../..');
const pictures = join(root, 'dist/pictures');

interface Picture {
  readonly name: string;
  readonly address: string;
  readonly size?: readonly [number, number];
  readonly whole?: boolean;
  readonly act?: (page: Page) => Promise<unknown>;
}

const PICTURES: readonly Picture[] = [
  { name: 'gallery', address: '#/gallery', whole: true },
  { name: 'projects', address: '#/projects' },
  { name: 'runs', address: '?runs=10000#/runs' },
  {
    name: 'runs-selected',
    address: '#/runs?filter=strategy%3Aewc+sead%3A1',
    act: async (page) => {
      await page.keyboard.press('j');
      await page.keyboard.press('x');
      await page.keyboard.press('Shift+ArrowDown');
      await page.keyboard.press('Shift+ArrowDown');
    },
  },
  {
    name: 'runs-columns',
    address: '#/runs',
    act: (page) => page.getByRole('button', { name: 'Columns' }).click(),
  },
  {
    name: 'runs-help',
    address: '#/runs?filter=strategy%3Aewc',
    act: (page) => page.getByRole('button', { name: 'Filter fields and views' }).click(),
  },
  { name: 'runs-loading', address: '?slow#/runs' },
  { name: 'runs-empty', address: '?empty#/runs' },
  { name: 'models', address: '#/models' },
  { name: 'models-empty', address: '?empty#/models' },
  { name: 'model', address: '#/models/model-5' },
  {
    name: 'model-import',
    address: '#/models',
    act: async (page) => {
      await page.getByRole('button', { name: 'Import a model' }).click();
      await page.getByRole('button', { name: 'Browse' }).click();
      await page.getByText('models', { exact: true }).last().click();
      await page.waitForTimeout(200);
    },
  },
  {
    name: 'model-import-error',
    address: '#/models',
    act: async (page) => {
      await page.getByRole('button', { name: 'Import a model' }).click();
      await page.getByLabel('Folder').fill('/home/mira/models/bad');
      await page.getByRole('button', { name: 'Import', exact: true }).click();
      await page.getByRole('alert').filter({ hasText: 'config.json' }).waitFor();
    },
  },
  { name: 'corpora', address: '#/corpora' },
  {
    name: 'corpus-import',
    address: '#/corpora',
    act: async (page) => {
      await page.getByRole('button', { name: 'Import a corpus' }).click();
      await page.getByLabel('Files or folders').fill('/home/mira/notes/2024.jsonl.gz');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Import', exact: true }).click();
      await page.waitForTimeout(900);
    },
  },
  { name: 'corpus-preview', address: '#/corpora', act: previewNotes },
  { name: 'corpus-preview-small', address: '#/corpora', size: [1024, 700], act: previewNotes },
  { name: 'corpus-preview-zoomed', address: '#/corpora', size: [512, 350], act: previewNotes },
  {
    name: 'corpus-preview-error',
    address: '#/corpora',
    act: async (page) => {
      await page.getByRole('button', { name: 'Import a corpus' }).click();
      await page.getByLabel('Files or folders').fill('/home/mira/bad');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').filter({ hasText: 'no such file' }).waitFor();
    },
  },
  {
    name: 'corpus',
    address: '#/corpora/corpus-1',
    act: async (page) => {
      await page.getByRole('button', { name: 'Measure' }).click();
      await page.getByText('Words split most').waitFor();
    },
  },
  {
    name: 'palette',
    address: '#/runs',
    act: async (page) => {
      await page.keyboard.press('Control+k');
      await page.keyboard.type('ewc');
    },
  },
  { name: 'keys', address: '#/runs', act: (page) => page.keyboard.press('?') },
  { name: 'small', address: '#/runs', size: [1024, 700] },
  { name: 'zoomed', address: '#/runs', size: [512, 350] },
  { name: 'zoomed-models', address: '#/models', size: [512, 350] },
];

const only = process.argv.slice(2);
const server = await serveFolder(join(root, 'dist/gallery'));
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const complaints: string[] = [];
try {
  await mkdir(pictures, { recursive: true });
  for (const theme of ['light', 'dark'] as const) {
    for (const picture of PICTURES) {
      if (only.length > 0 && !only.includes(picture.name)) continue;
      const [width, height] = picture.size ?? [1280, 800];
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: theme,
        reducedMotion: 'reduce',
      });
      const page = await context.newPage();
      const note = (text: string): void => {
        complaints.push(`${picture.name}, ${theme}: ${text}`);
      };
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') note(message.text());
      });
      page.on('pageerror', (error) => note(error.message));
      await page.goto(`${server.address}/${picture.address}`);
      await page.locator('h1', { hasText: /./ }).waitFor();
      await page.waitForTimeout(300);
      await picture.act?.(page);
      await page.waitForTimeout(250);
      const path = join(pictures, `${picture.name}-${theme}`);
      if (picture.whole === true) await takeParts(page, path);
      else await page.screenshot({ path: `${path}.png` });
      await context.close();
    }
  }
} finally {
  await browser.close();
  await server.close();
}
console.log(`pictures are in ${pictures}`);
for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
process.exitCode = complaints.length === 0 ? 0 : 1;

/** The import dialog with what it shows of the files chosen. */
async function previewNotes(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Import a corpus' }).click();
  await page.getByLabel('Files or folders').fill('/home/mira/notes/2024.jsonl.gz');
  await page.keyboard.press('Enter');
  await page.getByText('This looks like personal data').waitFor();
}

/** The whole content, which scrolls inside the frame, in pictures that show it at its size. */
async function takeParts(page: Page, path: string): Promise<void> {
  const part = 1000;
  const height = await page
    .locator('main')
    .evaluate((main: { scrollHeight: number }) => main.scrollHeight + 60);
  const width = page.viewportSize()?.width ?? 1280;
  await page.setViewportSize({ width, height });
  await page.waitForTimeout(300);
  for (let y = 0; y < height; y += part) {
    const clip = { x: 0, y, width, height: Math.min(part, height - y) };
    await page.screenshot({ path: `${path}-${y / part + 1}.png`, clip });
  }
}
