/** The desktop program in the order in which it starts: every feature before the first window. */
import { fileURLToPath } from 'node:url';
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
  if (!app.requestSingleInstanceLock()) {
    app.exit(0);
    return false;
  }
  setupSandbox(electron);
  const processes = new Processes(electron);
  const workbench = new WorkbenchHost(electron, processes, defaultHomePath(homeOption(argv)));
  const quitting = new Quitting(electron, workbench, processes);
  const windows = new Windows(electron, quitting);

  await app.whenReady();
  await setupSession(electron);
  serveScreens(electron, screens);
  setupIpc(electron, workbench);
  setupMenu(electron, windows);
  setupPowerSave(electron, workbench);
  setupQuitting(electron, quitting, signals);
  workbench.onDeath((reason) => {
    windows.tellClosed(reason);
  });
  app.on('second-instance', () => {
    windows.show();
  });
  app.on('activate', () => {
    windows.show();
  });
  workbench.start();
  windows.open();
  return true;
}

/** `--home DIR` and `--home=DIR`. */
export function homeOption(argv: readonly string[]): string | undefined {
  const place = argv.findIndex((word) => word === '--home' || word.startsWith('--home='));
  if (place === -1) return undefined;
  const word = argv[place];
  return word === '--home' ? argv[place + 1] : word?.slice('--home='.length);
}
