import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { homePath } from '../../../core/workbench/home.ts';
import { homeOption, startDesktop } from '../../../electron/desktop.ts';
import { headlessArguments } from '../../../electron/headless.ts';
import { setupProfile } from '../../../electron/profile.ts';
import { printFailure, showFailure } from '../../../electron/startFailure.ts';
import { StandIn } from '../../fixtures/electron/standIn.ts';

const signals = new EventEmitter() as unknown as Pick<NodeJS.Process, 'on'>;

/** The stand-in with a record of what is called; the Workbench's process is not started. */
function recorded(): { electron: StandIn; start: () => Promise<boolean>; calls: string[] } {
  const electron = new StandIn();
  const calls: string[] = [];
  const { api } = electron;
  const record = (name: string, target: object): object =>
    new Proxy(target, {
      get: (object, key) => {
        const value: unknown = Reflect.get(object, key);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]): unknown => {
          const detail = typeof given[0] === 'string' ? ` ${given[0]}` : '';
          calls.push(`${name}.${String(key)}${detail}`);
          return Reflect.apply(value as (...all: unknown[]) => unknown, object, given);
        };
      },
    });
  const window = api.BrowserWindow;
  const seen = {
    ...api,
    app: record('app', api.app),
    protocol: record('protocol', api.protocol),
    ipcMain: record('ipcMain', api.ipcMain),
    Menu: record('Menu', api.Menu),
    session: { defaultSession: record('session', api.session.defaultSession) },
    utilityProcess: {
      fork: () => {
        calls.push('utilityProcess.fork');
        return Object.assign(new EventEmitter(), { postMessage: () => undefined, pid: undefined });
      },
    },
    BrowserWindow: new Proxy(window, {
      construct: (target, given) => {
        calls.push('new BrowserWindow');
        return Reflect.construct(target, given) as object;
      },
    }),
  } as unknown as typeof api;
  const start = (): Promise<boolean> =>
    startDesktop(seen, { argv: ['palimpsest'], screens: '/nowhere', signals });
  return { electron, start, calls };
}

test('what a page could do is settled before the app is ready, and the rest before a window opens', async () => {
  const { electron, start, calls } = recorded();
  electron.app.ready.resolve();
  expect(await start()).toBe(true);
  const place = (name: string): number => {
    const found = calls.indexOf(name);
    expect(found, `${name} in ${calls.join(', ')}`).not.toBe(-1);
    return found;
  };
  const ready = place('app.whenReady');
  expect(place('app.on second-instance')).toBe(place('app.requestSingleInstanceLock') + 1);
  expect(place('app.setPath userData')).toBeLessThan(place('app.requestSingleInstanceLock'));
  for (const name of [
    'app.setPath userData',
    'app.requestSingleInstanceLock',
    'app.enableSandbox',
    'protocol.registerSchemesAsPrivileged',
    'app.on web-contents-created',
    'app.on certificate-error',
  ]) {
    expect(place(name), name).toBeLessThan(ready);
  }
  const window = place('new BrowserWindow');
  for (const name of [
    'session.setPermissionRequestHandler',
    'session.setPermissionCheckHandler',
    'session.setSpellCheckerEnabled',
    'session.setProxy',
    'protocol.handle app',
    'ipcMain.on workbench/connect',
    'ipcMain.handle files/choose',
    'Menu.setApplicationMenu',
    'app.on before-quit',
    'app.on activate',
    'utilityProcess.fork',
  ]) {
    expect(place(name), name).toBeGreaterThan(ready);
    expect(place(name), name).toBeLessThan(window);
  }
});

