/** What the local web host answers and refuses, over real connections. */
import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { CONTENT_SECURITY_POLICY } from '../../../core/webhost/responses.ts';
import { startWebHost } from '../../../core/webhost/webHost.ts';
import type { WebHost } from '../../../core/webhost/webHost.ts';
import type { WorkbenchClient } from '../../../core/workbench/contract.ts';
import {
  TestWindow,
  ask,
  builtScreens,
  openSocket,
  raw,
  signIn,
} from '../../fixtures/webWindow.ts';
import { newScratch, open } from '../../fixtures/workbenchHome.ts';
import type { Scratch } from '../../fixtures/workbenchHome.ts';

let scratch: Scratch;
let workbench: WorkbenchClient;
let host: WebHost;
let port: number;
let cookie: string;
const faults: unknown[] = [];

beforeAll(async () => {
  scratch = await newScratch();
  workbench = await open(scratch);
  const rendererFolder = await builtScreens(join(scratch.inputs, 'renderer'));
  await writeFile(join(scratch.inputs, 'secret.txt'), 'secret');
  await symlink(join(scratch.inputs, 'secret.txt'), join(rendererFolder, 'assets', 'link.txt'));
  await symlink(scratch.inputs, join(rendererFolder, 'up'));
  host = await startWebHost({
    workbench,
    homeFolder: scratch.home,
    rendererFolder,
    allowedRoots: [scratch.inputs],
    port: 0,
    onFault: (error) => faults.push(error),
  });
  ({ port } = host);
  cookie = await signIn(host.url);
});

afterAll(async () => {
  await workbench.close();
  await host.close();
  await scratch.remove();
  expect(faults).toEqual([]);
});

describe('the link', () => {
  it('holds a token of 32 bytes and this address alone', () => {
    expect(host.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}$/);
  });

  it('is exchanged for a cookie and a page without the token, again and again', async () => {
    const path = host.url.slice(host.url.indexOf('/?'));
    for (let visit = 0; visit < 2; visit++) {
      const { status, headers, body } = await ask(port, path);
      expect(status).toBe(303);
      expect(headers.location).toBe('/');
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['set-cookie']?.[0]).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
      expect(body).not.toContain('token');
    }
    const { status, body } = await ask(port, '/', { headers: { cookie } });
    expect(status).toBe(200);
    expect(body).toContain('assets/index-');
  });

  it('leads to the screen that it names, and never to another machine', async () => {
    const token = new URL(host.url).searchParams.get('token') ?? '';
    const placeFor = async (path: string): Promise<string | undefined> =>
      (await ask(port, `${path}token=${token}`)).headers.location;
    expect(await placeFor('/runs/run-1?tab=log&')).toBe('/runs/run-1?tab=log');
    expect(await placeFor('//example.org/?')).toBe('/example.org');
    expect(await placeFor('/%2F/example.org?')).toBe('/example.org');
    expect(await placeFor('/\\example.org?')).toBe('/');
    expect(await placeFor('/%0d%0aSet-Cookie:a=b?')).toBe('/');
  });

  it('works when it is followed from another page, whose redirects bring no cookie along', async () => {
    const { status, headers } = await ask(port, host.url.slice(host.url.indexOf('/?')), {
      headers: {
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
      },
    });
    expect(status).toBe(200);
    expect(headers.refresh).toBe('0; url=/');
    expect(headers['set-cookie']).toHaveLength(1);
  });

  it.each(['', 'x', `${'A'.repeat(43)}`])('with the token %j signs nobody in', async (token) => {
    const { status, headers } = await ask(port, `/?token=${token}`);
    expect(status).toBe(401);
    expect(headers['set-cookie']).toBeUndefined();
  });
});

