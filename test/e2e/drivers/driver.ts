/** What drives the product as a person does: a browser before the web host, or the desktop's window. */
import type { BrowserContext, Page } from 'playwright-core';

export interface StartOptions {
  readonly home: string;
  /** Folders whose files can be browsed. */
  readonly allowedRoots?: readonly string[];
  /** Command line that the program's own is put behind: a recorder, or one that takes rights away. */
  readonly prefix?: readonly string[];
  /** The same for the browser, where it is a program of its own. */
  readonly browserPrefix?: readonly string[];
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly deviceScaleFactor?: number;
}

/** A started product. One window is open at a time. */
export interface StartedApp {
  readonly context: BrowserContext;
  /** The process that has the home folder open; its jobs are its children. */
  readonly hostPid: number;
  readonly browserPid: number | undefined;
  /** Opens a window; after a start, or when the one before was closed. */
  openWindow(): Promise<Page>;
  /** Everything that the program has printed for a person. */
  printed(): string;
  /** Ends the program as a person does (Ctrl-C, Quit); resolves when it has ended. */
  quit(): Promise<void>;
  /** Ends everything at once; does nothing where it has ended. */
  stop(): Promise<void>;
}

export interface Driver {
  readonly name: 'Chromium' | 'Electron';
  start(options: StartOptions): Promise<StartedApp>;
}
