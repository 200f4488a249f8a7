import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MenuItemConstructorOptions } from 'electron';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { choosePaths } from '../../../electron/dialogs.ts';
import type { ChooseRequest } from '../../../electron/dialogs.ts';
import { menuTemplate } from '../../../electron/menu.ts';
import { setupPowerSave } from '../../../electron/powerSave.ts';
import { questionOf } from '../../../electron/quitting.ts';
import type { WorkbenchHost } from '../../../electron/workbenchHost.ts';
import type { Work } from '../../../electron/workbenchMessages.ts';
import { StandIn } from '../../fixtures/electron/standIn.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

function onPlatform(platform: NodeJS.Platform): void {
  vi.spyOn(process, 'platform', 'get').mockReturnValue(platform);
}

describe('the dialog for files', () => {
  const request: ChooseRequest = { title: 'Import', kind: 'file', multiple: true };
  const window = {} as Parameters<typeof choosePaths>[1];

  test('filters by the last part of an extension and always offers all files', async () => {
    const electron = new StandIn();
    electron.answers.push(['/a.txt.gz']);
    const asked = { ...request, extensions: ['txt', 'txt.gz', 'csv.gz'] };
    expect(await choosePaths(electron.api, window, asked)).toEqual(['/a.txt.gz']);
    expect(electron.asked[0]?.options).toEqual({
      title: 'Import',
      properties: ['openFile', 'multiSelections'],
      filters: [
        { name: 'Files that can be read', extensions: ['txt', 'gz'] },
        { name: 'All files', extensions: ['*'] },
      ],
    });
  });

  test('gives nothing when it was cancelled', async () => {
    const electron = new StandIn();
    electron.answers.push(null);
    // `answers` ends at undefined; null is an answer.
    expect(await choosePaths(electron.api, window, { ...request, kind: 'folder' })).toEqual([]);
    expect(electron.asked[0]?.options['properties']).toEqual(['openDirectory', 'multiSelections']);
  });

  test('asks first for files or a folder where the system has no dialog for both', async () => {
    onPlatform('linux');
    const electron = new StandIn();
    electron.answers.push(1, ['/notes']);
    const either = { ...request, kind: 'file-or-folder' } as const;
    expect(await choosePaths(electron.api, window, either)).toEqual(['/notes']);
    expect(electron.asked.map(({ kind }) => kind)).toEqual(['message', 'open']);
    expect(electron.asked[1]?.options['properties']).toEqual(['openDirectory', 'multiSelections']);
    electron.answers.push(2);
    expect(await choosePaths(electron.api, window, either)).toEqual([]);
    expect(electron.asked).toHaveLength(3);
  });

  test('is one for both on macOS', async () => {
    onPlatform('darwin');
    const electron = new StandIn();
    electron.answers.push(['/notes']);
    await choosePaths(electron.api, window, { ...request, kind: 'file-or-folder' });
    expect(electron.asked.map(({ options }) => options['properties'])).toEqual([
      ['openFile', 'openDirectory', 'multiSelections'],
    ]);
  });
});

describe('the menu', () => {
  function items(list: readonly MenuItemConstructorOptions[]): MenuItemConstructorOptions[] {
    return list.flatMap((item) => [
      item,
      ...(Array.isArray(item.submenu) ? items(item.submenu) : []),
    ]);
  }

  test('knows the palette’s commands by their ids', async () => {
    const commands: string[] = [];
    const windows = { open: () => ({}) as never, command: (id: string) => commands.push(id) };
    const template = menuTemplate(false, windows);
    for (const { click, label } of items(template)) {
      if (label !== 'New Window') (click as (() => void) | undefined)?.();
    }
    const source = await readFile(
      join(import.meta.dirname, '../../../renderer/frame/frameCommands.ts'),
      'utf8',
    );
    expect(commands).toContain('project/new');
    expect(commands).toContain('go/system');
    for (const id of commands) {
      const [section, name = ''] = id.split('/');
      const words =
        section === 'go'
          ? `goTo('${name}'`
          : section === 'theme'
            ? `theme('${name}'`
            : `id: '${id}'`;
      expect(source, id).toContain(words);
    }
  });

  test('quits from File, and on macOS from the program’s own menu', () => {
    const windows = { open: () => ({}) as never, command: () => undefined };
    const roles = (isMac: boolean) => items(menuTemplate(isMac, windows)).map(({ role }) => role);
    expect(roles(false)).toContain('quit');
    expect(roles(true)).toContain('appMenu');
    expect(roles(true)).not.toContain('quit');
  });
});

test('the machine is kept awake while a run is at work, and no longer', () => {
  const electron = new StandIn();
  let tell: (work: Work) => void = () => undefined;
  const host = { onWork: (listener: (work: Work) => void) => (tell = listener) };
  setupPowerSave(electron.api, host as unknown as WorkbenchHost);
  tell({ running: [], queued: 3, calls: [] });
  expect(electron.blockers.size).toBe(0);
  tell({ running: ['run a'], queued: 2, calls: [] });
  tell({ running: ['run a'], queued: 1, calls: [] });
  expect(electron.blockers.size).toBe(1);
  tell({ running: [], queued: 0, calls: [] });
  expect(electron.blockers.size).toBe(0);
});

describe('the question before quitting', () => {
  test('names the run and what becomes of it and of those that wait', () => {
    const question = questionOf({ running: ['run ewc-seed-1 of pilot'], queued: 1200, calls: [] });
    expect(question.message).toBe('A run is at work.');
    expect(question.detail).toContain('saves run ewc-seed-1 of pilot in a checkpoint');
    expect(question.detail).toContain('goes on at the next start');
    expect(question.detail).toContain('1,200 runs wait in the queue for the next start.');
    expect(question.buttons[question.cancelId]).toBe('Keep running');
  });

  test('names what is stopped, alone or beside a run', () => {
    const calls = ['the import of a corpus', 'the estimate of a project'];
    const sentence =
      'This is stopped and has to be started again: the import of a corpus, the estimate of a project.';
    const alone = questionOf({ running: [], queued: 0, calls });
    expect(alone.detail).toBe(sentence);
    expect(alone.defaultId).toBe(alone.cancelId);
    expect(questionOf({ running: ['run a'], queued: 0, calls }).detail).toContain(sentence);
  });

  test('speaks of no queue where there is none', () => {
    expect(questionOf({ running: ['run a'], queued: 0, calls: [] }).detail).not.toContain('queue');
  });
});
