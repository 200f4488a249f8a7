/**
 * `npm run icons`: the program's icon in every form that a system asks for, from icon.svg. Drawn by
 * Chromium; the containers of Windows (.ico) and macOS (.icns) hold the PNGs as they are.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { chromiumPath } from '../../test/e2e/drivers/chromium.ts';

const FOLDER = import.meta.dirname;

/** Of an .ico, the largest that it can hold being 256. */
const WINDOWS_SIZES = [16, 24, 32, 48, 64, 128, 256];
/** Pixels by the name that .icns has for them. */
const MAC_SIZES = [
  ['icp4', 16],
  ['icp5', 32],
  ['ic11', 32],
  ['ic12', 64],
  ['ic07', 128],
  ['ic13', 256],
  ['ic08', 256],
  ['ic14', 512],
  ['ic09', 512],
  ['ic10', 1024],
] as const;

async function draw(sizes: ReadonlySet<number>): Promise<ReadonlyMap<number, Buffer>> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new Error('there is no Chromium to draw with');
  const svg = await readFile(join(FOLDER, 'icon.svg'), 'utf8');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    const pictures = new Map<number, Buffer>();
    for (const size of sizes) {
      await page.setViewportSize({ width: size, height: size });
      await page.setContent(`<style>body{margin:0}svg{display:block}</style>${svg}`);
      pictures.set(size, await page.screenshot({ omitBackground: true }));
    }
    return pictures;
  } finally {
    await browser.close();
  }
}

/** ICONDIR, one ICONDIRENTRY a picture, then the PNGs. */
export function icoOf(pictures: readonly (readonly [size: number, png: Buffer])[]): Buffer {
  const directory = Buffer.alloc(6 + 16 * pictures.length);
  directory.writeUInt16LE(1, 2);
  directory.writeUInt16LE(pictures.length, 4);
  let offset = directory.length;
  pictures.forEach(([size, png], index) => {
    const entry = 6 + 16 * index;
    // 256 is written as 0.
    directory.writeUInt8(size % 256, entry);
    directory.writeUInt8(size % 256, entry + 1);
    directory.writeUInt16LE(1, entry + 4);
    directory.writeUInt16LE(32, entry + 6);
    directory.writeUInt32LE(png.length, entry + 8);
    directory.writeUInt32LE(offset, entry + 12);
    offset += png.length;
  });
  return Buffer.concat([directory, ...pictures.map(([, png]) => png)]);
}

/** "icns" and the length of all, then name, length and PNG of each picture. */
export function icnsOf(pictures: readonly (readonly [name: string, png: Buffer])[]): Buffer {
  const parts = pictures.map(([name, png]) => block(name, png));
  return block('icns', Buffer.concat(parts));
}

function block(name: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32BE(head.length + content.length, 4);
  return Buffer.concat([head, content]);
}

async function makeIcons(): Promise<void> {
  const sizes = new Set([...WINDOWS_SIZES, ...MAC_SIZES.map(([, size]) => size)]);
  const pictures = await draw(sizes);
  const png = (size: number): Buffer => {
    const picture = pictures.get(size);
    if (picture === undefined) throw new Error(`no picture of ${size} pixels`);
    return picture;
  };
  await writeFile(join(FOLDER, 'icon.png'), png(1024));
  await writeFile(join(FOLDER, 'icon-256.png'), png(256));
  await writeFile(
    join(FOLDER, 'icon.ico'),
    icoOf(WINDOWS_SIZES.map((size) => [size, png(size)] as const)),
  );
  await writeFile(
    join(FOLDER, 'icon.icns'),
    icnsOf(MAC_SIZES.map(([name, size]) => [name, png(size)] as const)),
  );
}

if (import.meta.main) await makeIcons();
