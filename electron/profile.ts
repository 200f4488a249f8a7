/**
 * Where Chromium keeps what is a window's alone: the theme, a draft, its caches. Its own choice on
 * macOS and Windows is the folder that holds the history.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ElectronApi } from './api.ts';

const FOLDER = 'Palimpsest Window';

/** Before anything else: the single-instance lock lies in there. */
export function setupProfile({ app }: Pick<ElectronApi, 'app'>): void {
  if (app.commandLine.hasSwitch('user-data-dir')) return;
  const folder = join(app.getPath('appData'), FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  app.setPath('userData', folder);
}
