import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CONTENT_SECURITY_POLICY } from '../../../core/screens/headers.ts';
import { setupIpc } from '../../../electron/ipc.ts';
import { serveScreens } from '../../../electron/appScheme.ts';
import { setupSandbox, setupSession } from '../../../electron/security.ts';
import { Windows } from '../../../electron/window.ts';
import type { Quitting } from '../../../electron/quitting.ts';
import type { WindowLine, WorkbenchHost } from '../../../electron/workbenchHost.ts';
import { MessageChannelMain } from '../../fixtures/electron/ports.ts';
import { StandIn } from '../../fixtures/electron/standIn.ts';
import { Frame } from '../../fixtures/electron/windows.ts';
import type { Window } from '../../fixtures/electron/windows.ts';
import { builtScreens } from '../../fixtures/webWindow.ts';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PAGE = 'app://palimpsest/';

let electron: StandIn;
let window: Window;
let folder: string;
const lines: WindowLine[] = [];

beforeEach(async () => {
  electron = new StandIn();
  lines.length = 0;
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-security-'));
  const { api } = electron;
  setupSandbox(api);
  await setupSession(api);
  serveScreens(api, await builtScreens(join(folder, 'screens')));
  const host = { connect: (line: WindowLine) => lines.push(line) } as unknown as WorkbenchHost;
  const windows = new Windows(api, { isOver: true } as Quitting);
  setupIpc(api, host, windows);
  windows.open();
  const [opened] = electron.windows;
  if (opened === undefined) throw new Error('no window was opened');
  window = opened;
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a window', () => {
  test('is isolated, sandboxed and without Node', () => {
    expect(window.options.webPreferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
      devTools: false,
    });
    expect(electron.app.calls).toContain('enableSandbox');
  });

  test('shows the program’s own page, and shares nothing but the bridge with it', () => {
    expect(window.webContents.getURL()).toBe(PAGE);
    expect(Object.keys(window.webContents.page?.bridge ?? {}).sort()).toEqual([
      'choosePaths',
      'onCommand',
      'open',
      'pathOfFile',
    ]);
  });

  test.each(['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview'])(
    'prevents %s',
    (event) => {
      let prevented = false;
      window.webContents.emit(event, { preventDefault: () => (prevented = true) });
      expect(prevented).toBe(true);
    },
  );

  test('opens no other', () => {
    const { openHandler } = window.webContents;
    expect(openHandler?.({ url: 'https://example.org' })).toEqual({ action: 'deny' });
    expect(openHandler?.({ url: PAGE })).toEqual({ action: 'deny' });
  });
});

describe('the session', () => {
  test.each([
    [`${PAGE}assets/index.js`, true],
    ['app://palimpsest', true],
    [`blob:${PAGE}1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed`, true],
    ['https://example.org/', false],
    ['http://127.0.0.1:8617/', false],
    ['ws://localhost/', false],
    ['file:///etc/passwd', false],
    ['devtools://devtools/bundled/inspector.html', false],
    ['app://palimpsest.example.org/', false],
    ['app://other/', false],
    ['blob:https://example.org/1b9d6bcd', false],
    ['data:text/html,x', false],
  ])('asked for %s: %s', (url, passes) => {
    expect(electron.session.lets(url)).toBe(passes);
  });

  test.each(['media', 'geolocation', 'notifications', 'clipboard-read', 'openExternal', 'usb'])(
    'denies %s',
    (name) => {
      expect(electron.session.permits(name, PAGE)).toEqual({ request: false, check: false });
    },
  );

  test('lets the page, and only it, put text on the clipboard', () => {
    const name = 'clipboard-sanitized-write';
    expect(electron.session.permits(name, PAGE)).toEqual({ request: true, check: true });
    expect(electron.session.permits(name, PAGE, false).request).toBe(false);
    expect(electron.session.permits(name, 'https://example.org/')).toEqual({
      request: false,
      check: false,
    });
  });

  test('gives no device and no picture of the screen', () => {
    expect(electron.session.permitsDevices()).toBe(false);
    expect(electron.session.permitsScreen()).toBe(false);
  });

  test('saves the page’s own files and downloads nothing', () => {
    expect(electron.session.downloads(`blob:${PAGE}1b9d6bcd`)).toBe(true);
    expect(electron.session.downloads('https://example.org/a.zip')).toBe(false);
  });

  test('has no spell checker, no proxy, and finds no host', () => {
    expect(electron.session.spellChecker).toBe(false);
    expect(electron.session.proxy).toEqual({ mode: 'direct' });
    expect(electron.app.switches.get('host-resolver-rules')).toBe('MAP * ~NOTFOUND');
    expect(electron.app.switches.has('no-proxy-server')).toBe(true);
    expect(electron.app.switches.has('disable-background-networking')).toBe(true);
    expect(electron.app.calls).toContain('configureHostResolver off');
  });
});

