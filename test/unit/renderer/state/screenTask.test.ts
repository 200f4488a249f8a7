import { beforeEach, describe, expect, test } from 'vitest';
import { WorkbenchError, abortedError } from '../../../../renderer/client/errors.ts';
import { ScreenTask } from '../../../../renderer/state/screenTask.svelte.ts';
import { toasts } from '../../../../renderer/state/toasts.svelte.ts';

beforeEach(() => {
  for (const { id } of toasts.list) toasts.dismiss(id);
});

const full = (): WorkbenchError =>
  new WorkbenchError({ code: 'disk/full', message: 'No room.', hint: 'Make some.' });
const messages = (): string[] => toasts.list.map(({ message }) => message);

describe('work that fails', () => {
  test('is told on its screen, until that is left', async () => {
    const task = new ScreenTask();
    const leave = task.attachScreen();
    await task.run(() => Promise.reject(full()));
    expect(task.failure).toMatchObject({ message: 'No room.', hint: 'Make some.' });
    expect(messages()).toEqual([]);
    leave();
    expect(task.failure).toBeUndefined();
  });

  test('after its screen was left is told as a message', async () => {
    const task = new ScreenTask();
    const leave = task.attachScreen();
    const work = Promise.withResolvers<void>();
    const done = task.run(() => work.promise);
    leave();
    work.reject(full());
    await done;
    expect([messages(), task.failure]).toEqual([['No room.'], undefined]);
  });

  test('because it was stopped is no failure', async () => {
    const task = new ScreenTask();
    const done = task.run(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            reject(abortedError());
          });
        }),
    );
    task.stop();
    await done;
    expect([messages(), task.failure, task.isWorking]).toEqual([[], undefined, false]);
  });
});

test('work that is at it is not begun a second time, also from a screen that was left and comes back', async () => {
  const task = new ScreenTask();
  task.attachScreen()();
  const work = Promise.withResolvers<void>();
  const done = task.run(() => work.promise);
  task.attachScreen();
  expect(task.isWorking).toBe(true);
  let begun = 0;
  await task.run(async () => {
    begun++;
  });
  work.resolve();
  await done;
  expect([begun, task.isWorking]).toEqual([0, false]);
});
