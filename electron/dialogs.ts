/** The system's own dialog for files and folders. */
import type { BrowserWindow, OpenDialogOptions } from 'electron';
import { z } from 'zod';
import type { ElectronApi } from './api.ts';

export const chooseRequestSchema = z.strictObject({
  title: z.string().max(200),
  kind: z.enum(['file', 'folder', 'file-or-folder']),
  multiple: z.boolean(),
  extensions: z
    .array(z.string().regex(/^[\w.-]{1,20}$/))
    .max(50)
    .optional(),
});
export type ChooseRequest = z.infer<typeof chooseRequestSchema>;

/** Empty when it was cancelled. */
export async function choosePaths(
  { dialog }: Pick<ElectronApi, 'dialog'>,
  window: BrowserWindow,
  request: ChooseRequest,
): Promise<readonly string[]> {
  const kind = request.kind === 'file-or-folder' ? await eitherKind(dialog, window) : request.kind;
  if (kind === undefined) return [];
  const { canceled, filePaths } = await dialog.showOpenDialog(window, optionsOf(request, kind));
  return canceled ? [] : filePaths;
}

type Kind = 'file' | 'folder' | 'either';

/** Only the dialog of macOS offers both; elsewhere the person says first which. */
async function eitherKind(
  dialog: ElectronApi['dialog'],
  window: BrowserWindow,
): Promise<Kind | undefined> {
  if (process.platform === 'darwin') return 'either';
  const { response } = await dialog.showMessageBox(window, {
    type: 'question',
    message: 'What do you want to choose?',
    buttons: ['Files', 'A folder', 'Cancel'],
    defaultId: 0,
    cancelId: 2,
    noLink: true,
  });
  return (['file', 'folder', undefined] as const)[response];
}

function optionsOf({ title, multiple, extensions }: ChooseRequest, kind: Kind): OpenDialogOptions {
  const properties: NonNullable<OpenDialogOptions['properties']> = [];
  if (kind !== 'folder') properties.push('openFile');
  if (kind !== 'file') properties.push('openDirectory');
  if (multiple) properties.push('multiSelections');
  if (extensions === undefined || kind !== 'file') return { title, properties };
  // The system filters by what follows the last dot: "gz" of "notes.txt.gz".
  const last = [...new Set(extensions.map((name) => name.slice(name.lastIndexOf('.') + 1)))];
  const filters = [
    { name: 'Files that can be read', extensions: last },
    { name: 'All files', extensions: ['*'] },
  ];
  return { title, properties, filters };
}
