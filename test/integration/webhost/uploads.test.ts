/** Files on their way from a browser into an import, over real connections, on a real disk. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startWebHost } from '../../../core/webhost/webHost.ts';
import type { WebHost } from '../../../core/webhost/webHost.ts';
import type { WorkbenchClient } from '../../../core/workbench/contract.ts';
import { TestWindow, ask, builtScreens, openSocket, signIn } from '../../fixtures/webWindow.ts';
import { newScratch, open, writeText } from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';

let scratch: Scratch;
let workbench: WorkbenchClient;
let host: WebHost;
let cookie: string;
let free: number;
const faults: unknown[] = [];

beforeEach(async () => {
  free = 100e9;
  scratch = await newScratch();
  workbench = await open(scratch);
  host = await startWebHost({
    workbench,
    homeFolder: scratch.home,
    rendererFolder: await builtScreens(join(scratch.inputs, 'renderer')),
    allowedRoots: [],
    port: 0,
    freeBytes: async () => free,
    onFault: (error) => faults.push(error),
  });
  cookie = await signIn(host.url);
});

afterEach(async () => {
  await workbench.close();
  await host.close();
  expect(await areas()).toEqual([]);
  await scratch.remove();
  expect(faults.splice(0)).toEqual([]);
});

/** Where uploads lie, if anything does. */
async function areas(): Promise<string[]> {
  const entries = await readdir(scratch.home);
  return entries.filter((name) => name.startsWith('.tmp-')).map((name) => join(scratch.home, name));
}

interface Answer {
  readonly upload: string;
  readonly path: string;
  readonly bytes: number;
  readonly error?: { readonly code: string };
}

async function send(
  query: Record<string, string>,
  body: string | Buffer | Readable = '',
  method = 'POST',
): Promise<Answer & { readonly status: number }> {
  const path = `/uploads?${new URLSearchParams(query)}`;
  const { status, body: text } = await ask(host.port, path, { method, headers: { cookie }, body });
  return { ...(JSON.parse(text) as Answer), status };
}