describe('a stranger', () => {
  it.each(['/', '/runs', '/assets/index-a1b2c3d4.js', '/workbench', '/nothing.txt', '/..%2f'])(
    'learns at %s only where the link is',
    async (path) => {
      const { status, body, headers } = await ask(port, path);
      expect(status).toBe(401);
      expect(headers['content-type']).toMatch(/^text\/html/);
      expect(body).toContain('palimpsest serve');
    },
  );

  it.each([
    ['GET', '/files'],
    ['GET', '/files?path=/'],
    ['POST', '/uploads?name=a.txt'],
    ['DELETE', '/uploads?upload=a'],
  ])('is refused %s %s with an error', async (method, path) => {
    const { status, body } = await ask(port, path, { method });
    expect(status).toBe(401);
    expect(JSON.parse(body)).toMatchObject({ error: { code: 'host/signed-out' } });
  });

  it('gets no further with a cookie of another process', async () => {
    const [name = ''] = cookie.split('=');
    const headers = { cookie: `${name}=${'A'.repeat(43)}` };
    expect((await ask(port, '/', { headers })).status).toBe(401);
  });

  it('may send as much as it likes without being read', async () => {
    const body = Buffer.alloc(8 << 20);
    const { status } = await ask(port, '/uploads?name=a.txt', { method: 'POST', body });
    expect(status).toBe(401);
  });
});

