import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../fixtures/offlineSession.ts', import.meta.url));

/**
 * ONNX Runtime's telemetry, where it is on, keeps an identifier in the person's cache folder and a log
 * in the temporary one. It is off by itself where CI is set, so that must not be.
 */
test('a computation leaves nothing in the home, cache and temporary folders', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'palimpsest-offline-'));
  try {
    const places = ['home', 'cache', 'data', 'temporary'];
    for (const place of places) await mkdir(join(folder, place));
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM], {
      env: {
        PATH: process.env['PATH'],
        HOME: join(folder, 'home'),
        XDG_CACHE_HOME: join(folder, 'cache'),
        XDG_DATA_HOME: join(folder, 'data'),
        TMPDIR: join(folder, 'temporary'),
      },
    });
    expect(Number(stdout)).toBeGreaterThan(0);
    for (const place of places) {
      expect(await readdir(join(folder, place), { recursive: true })).toEqual([]);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
