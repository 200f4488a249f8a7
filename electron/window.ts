/** The windows: there is one, unless a person opens more. */
import { fileURLToPath } from 'node:url';
import type { BrowserWindow, WebContents } from 'electron';
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
  /** Commands for pages that do not listen yet; a page that listens has no entry. */
  readonly #commands = new WeakMap<WebContents, string[]>();

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
    // Windows tells its windows of a shutdown, not the program, and waits for it where it may.
    window.on('query-session-end', (event) => {
      if (this.#quitting.hasToSave) event.preventDefault();
      this.#quitting.demand();
    });
    window.on('session-end', () => {
      this.#quitting.demand();
    });
    this.#keepsCommands(window.webContents);
    window.webContents.on('did-navigate', () => {
      this.#keepsCommands(window.webContents);
    });
    window.webContents.on('render-process-gone', (_event, { reason }) => {
      this.#keepsCommands(window.webContents);
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

  /** To the window in front; a page that does not listen yet has it when it does. */
  command(id: string): void {
    const { BrowserWindow } = this.#electron;
    const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0];
    const { webContents } = window ?? this.open();
    const waiting = this.#commands.get(webContents);
    if (waiting === undefined) webContents.send(CHANNELS.command, id);
    else waiting.push(id);
  }

  /** A page has asked for its line: it listens to commands from now on. */
  listens(contents: WebContents): void {
    const waiting = this.#commands.get(contents) ?? [];
    this.#commands.delete(contents);
    for (const id of waiting) contents.send(CHANNELS.command, id);
  }

  /** A page that has just come, or none at all, hears nothing. */
  #keepsCommands(contents: WebContents): void {
    if (!this.#commands.has(contents)) this.#commands.set(contents, []);
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