describe('every answer', () => {
  it.each([
    ['a page', '/', true],
    ['a file', '/assets/plain.css', true],
    ['an error', '/nothing.txt', true],
    ['a list', '/files', true],
    ['a refusal', '/', false],
  ])('carries the security headers: %s', async (_what, path, signedIn) => {
    const { headers } = await ask(port, path, signedIn ? { headers: { cookie } } : {});
    expect(headers).toMatchObject({
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  it('forbids everything that does not come from here', () => {
    expect(CONTENT_SECURITY_POLICY.split('; ').sort()).toEqual([
      "base-uri 'none'",
      "connect-src 'self'",
      "default-src 'none'",
      "font-src 'self'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "img-src 'self'",
      "script-src 'self'",
      "style-src 'self'",
    ]);
  });
});

describe('a request', () => {
  it.each([
    { host: 'example.org' },
    { host: 'example.org:8617' },
    { host: '127.0.0.1.example.org' },
    { host: '0.0.0.0' },
    { host: '192.168.0.1' },
  ])('that names another host is refused: %j', async (headers) => {
    expect((await ask(port, '/', { headers: { cookie, ...headers } })).status).toBe(403);
    const link = host.url.slice(host.url.indexOf('/?'));
    const signingIn = await ask(port, link, { headers });
    expect(signingIn.status).toBe(403);
    expect(signingIn.headers['set-cookie']).toBeUndefined();
  });

  it.each(['localhost:9000', '127.0.0.1:1', '[::1]:9000', 'localhost'])(
    'through a tunnel passes: Host %s',
    async (name) => {
      expect((await ask(port, '/', { headers: { cookie, host: name } })).status).toBe(200);
    },
  );

  it.each([
    { origin: 'http://example.org' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:1' },
    { origin: 'http://localhost:8617', host: '127.0.0.1:8617' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
  ])('of another page is refused: %j', async (more) => {
    const headers: Record<string, string> = { cookie, ...more };
    expect((await ask(port, '/', { headers })).status).toBe(403);
    const upload = await ask(port, '/uploads?name=a.txt', { method: 'POST', headers, body: 'a' });
    expect(upload.status).toBe(403);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])(
    'by %s for a page is refused',
    async (method) => {
      const { status, headers } = await ask(port, '/', { method, headers: { cookie } });
      expect(status).toBe(405);
      expect(headers.allow).toBe('GET, HEAD');
    },
  );

  it('with content that was not asked for is refused', async () => {
    const { status } = await ask(port, '/', {
      headers: { cookie, 'content-length': '5' },
      body: 'hello',
    });
    expect(status).toBe(413);
  });

  it('that is no HTTP, or names no path of this host, does no harm', async () => {
    const head = `Host: 127.0.0.1:${port}\r\nConnection: close\r\nCookie: ${cookie}\r\n\r\n`;
    expect(await raw(port, 'hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
    expect(await raw(port, '\0\0\0\0\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
    expect(await raw(port, `GET http://example.org/ HTTP/1.1\r\n${head}`)).toMatch(/ 403 /);
    expect(await raw(port, `OPTIONS * HTTP/1.1\r\n${head}`)).toMatch(/ 403 /);
    expect(await raw(port, `CONNECT example.org:80 HTTP/1.1\r\n${head}`)).toBe('');
    expect(await raw(port, `GET / HTTP/1.1\r\nHost: example.org\r\n${head}`)).toMatch(/ 403 /);
    expect(await raw(port, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(/ 400 /);
    expect(await raw(port, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/ 403 /);
    expect(await raw(port, 'GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n')).toMatch(
      / 403 /,
    );
    expect(await raw(port, `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n${head}`)).toMatch(
      / 431 /,
    );
    expect(await raw(port, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${head}`)).toMatch(/ 431 /);
    expect((await ask(port, '/', { headers: { cookie } })).status).toBe(200);
  });
});

describe('a file of the screens', () => {
  it('is sent as what it is, and kept for ever when its name holds a hash', async () => {
    const script = await ask(port, '/assets/index-a1b2c3d4.js', { headers: { cookie } });
    expect(script.status).toBe(200);
    expect(script.body).toBe('document.title = "Palimpsest";');
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(script.headers['cache-control']).toBe('private, max-age=31536000, immutable');
    const style = await ask(port, '/assets/plain.css', { headers: { cookie } });
    expect(style.headers['cache-control']).toBe('no-cache');
  });

  it('may be left in the middle', async () => {
    const large = join(scratch.inputs, 'renderer', 'assets', 'large.bin');
    await writeFile(large, Buffer.alloc(50 << 20));
    const socket = await openSocket(port);
    socket.write(
      `GET /assets/large.bin HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nCookie: ${cookie}\r\n\r\n`,
    );
    await once(socket, 'data');
    socket.destroy();
    // afterAll sees that nobody took it for a fault.
    expect((await ask(port, '/assets/large.bin', { headers: { cookie } })).body).toHaveLength(
      50 << 20,
    );
  });

  it('is described without its content', async () => {
    const { status, headers, body } = await ask(port, '/assets/plain.css', {
      method: 'HEAD',
      headers: { cookie },
    });
    expect([status, headers['content-length'], body]).toEqual([200, '7', '']);
  });

  it.each(['/', '/runs', '/runs/run-8k2m9qxw4d', '/projects/my%20project', '/index.html'])(
    'is the page for the screen %s',
    async (path) => {
      const { status, body, headers } = await ask(port, path, { headers: { cookie } });
      expect(status).toBe(200);
      expect(body).toContain('<!doctype html>');
      expect(headers['cache-control']).toBe('no-cache');
    },
  );

  it.each([
    ['/assets/gone-a1b2c3d4.js', 404],
    ['/assets', 404],
    ['/assets/', 404],
    ['/secret.txt', 404],
    ['/assets/link.txt', 404],
    ['/up/secret.txt', 404],
    ['/../secret.txt', 400],
    ['/assets/../../secret.txt', 400],
    ['/%2e%2e/secret.txt', 400],
    ['/..%2fsecret.txt', 400],
    ['/%252e%252e%252fsecret.txt', 400],
    ['/..\\secret.txt', 400],
    ['/..%5csecret.txt', 400],
    ['/assets/plain.css%00.js', 400],
    ['/%c0%ae%c0%ae/secret.txt', 400],
    ['/./index.html', 400],
  ])('is not found at %s', async (path, status) => {
    const answer = await ask(port, path, { headers: { cookie } });
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain('secret\n');
    expect(answer.body).not.toBe('secret');
  });
});

describe('the list of files', () => {
  let folder: string;

  async function list(path?: string, more = ''): Promise<{ status: number; body: Listing }> {
    const query = path === undefined ? '' : `?path=${encodeURIComponent(path)}${more}`;
    const { status, body } = await ask(port, `/files${query}`, { headers: { cookie } });
    return { status, body: JSON.parse(body) as Listing };
  }

  interface Listing {
    readonly path: string | null;
    readonly parent: string | null;
    readonly entries: { name: string; path: string; kind: string; size: number | null }[];
    readonly roots: string[];
    readonly error?: { code: string };
  }

  beforeAll(async () => {
    folder = join(scratch.inputs, 'corpora');
    await mkdir(join(folder, 'notes 10'), { recursive: true });
    await mkdir(join(folder, 'notes 9'));
    await mkdir(join(folder, '.hidden'));
    await writeFile(join(folder, '.hidden', 'a.txt'), 'a');
    await writeFile(join(folder, 'b.txt'), 'four');
    await writeFile(join(folder, '.c.txt'), 'c');
    await symlink(join(folder, 'b.txt'), join(folder, 'inner.txt'));
    await symlink('/etc/passwd', join(folder, 'outer.txt'));
    await symlink('/etc', join(folder, 'outer'));
    await symlink(join(folder, '.hidden'), join(folder, 'veiled'));
    await symlink(join(folder, 'nowhere'), join(folder, 'broken'));
  });

  it('begins with the allowed roots', async () => {
    const { status, body } = await list();
    expect(status).toBe(200);
    expect(body.entries).toEqual([
      { name: 'inputs', path: scratch.inputs, kind: 'folder', size: null },
    ]);
    expect(body.roots).toEqual([scratch.inputs]);
  });

  it('shows folders, then files, with their sizes; nothing hidden, no link that leads out', async () => {
    const { body } = await list(folder);
    expect(body.path).toBe(folder);
    expect(body.parent).toBe(scratch.inputs);
    expect(body.entries).toEqual([
      { name: 'notes 9', path: join(folder, 'notes 9'), kind: 'folder', size: null },
      { name: 'notes 10', path: join(folder, 'notes 10'), kind: 'folder', size: null },
      { name: 'b.txt', path: join(folder, 'b.txt'), kind: 'file', size: 4 },
      { name: 'inner.txt', path: join(folder, 'inner.txt'), kind: 'file', size: 4 },
    ]);
    expect((await list(scratch.inputs)).body.parent).toBeNull();
  });

  it('shows hidden ones when asked', async () => {
    const { body } = await list(folder, '&hidden=1');
    const names = body.entries.map(({ name }) => name);
    expect(names).toContain('.hidden');
    expect(names).toContain('.c.txt');
    expect(names).toContain('veiled');
    expect(names).not.toContain('outer');
    expect((await list(join(folder, '.hidden'), '&hidden=1')).status).toBe(200);
  });

  it.each([
    '/',
    '/etc',
    '/root/.ssh',
    '.',
    '',
    '/nowhere/at/all',
    'ROOT/../..',
    'ROOT/corpora/outer',
    'ROOT/corpora/.hidden',
    'ROOT/corpora/veiled',
    'ROOT-beside',
    'ROOT/corpora\0',
  ])('does not leave the roots: %j', async (path) => {
    const { status, body } = await list(path.replace('ROOT', scratch.inputs));
    expect(status).toBe(403);
    expect(body.error?.code).toBe('files/outside');
  });

  it('says that there is no such folder only of what may be seen', async () => {
    const { status, body } = await list(join(folder, 'gone'));
    expect([status, body.error?.code]).toEqual([404, 'system/enoent']);
    expect((await list(join(folder, 'b.txt'))).body.error?.code).toBe('system/enotdir');
  });
});

describe('the WebSocket', () => {
  async function status(headers: Record<string, string>, path = '/workbench'): Promise<number> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    return new Promise((resolve) => {
      socket.on('unexpected-response', (_request, { statusCode }) => {
        resolve(statusCode ?? 0);
      });
      socket.on('open', () => {
        socket.close();
        resolve(101);
      });
      socket.on('error', () => undefined);
    });
  }

  it('opens for a signed-in window of this page alone', async () => {
    const origin = `http://127.0.0.1:${port}`;
    expect(await status({ cookie, origin })).toBe(101);
    expect(await status({ origin })).toBe(401);
    expect(await status({ cookie: `${cookie}x`, origin })).toBe(401);
    expect(await status({ cookie })).toBe(403);
    expect(await status({ cookie, origin: 'http://example.org' })).toBe(403);
    expect(await status({ cookie, origin: 'null' })).toBe(403);
    expect(await status({ cookie, origin: `http://127.0.0.1:${port + 1}` })).toBe(403);
    expect(await status({ cookie, origin: `https://127.0.0.1:${port}` })).toBe(403);
    const rebound = { host: `example.org:${port}`, origin: `http://example.org:${port}` };
    expect(await status({ cookie, ...rebound })).toBe(403);
    expect(await status({ cookie, origin }, '/other')).toBe(404);
    expect(await status({ cookie, host: 'localhost:9000', origin: 'http://localhost:9000' })).toBe(
      101,
    );
  });

  it('is no place for other protocols and half handshakes', async () => {
    const head =
      `Host: 127.0.0.1:${port}\r\nOrigin: http://127.0.0.1:${port}\r\nCookie: ${cookie}\r\n` +
      'Connection: Upgrade\r\n';
    expect(await raw(port, `GET /workbench HTTP/1.1\r\n${head}Upgrade: h2c\r\n\r\n`)).toMatch(
      / 400 /,
    );
    expect(
      await raw(
        port,
        `GET /workbench HTTP/1.1\r\n${head}Upgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n`,
      ),
    ).toMatch(/ 400 /);
    expect((await ask(port, '/workbench', { headers: { cookie } })).status).toBe(426);
  });
});

describe('the listener', () => {
  it('is on the loopback address alone', async () => {
    const others = Object.values(networkInterfaces())
      .flat()
      .flatMap((one) => (one !== undefined && !one.internal ? [one.address] : []));
    for (const address of [...others, '127.0.0.2', '::1']) {
      const refused = await new Promise((resolve) => {
        const socket = connect({ host: address, port, timeout: 2000 });
        const end = (outcome: boolean) => () => {
          socket.destroy();
          resolve(outcome);
        };
        socket.on('connect', end(false)).on('error', end(true)).on('timeout', end(true));
      });
      expect(refused, address).toBe(true);
    }
  });

  it('bears a thousand connections: windows stay, and new ones get in', async () => {
    const window = await TestWindow.open(port, cookie);
    const opened = await Promise.all(Array.from({ length: 1000 }, () => openSocket(port)));
    for (const socket of opened.slice(500)) socket.write('GET / HTTP/1.1\r\nHost: loc');
    expect(await window.call('runs/list', {})).toEqual([]);
    expect((await ask(port, '/', { headers: { cookie } })).status).toBe(200);
    const other = await TestWindow.open(port, await signIn(host.url));
    expect(await other.call('runs/list', {})).toEqual([]);
    const closed = (): number => opened.filter(({ closed: gone }) => gone).length;
    while (closed() < 900) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await window.call('models/list', {})).toEqual([]);
    for (const socket of opened) socket.destroy();
    await window.close();
    await other.close();
  });

  it('bears a thousand WebSockets of one signed-in browser', async () => {
    const headers = { cookie, origin: `http://127.0.0.1:${port}` };
    const sockets = Array.from(
      { length: 1000 },
      () => new WebSocket(`ws://127.0.0.1:${port}/workbench`, { headers }),
    );
    const outcomes = await Promise.all(
      sockets.map(
        (socket) =>
          new Promise<'open' | 'refused'>((resolve) => {
            socket.on('open', () => {
              resolve('open');
            });
            socket.on('error', () => {
              resolve('refused');
            });
          }),
      ),
    );
    const open = outcomes.filter((outcome) => outcome === 'open').length;
    expect(open).toBeGreaterThan(0);
    expect(open).toBeLessThanOrEqual(32);
    for (const socket of sockets) socket.terminate();
    while ((await ask(port, '/', { headers: { cookie } })).status !== 200);
    let window: TestWindow | undefined;
    while (window === undefined) {
      window = await TestWindow.open(port, cookie).catch(() => undefined);
    }
    expect(await window.call('runs/list', {})).toEqual([]);
    await window.close();
  });
});
