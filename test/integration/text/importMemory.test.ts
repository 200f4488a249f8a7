/** A corpus many times larger than the memory it is imported with. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { RandomStream } from '../../../core/base/random.ts';
import { useTemporaryFolder } from './importFixture.ts';

const folder = useTemporaryFolder();
const HEAP_MEGABYTES = 48;
const FILE_MEGABYTES = 160;

const PROGRAM = `
  import { importCorpus } from '${new URL('../../../core/text/importCorpus.ts', import.meta.url).href}';
  const [path, folder] = process.argv.slice(1);
  const manifest = await importCorpus(
    { paths: [path], folder, documentBoundary: 'line', strict: false, seed: 0 },
    () => undefined,
  );
  const residentMegabytes = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(JSON.stringify({ documents: manifest.documents, residentMegabytes }));
`;

async function writeLargeFile(path: string): Promise<number> {
  const random = new RandomStream(21, 'demoText');
  const words = Array.from({ length: 4096 }, () => random.nextUint32().toString(36));
  const output = createWriteStream(path);
  let lines = 0;
  for (let bytes = 0; bytes < FILE_MEGABYTES * 2 ** 20; lines++) {
    const start = random.nextInteger(4096);
    const step = 1 + 2 * random.nextInteger(2048);
    const chosen = Array.from({ length: 190 }, (_, index) => words[(start + index * step) % 4096]);
    const line = `${lines} ${chosen.join(' ')}\n`;
    bytes += line.length;
    if (!output.write(line)) await once(output, 'drain');
  }
  output.end();
  await once(output, 'finish');
  return lines;
}

it(`imports ${FILE_MEGABYTES} MiB with a heap of ${HEAP_MEGABYTES} MiB`, async () => {
  const path = folder.path('large.txt');
  const lines = await writeLargeFile(path);
  const { stdout } = await promisify(execFile)(process.execPath, [
    `--max-old-space-size=${HEAP_MEGABYTES}`,
    '--input-type=module',
    '--eval',
    PROGRAM,
    path,
    folder.path('corpus'),
  ]);
  const result = JSON.parse(stdout) as { documents: number; residentMegabytes: number };
  expect(result.documents).toBe(lines);
  // Buffers lie outside the heap, and Node itself takes some 60 MiB.
  expect(result.residentMegabytes).toBeLessThan(FILE_MEGABYTES * 1.5);
});
