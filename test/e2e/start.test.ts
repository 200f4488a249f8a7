/** `npm start` as a person types it, where no window can be opened: the screens in a browser. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, signIn } from '../fixtures/webWindow.ts';
import { newFolder, removeHomes } from './support/homes.ts';
import { childProcesses } from './support/processes.ts';

const ROOT = join(import.meta.dirname, '../..');
const LINK = /http:\/\/127\.0\.0\.1:\d+\S*/;

let started: Started | undefined;
afterEach(async () => {
  if (started !== undefined && started.process.exitCode === null) {
    started.process.kill('SIGTERM');
    await started.ended;
  }
  started = undefined;
  await removeHomes();
});

interface Started {
  readonly process: ChildProcess;
  readonly ended: Promise<unknown>;
  printed: string;
}

/** Resolves when the link is printed. */
async function start(): Promise<Started> {
  const env = { ...process.env };
  for (const name of ['DISPLAY', 'WAYLAND_DISPLAY', 'PALIMPSEST_ELECTRON']) delete env[name];
  const args = ['--home', join(await newFolder(), 'home'), '--port', '0'];
  const child = spawn(process.execPath, [join(ROOT, 'electron/tools/start.ts'), ...args], { env });
  const result: Started = { process: child, ended: once(child, 'close'), printed: '' };
  started = result;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      result.printed += text;
    });
  }
  await expect.poll(() => result.printed, { timeout: 60_000 }).toMatch(LINK);
  return result;
}

/** Elsewhere there is always a display, and a window would open. */
describe.skipIf(process.platform !== 'linux')('npm start without a display', () => {
  it('says why there is no window, and where the screens are', async () => {
    const { printed } = await start();
    expect(printed.split('\n')[0]).toMatch(/browser/i);
    const link = LINK.exec(printed)?.[0] ?? '';
    const cookie = await signIn(link);
    const page = await ask(Number(new URL(link).port), '/', { headers: { cookie } });
    expect([page.status, page.body]).toEqual([200, expect.stringContaining('<script')]);
  });

  it('ends with what it has started', async () => {
    const { process: child, ended } = await start();
    child.kill('SIGTERM');
    await ended;
    expect([child.exitCode, child.signalCode]).toEqual([0, null]);
  });

  it('says when it was ended by force', async () => {
    const result = await start();
    const [served] = childProcesses(result.process.pid ?? 0);
    process.kill(served ?? 0, 'SIGKILL');
    await result.ended;
    expect(result.process.exitCode).toBe(137);
    expect(result.printed).toContain('Palimpsest was ended by SIGKILL.');
  });
});
