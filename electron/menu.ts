/** The application menu. What the screens can do is a command of theirs, by the palette's ids. */
import type { MenuItemConstructorOptions } from 'electron';
import type { ElectronApi } from './api.ts';
import type { Windows } from './window.ts';

type Item = MenuItemConstructorOptions;

const SEPARATOR: Item = { type: 'separator' };

const PLACES = [
  ['projects', 'Projects'],
  ['runs', 'Runs'],
  ['compare', 'Compare'],
  ['models', 'Models'],
  ['corpora', 'Corpora'],
  ['playground', 'Playground'],
  ['system', 'System'],
] as const;

export function setupMenu({ Menu }: Pick<ElectronApi, 'Menu'>, windows: Windows): void {
  const template = menuTemplate(process.platform === 'darwin', windows);
  Menu.setApplicationMenu(Menu.buildFromTemplate([...template]));
}

export function menuTemplate(
  isMac: boolean,
  windows: Pick<Windows, 'open' | 'command'>,
): readonly Item[] {
  const command = (id: string, label: string, accelerator?: string): Item => ({
    label,
    click: () => {
      windows.command(id);
    },
    ...(accelerator === undefined ? {} : { accelerator }),
  });
  const newWindow: Item = {
    label: 'New Window',
    accelerator: 'CmdOrCtrl+Shift+N',
    click: () => {
      windows.open();
    },
  };
  return [
    ...(isMac ? [{ role: 'appMenu' } as const] : []),
    {
      label: '&File',
      submenu: [
        command('project/new', 'New Project', 'CmdOrCtrl+N'),
        newWindow,
        SEPARATOR,
        isMac ? { role: 'close' } : { role: 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        command('palette', 'Find or Do', 'CmdOrCtrl+K'),
        SEPARATOR,
        command('theme/system', 'Theme: as the System'),
        command('theme/light', 'Theme: Light'),
        command('theme/dark', 'Theme: Dark'),
        command('density', 'Compact or Comfortable Rows'),
        SEPARATOR,
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        SEPARATOR,
        { role: 'reload' },
      ],
    },
    { label: '&Go', submenu: PLACES.map(([id, label]) => command(`go/${id}`, label)) },
    { role: 'windowMenu' },
    {
      role: 'help',
      submenu: [
        command('keys', 'List of Keys'),
        ...(isMac ? [] : [SEPARATOR, { role: 'about' } as const]),
      ],
    },
  ];
}