describe('an upload', () => {
  it('becomes a file that only this person can read, in a folder with a random name', async () => {
    const text = 'Die Patientin klagt über Schmerzen.';
    const { status, path, bytes, upload } = await send({ name: 'Arztbrief 1.txt' }, text);
    expect(status).toBe(200);
    expect(upload).toMatch(/^[0-9a-f]{32}$/);
    expect(bytes).toBe(Buffer.byteLength(text));
    expect(await readFile(path, 'utf8')).toBe(text);
    const [area = ''] = await areas();
    expect(relative(area, path)).toBe(join(upload, 'Arztbrief 1.txt'));
    for (const [place, mode] of [
      [area, 0o700],
      [dirname(path), 0o700],
      [path, 0o600],
    ] as const) {
      expect((await stat(place)).mode & 0o777).toBe(mode);
    }
  });

  it('of a folder is put together from its files, none over another', async () => {
    const first = await send({ name: 'notes/2021/a.txt' }, 'one');
    const { upload } = first;
    await send({ name: 'notes/2021/b.txt', upload }, 'two');
    await send({ name: 'notes\\c?.txt', upload }, 'three');
    await send({ name: 'notes/c*.txt', upload }, 'four');
    const last = await send({ name: '/notes/./2021/a.txt', upload }, 'five');
    expect(last.path).toBe(first.path);
    expect(basename(first.path)).toBe('notes');
    const files = await readdir(first.path, { recursive: true });
    expect(files.sort()).toEqual([
      '2021',
      join('2021', 'a-2.txt'),
      join('2021', 'a.txt'),
      join('2021', 'b.txt'),
      'c--2.txt',
      'c-.txt',
    ]);
    expect(await readFile(join(first.path, '2021', 'a.txt'), 'utf8')).toBe('one');
  });

  it.each(['', '..', '../a.txt', '../../../../tmp/a.txt', 'a/../../b.txt', '..\\a.txt'])(
    'with the name %j is refused',
    async (name) => {
      const { status, error } = await send({ name }, 'text');
      expect([status, error?.code]).toEqual([400, 'upload/bad-name']);
    },
  );

  it.each(['none', '..', '../..', `${'0'.repeat(32)}`])(
    'for the folder %j, which is none, is refused',
    async (upload) => {
      const { status, error } = await send({ name: 'a.txt', upload }, 'text');
      expect([status, error?.code]).toEqual([404, 'upload/unknown']);
    },
  );

  it('where a file stands in the way of a folder is refused', async () => {
    const { upload } = await send({ name: 'a' }, 'text');
    const { status, error } = await send({ name: 'a/b.txt', upload }, 'text');
    expect(status).toBe(400);
    expect(error?.code).toMatch(/^system\/(eexist|enotdir)$/);
  });

  it('that breaks off leaves nothing of itself', async () => {
    const socket = await openSocket(host.port);
    socket.write(
      `POST /uploads?name=a.txt HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\n` +
        `Cookie: ${cookie}\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(100_000)}`,
    );
    const files = async (): Promise<string[]> => {
      const [area] = await areas();
      const names = area === undefined ? [] : await readdir(area, { recursive: true });
      return names.filter((name) => name.endsWith('a.txt'));
    };
    while ((await files()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
    while ((await files()).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('can be given up', async () => {
    const { upload, path } = await send({ name: 'a.txt' }, 'text');
    expect((await send({ upload }, '', 'DELETE')).status).toBe(200);
    expect(existsSync(path)).toBe(false);
    const again = await send({ upload }, '', 'DELETE');
    expect([again.status, again.error?.code]).toEqual([404, 'upload/unknown']);
  });

  it('goes by the paths of its files, one by one', async () => {
    const { upload, path: first } = await send({ name: 'a.txt' }, 'one');
    const { path: folder } = await send({ name: 'notes/b.txt', upload }, 'two');
    const inside = join(folder, 'b.txt');
    await send({ path: inside }, '', 'DELETE');
    expect(existsSync(inside)).toBe(true);
    expect((await send({ path: first }, '', 'DELETE')).status).toBe(200);
    expect([existsSync(first), existsSync(inside)]).toEqual([false, true]);
    // The window goes, and says again what it has said.
    for (const path of [first, folder]) {
      expect((await send({ path }, '', 'DELETE')).status).toBe(200);
    }
    expect(existsSync(dirname(folder))).toBe(false);
  });

  it('leaves what is no upload where it is', async () => {
    const { path: sent } = await send({ name: 'a.txt' }, 'text');
    const elsewhere = await writeText(scratch, 'target', 5);
    for (const path of [elsewhere, scratch.home, dirname(sent), join(sent, '..', '..'), '']) {
      expect((await send({ path }, '', 'DELETE')).status).toBe(200);
    }
    expect([existsSync(elsewhere), existsSync(sent)]).toEqual([true, true]);
  });

  it('goes with the process', async () => {
    await send({ name: 'a.txt' }, 'text');
    expect(await areas()).toHaveLength(1);
    // afterEach closes the host and looks.
  });
});

describe('a disk without room', () => {
  it('is found before anything is sent', async () => {
    free = 257e6;
    const fits = await send({ name: 'a.txt' }, 'text');
    expect(fits.status).toBe(507);
    free = 269e6;
    expect((await send({ name: 'a.txt' }, Buffer.alloc(100_000))).status).toBe(200);
    const { status, error } = await send({ name: 'b.txt' }, Buffer.alloc(10_000_000));
    expect([status, error?.code]).toEqual([507, 'upload/no-space']);
  });

  it('is noticed while a sender goes on that did not say how much', async () => {
    let sent = 0;
    const chunk = Buffer.alloc(1 << 20);
    const body = Readable.from(
      (async function* () {
        for (; sent < 150; sent++) {
          if (sent === 80) free = 1e6;
          yield chunk;
        }
      })(),
    );
    const { status, error } = await send({ name: 'a.txt' }, body);
    expect([status, error?.code]).toEqual([507, 'upload/no-space']);
    const [area = ''] = await areas();
    const left = await readdir(area, { recursive: true });
    expect(left.filter((name) => name.endsWith('a.txt'))).toEqual([]);
  });
});

/** Lines that are documents. */
async function notes(count: number): Promise<string> {
  return readFile(await writeText(scratch, 'target', count), 'utf8');
}

describe('an import of uploaded files', () => {
  it('removes them when it is done', async () => {
    const { path } = await send({ name: 'notes.txt' }, await notes(50));
    const window = await TestWindow.open(host.port, cookie);
    const request = { paths: [path], name: 'notes', documentBoundary: 'line' };
    expect(await window.call('corpora/import', request)).toMatchObject({ name: 'notes' });
    expect(existsSync(dirname(path))).toBe(false);
    await window.close();
  });

  it('keeps them when it fails, for another attempt', async () => {
    const { path } = await send({ name: 'notes.csv' }, `text\n${await notes(50)}`);
    const window = await TestWindow.open(host.port, cookie);
    const failed = await window.answer(
      window.begin('corpora/import', { paths: [path], name: 'notes', column: 'body' }),
    );
    expect(failed).toHaveProperty('error');
    expect(await readFile(path, 'utf8')).toMatch(/^text\n/);
    const request = { paths: [path], name: 'notes', column: 'text' };
    expect(await window.call('corpora/import', request)).toMatchObject({ column: 'text' });
    expect(existsSync(path)).toBe(false);
    await window.close();
  });

  it('may be looked at before, as often as the settings change', async () => {
    const rows = (await notes(50)).split('\n').map((note, row) => `${row},${note},B`);
    const table = ['id,finding,title', ...rows].join('\n');
    const { path } = await send({ name: 'notes.csv' }, table);
    const window = await TestWindow.open(host.port, cookie);
    const unclear = await window.call('corpora/preview', { paths: [path] });
    expect(unclear).toMatchObject({
      suggestedColumn: 'finding',
      problem: { code: 'corpus/column-unclear' },
    });
    expect(JSON.stringify(unclear)).not.toContain(dirname(path));
    const request = { paths: [path], column: 'title' };
    expect(await window.call('corpora/preview', request)).toMatchObject({
      documents: Array.from({ length: 5 }, () => ({ text: 'B', characters: 1 })),
      problem: null,
    });
    expect(existsSync(path)).toBe(true);
    await window.call('corpora/import', { ...request, column: 'finding', name: 'notes' });
    expect(existsSync(path)).toBe(false);
    await window.close();
  });

  it('does not let them be removed while it reads', async () => {
    const { path, upload } = await send({ name: 'notes.txt' }, await notes(20_000));
    const window = await TestWindow.open(host.port, cookie);
    const id = window.begin('corpora/import', {
      paths: [path],
      name: 'notes',
      documentBoundary: 'line',
    });
    await window.until(() => window.messages.find((message) => 'progress' in message));
    const { status, error } = await send({ upload }, '', 'DELETE');
    expect([status, error?.code]).toEqual([409, 'upload/in-use']);
    expect(await window.answer(id)).toHaveProperty('reply');
    await window.close();
  });

  it('lets go of them afterwards what its window has given up meanwhile', async () => {
    const { path } = await send({ name: 'notes.txt' }, await notes(20_000));
    const window = await TestWindow.open(host.port, cookie);
    const request = { paths: [path], name: 'notes', documentBoundary: 'line' };
    const id = window.begin('corpora/import', request);
    await window.until(() => window.messages.find((message) => 'progress' in message));
    expect((await send({ path }, '', 'DELETE')).status).toBe(200);
    expect(existsSync(path)).toBe(true);
    window.send({ cancel: id });
    expect(await window.answer(id)).toHaveProperty('error');
    await expect.poll(() => existsSync(dirname(path))).toBe(false);
    await window.close();
  });

  it('leaves files alone that lie elsewhere', async () => {
    const path = await writeText(scratch, 'target', 50);
    const window = await TestWindow.open(host.port, cookie);
    const request = { paths: [path], name: 'own', documentBoundary: 'line' };
    await window.call('corpora/import', request);
    expect(existsSync(path)).toBe(true);
    await window.close();
  });

  it('cannot link them', async () => {
    const { path } = await send({ name: 'model/config.json' }, '{}');
    const window = await TestWindow.open(host.port, cookie);
    const answer = await window.answer(window.begin('models/import', { path, link: true }));
    expect(answer).toMatchObject({ error: { code: 'upload/linked' } });
    await window.close();
  });
});

describe('a host that closes', () => {
  it('removes what is still arriving', async () => {
    const socket = await openSocket(host.port);
    socket.write(
      `POST /uploads?name=a.txt HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\n` +
        `Cookie: ${cookie}\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(100_000)}`,
    );
    while ((await areas()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const closed = once(socket.resume(), 'close');
    await host.close();
    await closed;
    expect(await areas()).toEqual([]);
  });
});
