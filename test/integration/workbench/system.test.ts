/** Storage, connections and diagnostics of a real Workbench. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkbenchClient } from '../../../core/workbench/contract.ts';
import { fill, newScratch, open, tinyProject, waitForState } from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';

let scratch: Scratch;
let workbench: WorkbenchClient;
let run: string;

beforeAll(async () => {
  scratch = await newScratch();
  workbench = await open(scratch);
  await fill(workbench, scratch);
  const path = join(scratch.inputs, 'extra.txt');
  await writeFile(path, 'one\ntwo\nthree\nfour\n'.repeat(50));
  const request = { paths: [path], name: 'extra', documentBoundary: 'line' as const };
  await workbench.call('corpora/import', request);
  const { runs } = await workbench.call('projects/run', { project: tinyProject() });
  run = runs[0]?.id ?? '';
  await waitForState(workbench, run, 'completed');
}, 300_000);
afterAll(async () => {
  await workbench.close();
  await scratch.remove();
});

/** By walking through the folder, file by file. */
async function bytesOf(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const stats = await Promise.all(names.map((name) => stat(join(folder, name))));
  return stats.reduce((sum, one) => sum + (one.isFile() ? one.size : 0), 0);
}

describe('system/storage', () => {
  it('counts each kind once, and all of them make the whole', async () => {
    const storage = await workbench.call('system/storage', {});
    const bytes = Object.fromEntries(storage.kinds.map((one) => [one.kind, one.bytes]));
    const count = Object.fromEntries(storage.kinds.map((one) => [one.kind, one.count]));
    const { home } = scratch;
    expect(bytes['models']).toBe(await bytesOf(join(home, 'models')));
    expect(bytes['corpora'] + bytes['shards']).toBe(await bytesOf(join(home, 'corpora')));
    expect(bytes['runs'] + bytes['checkpoints']).toBe(await bytesOf(join(home, 'runs')));
    const kept = ['checkpoints', 'best'].map((name) => bytesOf(join(home, 'runs', run, name)));
    const [checkpoints, best] = await Promise.all(kept);
    expect(bytes['checkpoints']).toBe(checkpoints + best);
    expect(storage.bytes).toBe(storage.kinds.reduce((sum, one) => sum + one.bytes, 0));
    expect(count).toMatchObject({ models: 1, corpora: 3, shards: 1, runs: 1, history: 1 });
    expect(bytes['history']).toBeGreaterThan(0);
  });

  it('names the largest first, and the corpora that no run uses', async () => {
    const { largest, freeable } = await workbench.call('system/storage', {});
    const sizes = largest.map(({ bytes }) => bytes);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(largest).toContainEqual(
      expect.objectContaining({
        kind: 'run',
        id: run,
        name: expect.stringMatching(/ of trial$/) as string,
      }),
    );
    expect(largest.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['tiny', 'notes', 'wiki', 'extra']),
    );
    const { folder } = (await workbench.call('corpora/list', {})).find(
      ({ name }) => name === 'extra',
    ) ?? { folder: '' };
    expect(freeable).toEqual([{ kind: 'corpora', count: 1, bytes: await bytesOf(folder) }]);
  });

  it('counts copies of the history, and what else lies in the home folder', async () => {
    await writeFile(join(scratch.home, 'backups', 'old.sqlite'), 'x'.repeat(1000));
    await mkdir(join(scratch.home, 'something'));
    await writeFile(join(scratch.home, 'something', 'else'), 'x'.repeat(500));
    const { kinds, freeable } = await workbench.call('system/storage', {});
    expect(kinds).toContainEqual({ kind: 'backups', bytes: 1000, count: 1 });
    expect(kinds.find(({ kind }) => kind === 'other')?.bytes).toBeGreaterThanOrEqual(500);
    expect(freeable).toContainEqual({ kind: 'backups', bytes: 1000, count: 1 });
  });
});

describe.skipIf(process.platform !== 'linux')('system/connections', () => {
  it('finds a port that is open to other machines, and none otherwise', async () => {
    const before = await workbench.call('system/connections', {});
    expect(before.processes).toContain(process.pid);
    expect(before.sockets?.foreign).toEqual([]);
    expect(before.command).toContain(String(process.pid));

    const local = createServer();
    await new Promise<void>((resolve) => local.listen(0, '127.0.0.1', resolve));
    const within = await workbench.call('system/connections', {});
    expect(within.sockets?.foreign).toEqual([]);
    expect(within.sockets?.local).toBe((before.sockets?.local ?? 0) + 1);

    const wide = createServer();
    await new Promise<void>((resolve) => wide.listen(0, '0.0.0.0', resolve));
    const { port } = wide.address() as AddressInfo;
    const opened = await workbench.call('system/connections', {});
    expect(opened.sockets?.foreign).toEqual([
      { pid: process.pid, protocol: 'tcp', address: `open at any address, port ${port}` },
    ]);
    local.close();
    wide.close();
  });

  it('looks at the processes that it starts, too', async () => {
    const stop = new AbortController();
    const path = join(scratch.inputs, 'target.txt');
    const request = { paths: [path], name: 'again', documentBoundary: 'line' as const };
    const work = workbench.call('corpora/import', request, { signal: stop.signal });
    let most = 0;
    for (let look = 0; look < 200 && most < 2; look++) {
      const { processes } = await workbench.call('system/connections', {});
      most = Math.max(most, processes.length);
    }
    expect(most).toBeGreaterThanOrEqual(2);
    await work;
  });
});

describe('system/diagnostics', () => {
  it('names the libraries and hides the user in what is to be copied', async () => {
    const { libraries, home, homeForCopies } = await workbench.call('system/diagnostics', {});
    expect(libraries.map(({ name }) => name)).toEqual([
      ...['SQLite', 'ONNX Runtime', 'TensorFlow.js', 'tokenizers'],
    ]);
    for (const { version } of libraries) expect(version).toMatch(/^\d+\.\d+\.\d+/);
    expect(home).toContain('palimpsest-workbench-');
    expect(homeForCopies.startsWith(homedir())).toBe(homedir() === '/');
  });
});
