/** The desktop program in the order in which it starts: every feature before the first window. */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { defaultHomePath } from '../core/workbench/home.ts';
import type { ElectronApi } from './api.ts';
import { serveScreens } from './appScheme.ts';
import { setupIpc } from './ipc.ts';
import { setupMenu } from './menu.ts';
import { setupPowerSave } from './powerSave.ts';
import { Processes } from './processes.ts';
import { setupProfile } from './profile.ts';
import { Quitting, setupQuitting } from './quitting.ts';
import { setupSandbox, setupSession } from './security.ts';
import { Windows } from './window.ts';
import { WorkbenchHost } from './workbenchHost.ts';

/** The build puts the screens where the web host looks for them too. */
const SCREENS = fileURLToPath(new URL('../dist/renderer', import.meta.url));

/** What a second instance says to the first one. */
const instanceSchema = z.object({ home: z.string() });
type Instance = z.infer<typeof instanceSchema>;

export interface DesktopOptions {
  readonly argv: readonly string[];
  /** For tests, which have screens and signals of their own. */
  readonly screens?: string;
  readonly signals?: Pick<NodeJS.Process, 'on'>;
}

/** Resolves when the first window is open; false when another instance was shown instead. */
export async function startDesktop(
  electron: ElectronApi,
  { argv, screens = SCREENS, signals = process }: DesktopOptions,
): Promise<boolean> {
  const { app } = electron;
  setupProfile(electron);
  const home = defaultHomePath(homeOption(argv));
  if (!app.requestSingleInstanceLock({ home } satisfies Instance)) {
    app.exit(0);
    return false;
  }
  const opened = Promise.withResolvers<Windows>();
  app.on('second-instance', (_event, _argv, _folder, second) => {
    // Before the first window is open there is nothing to be shown.
    void opened.promise.then((windows) => {
      windows.show();
      const other = instanceSchema.safeParse(second).data?.home;
      if (other !== undefined && other !== home) void tellOfHome(electron, home, other);
    });
  });
  setupSandbox(electron);
  const processes = new Processes(electron);
  const workbench = new WorkbenchHost(electron, processes, home);
  const quitting = new Quitting(electron, workbench, processes);
  const windows = new Windows(electron, quitting);

  await app.whenReady();
  await setupSession(electron);
  serveScreens(electron, screens);
  setupIpc(electron, workbench, windows);
  setupMenu(electron, windows);
  setupPowerSave(electron, workbench);
  setupQuitting(electron, quitting, signals);
  workbench.onDeath((reason) => {
    windows.tellClosed(reason);
  });
  app.on('activate', () => {
    windows.show();
  });
  workbench.start();
  windows.open();
  opened.resolve(windows);
  return true;
}

/** Said without waiting for an answer: the window goes on meanwhile. */
async function tellOfHome(
  { dialog, BrowserWindow }: Pick<ElectronApi, 'dialog' | 'BrowserWindow'>,
  home: string,
  other: string,
): Promise<void> {
  const options = {
    type: 'info' as const,
    message: 'Palimpsest is already open with another home folder.',
    detail: `This window shows ${home}. To open ${other}, quit Palimpsest first.`,
    buttons: ['OK'],
    noLink: true,
  };
  const [window] = BrowserWindow.getAllWindows();
  await (window === undefined
    ? dialog.showMessageBox(options)
    : dialog.showMessageBox(window, options));
}

/** `--home DIR` and `--home=DIR`. */
export function homeOption(argv: readonly string[]): string | undefined {
  const place = argv.findIndex((word) => word === '--home' || word.startsWith('--home='));
  if (place === -1) return undefined;
  const word = argv[place];
  return word === '--home' ? argv[place + 1] : word?.slice('--home='.length);
}
