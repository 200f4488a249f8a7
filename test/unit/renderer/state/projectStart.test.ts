import { beforeEach, expect, test, vi } from 'vitest';
import type { ProjectFile } from '../../../../core/workbench/projectFile.ts';
import { emptyDraft } from '../../../../renderer/lib/wizard/draft.ts';
import { projectDraft } from '../../../../renderer/state/projectDraft.svelte.ts';
import { ProjectStart } from '../../../../renderer/state/projectStart.svelte.ts';
import { toasts } from '../../../../renderer/state/toasts.svelte.ts';

const played = vi.hoisted(() => ({ call: vi.fn(), go: vi.fn() }));
vi.mock('../../../../renderer/state/router.svelte.ts', () => ({ router: played }));
vi.mock('../../../../renderer/state/workbench.svelte.ts', () => {
  const list = { isLoaded: false, items: [], refresh: () => Promise.resolve() };
  const lists = { models: list, corpora: list, projects: list, runs: list };
  return { workbench: { ...lists, call: played.call } };
});

const PROJECT = { name: 'trial' } as ProjectFile;
const PAGE = { page: 'project', id: 'p1' };

beforeEach(() => {
  played.go.mockReset();
  for (const { id } of toasts.list) toasts.dismiss(id);
  projectDraft.replace({ ...emptyDraft(), step: 'review', baseModel: 'tiny' });
});

/** A start from the wizard's screen that ends when `meanwhile` is done. */
async function startAnd(meanwhile: (leave: () => void) => void): Promise<void> {
  const reply = Promise.withResolvers<unknown>();
  played.call.mockReturnValue(reply.promise);
  const start = new ProjectStart();
  const leave = start.attachScreen();
  const done = start.start(PROJECT);
  expect(start.isWorking).toBe(true);
  meanwhile(leave);
  reply.resolve({ id: PAGE.id, name: 'trial', notices: [] });
  await done;
}

test('who waits is led to the project, and the draft is done with', async () => {
  await startAnd(() => {
    // Another step of the same draft is no other draft.
    projectDraft.go('settings');
  });
  expect(played.go.mock.calls).toEqual([[PAGE]]);
  expect(projectDraft.draft.baseModel).toBe('');
  expect(toasts.list).toEqual([]);
});

test('who has left the wizard is told where the project is, and not pulled away', async () => {
  await startAnd((leave) => {
    leave();
  });
  expect(played.go).not.toHaveBeenCalled();
  expect(projectDraft.draft.baseModel).toBe('');
  const [toast] = toasts.list;
  expect(toast).toMatchObject({
    message: 'The project “trial” was started.',
    action: { label: 'Open' },
  });
  if (toast !== undefined) toasts.act(toast);
  expect(played.go.mock.calls).toEqual([[PAGE]]);
});

test('what was typed since the start stays, and its screen too', async () => {
  await startAnd(() => {
    projectDraft.draft.baseModel = 'another';
  });
  expect(projectDraft.draft.baseModel).toBe('another');
  expect(played.go).not.toHaveBeenCalled();
  expect(toasts.list).toHaveLength(1);
});