test('what a window keeps for itself lies outside of the home folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'palimpsest-profile-'));
  try {
    const { app, api } = new StandIn();
    app.paths.set('appData', folder);
    setupProfile(api);
    const profile = app.getPath('userData');
    const sources = { option: undefined, environment: { APPDATA: folder }, userFolder: folder };
    for (const platform of ['darwin', 'win32'] as const) {
      // As Electron's own choice would be on macOS and Windows: "Palimpsest" in appData.
      const home = homePath({ ...sources, platform });
      expect(basename(home)).toBe('Palimpsest');
      expect(basename(profile)).not.toBe('Palimpsest');
    }
    app.paths.delete('userData');
    app.switches.set('user-data-dir', '/elsewhere');
    setupProfile(api);
    expect(app.paths.has('userData')).toBe(false);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a second instance ends, and the first one shows its window', async () => {
  const second = recorded();
  second.electron.app.isFirstInstance = false;
  expect(await second.start()).toBe(false);
  expect(await second.electron.app.ended.promise).toBe(0);
  expect(second.calls).not.toContain('new BrowserWindow');

  const first = recorded();
  first.electron.app.ready.resolve();
  await first.start();
  const [window] = first.electron.windows;
  if (window !== undefined) window.isShown = false;
  first.electron.app.emit('second-instance', {}, [], '/', second.electron.app.additionalData);
  await expect.poll(() => window?.isShown).toBe(true);
  expect(first.electron.windows).toHaveLength(1);
  expect(first.electron.asked).toHaveLength(0);
});

test('a second instance with another home folder is told which one is open', async () => {
  const { electron, start } = recorded();
  electron.app.ready.resolve();
  await start();
  const { home } = electron.app.additionalData as { home: string };
  electron.app.emit('second-instance', {}, [], '/', { home: '/data/other' });
  const { options } = await electron.nextQuestion();
  expect(options['detail']).toBe(
    `This window shows ${home}. To open /data/other, quit Palimpsest first.`,
  );
  for (const malformed of [undefined, null, { home: 1 }]) {
    electron.app.emit('second-instance', {}, [], '/', malformed);
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(electron.asked).toHaveLength(1);
});

test('a second instance that comes while the first one starts opens no window before its time', async () => {
  const { electron, start, calls } = recorded();
  const started = start();
  electron.app.emit('second-instance', {}, [], '/', electron.app.additionalData);
  await new Promise((resolve) => setImmediate(resolve));
  expect(calls).not.toContain('new BrowserWindow');
  electron.app.ready.resolve();
  await started;
  expect(electron.windows).toHaveLength(1);
});

test('why the program cannot start is shown, and it ends', async () => {
  const { electron, start } = recorded();
  electron.app.setPath = () => {
    throw Object.assign(new Error('EACCES'), { code: 'EACCES', path: '/profile' });
  };
  await start().catch((error: unknown) => {
    showFailure(electron.api, error);
  });
  expect(electron.errorBoxes).toEqual([
    {
      title: 'Palimpsest could not be started',
      content: expect.stringContaining('Permission was denied') as string,
    },
  ]);
  expect(await electron.app.ended.promise).toBe(1);
});

test('why the command line cannot start is printed, and it ends', async () => {
  const { app } = new StandIn();
  const lines: unknown[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
    lines.push(line);
    return true;
  });
  printFailure({ app } as unknown as StandIn['api'], new Error('no profile'));
  write.mockRestore();
  expect(lines.join('')).toContain('Error: Palimpsest could not be started:');
  expect(lines.join('')).toContain('no profile');
  expect(await app.ended.promise).toBe(1);
});

test('the home folder can be named on the command line', () => {
  expect(homeOption(['palimpsest', '--home', '/data/home'])).toBe('/data/home');
  expect(homeOption(['palimpsest', '--home=/data/home'])).toBe('/data/home');
  expect(homeOption(['palimpsest'])).toBeUndefined();
});

test('what follows --headless is a command line', () => {
  expect(headlessArguments(['palimpsest', '--headless', 'runs', 'list'])).toEqual(['runs', 'list']);
  expect(headlessArguments(['electron', '/program', '--headless', '--help'])).toEqual(['--help']);
  expect(headlessArguments(['palimpsest', '--home', '/x'])).toBeUndefined();
});