test('certificates that are wrong, client certificates and passwords are refused', () => {
  const { app } = electron;
  let answer: boolean | undefined;
  const prevented: string[] = [];
  const event = (name: string) => ({ preventDefault: () => prevented.push(name) });
  app.emit('certificate-error', event('certificate'), {}, '', '', {}, (is: boolean) => {
    answer = is;
  });
  app.emit('select-client-certificate', event('client'));
  app.emit('login', event('login'));
  expect(answer).toBe(false);
  expect(prevented).toEqual(['certificate', 'client', 'login']);
});

describe('the scheme', () => {
  test('has an origin of its own', () => {
    expect(electron.schemes).toEqual([
      { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
    ]);
  });

  test.each([
    ['', 'text/html; charset=utf-8'],
    ['index.html#/runs', 'text/html; charset=utf-8'],
    ['assets/index-a1b2c3d4.js', 'text/javascript; charset=utf-8'],
    ['assets/plain.css?x=1', 'text/css; charset=utf-8'],
  ])('serves "%s" with the web host’s policy', async (path, type) => {
    const response = await electron.fetch(PAGE + path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('content-security-policy')).toBe(CONTENT_SECURITY_POLICY);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await response.text()).length).toBeGreaterThan(0);
  });

  test.each([
    ['GET', `${PAGE}../secret.txt`, 400],
    ['GET', `${PAGE}assets/..%2f..%2fsecret.txt`, 400],
    ['GET', `${PAGE}assets/%252e%252e/secret.txt`, 400],
    ['GET', `${PAGE}.hidden`, 404],
    ['GET', `${PAGE}none.js`, 404],
    ['GET', `${PAGE}assets`, 404],
    ['GET', `${PAGE}%zz`, 400],
    ['GET', 'app://other/index.html', 404],
    ['POST', PAGE, 405],
  ])('refuses %s %s with %i', async (method, url, status) => {
    await writeFile(join(folder, 'secret.txt'), 'secret');
    await writeFile(join(folder, 'screens', '.hidden'), 'secret');
    const response = await electron.fetch(url, method);
    expect(response.status).toBe(status);
    expect(await response.text()).not.toContain('secret');
    expect(response.headers.get('content-security-policy')).toBe(CONTENT_SECURITY_POLICY);
  });
});

describe('messages', () => {
  const request = { title: 'Choose', kind: 'file', multiple: false };

  /** A frame of another address, as a page that got in somehow would have. */
  function stranger(url: string): Frame {
    const frame = new Frame(() => undefined);
    frame.url = url;
    return frame;
  }

  test('of the page are answered', async () => {
    electron.answers.push(['/notes.txt']);
    const page = window.webContents.as(window.webContents.mainFrame);
    expect(await page.invoke('files/choose', [request])).toEqual(['/notes.txt']);
    page.send('workbench/connect', [1]);
    await turn();
    expect(lines).toHaveLength(1);
  });

  test.each([
    ['a frame inside the page', () => stranger(PAGE)],
    ['another page', () => stranger('https://example.org/')],
    ['a frame that is gone', () => null],
  ])('of %s are not', async (_name, frame) => {
    const sender = window.webContents.as(frame());
    await expect(sender.invoke('files/choose', [request])).rejects.toThrow('none of Palimpsest');
    sender.send('workbench/connect', [1]);
    await turn();
    expect(lines).toHaveLength(0);
    expect(electron.asked).toHaveLength(0);
  });

  test('of the window, when it shows another page, are not', async () => {
    const { mainFrame } = window.webContents;
    mainFrame.url = 'https://example.org/';
    const sender = window.webContents.as(mainFrame);
    await expect(sender.invoke('files/choose', [request])).rejects.toThrow('none of Palimpsest');
    sender.send('workbench/connect', [1]);
    await turn();
    expect(lines).toHaveLength(0);
  });

  test.each([
    [undefined],
    [{ ...request, kind: 'anything' }],
    [{ ...request, extensions: ['../x'] }],
    [{ ...request, properties: ['showHiddenFiles'] }],
  ])('that are malformed open no dialog: %j', async (malformed) => {
    const page = window.webContents.as(window.webContents.mainFrame);
    await expect(page.invoke('files/choose', [malformed])).rejects.toThrow();
    page.send('workbench/connect', ['one']);
    await turn();
    expect(electron.asked).toHaveLength(0);
    expect(lines).toHaveLength(0);
  });
});

test('a second port for the same attempt is closed', async () => {
  const { page } = window.webContents;
  let opens = 0;
  page?.bridge.open({
    onOpen: () => opens++,
    onMessage: () => undefined,
    onClose: () => undefined,
  });
  await turn();
  const closed: string[] = [];
  for (const name of ['first', 'second']) {
    const { port1, port2 } = new MessageChannelMain();
    port2.on('close', () => closed.push(name));
    port2.start();
    lines[0]?.line(port1);
  }
  await expect.poll(() => closed).toEqual(['second']);
  expect(opens).toBe(1);
});
