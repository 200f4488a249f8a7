/** The windows: there is one, unless a person opens more. */
import { fileURLToPath } from 'node:url';
import type { BrowserWindow } from 'electron';
import type { ElectronApi } from './api.ts';
import { PAGE } from './appScheme.ts';
import { CHANNELS } from './channels.ts';
import type { Quitting } from './quitting.ts';

/** Lies beside this module, from source (.cts) and built (.cjs). */
const PRELOAD = fileURLToPath(import.meta.url).replace(/window\.([a-z]+)$/, 'preload.c$1');

/** Linux takes a window's icon from the window; the others from the program. */
const ICON = fileURLToPath(new URL('../resources/icons/icon-256.png', import.meta.url));

export class Windows {
  readonly #electron: Pick<ElectronApi, 'app' | 'BrowserWindow' | 'dialog'>;
  readonly #quitting: Quitting;

  constructor(electron: Pick<ElectronApi, 'app' | 'BrowserWindow' | 'dialog'>, quitting: Quitting) {
    this.#electron = electron;
    this.#quitting = quitting;
  }

  open(): BrowserWindow {
    const { app, BrowserWindow } = this.#electron;
    const window = new BrowserWindow({
      title: 'Palimpsest',
      icon: ICON,
      width: 1280,
      height: 820,
      minWidth: 720,
      minHeight: 520,
      show: false,
      autoHideMenuBar: true,
      webPreferences: {
        preload: PRELOAD,
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        webviewTag: false,
        navigateOnDragDrop: false,
        spellcheck: false,
        devTools: !app.isPackaged,
      },
    });
    window.once('ready-to-show', () => {
      window.show();
    });
    window.on('close', (event) => {
      // Where closing the last window ends the program, it asks what quitting asks.
      const isLast = BrowserWindow.getAllWindows().length === 1;
      if (process.platform === 'darwin' || !isLast || this.#quitting.isOver) return;
      event.preventDefault();
      app.quit();
    });
    // Windows tells its windows of a shutdown, not the program.
    window.on('session-end', () => {
      this.#quitting.demand();
    });
    window.webContents.on('render-process-gone', (_event, { reason }) => {
      if (reason !== 'clean-exit') void this.#offerReload(window);
    });
    void window.loadURL(PAGE);
    return window;
  }

  /** The window in front, or a new one. */
  show(): void {
    const [window] = this.#electron.BrowserWindow.getAllWindows();
    if (window === undefined) {
      this.open();
      return;
    }
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  }

  /** To the window in front. */
  command(id: string): void {
    const { BrowserWindow } = this.#electron;
    const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0];
    (window ?? this.open()).webContents.send(CHANNELS.command, id);
  }

  /** To every window: the line to the Workbench broke. */
  tellClosed(reason: object): void {
    for (const window of this.#electron.BrowserWindow.getAllWindows()) {
      window.webContents.send(CHANNELS.closed, null, reason);
    }
  }

  async #offerReload(window: BrowserWindow): Promise<void> {
    const { response } = await this.#electron.dialog.showMessageBox(window, {
      type: 'error',
      message: 'This window ended unexpectedly.',
      detail: 'Runs and imports go on. Reload the window to see them.',
      buttons: ['Reload', 'Close'],
      defaultId: 0,
      cancelId: 1,
      noLink: true,
    });
    if (window.isDestroyed()) return;
    if (response === 0) window.webContents.reload();
    else window.close();
  }
}
