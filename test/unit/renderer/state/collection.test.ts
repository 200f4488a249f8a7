import { expect, test } from 'vitest';
import { Collection } from '../../../../renderer/state/collection.svelte.ts';

interface Named {
  readonly id: string;
  readonly name: string;
}

/** A collection whose readings end when the test says so. */
function played() {
  const readings: PromiseWithResolvers<readonly Named[]>[] = [];
  const list = new Collection<Named>(() => {
    const reading = Promise.withResolvers<readonly Named[]>();
    readings.push(reading);
    return reading.promise;
  });
  const answer = (at: number, ...names: string[]): void => {
    readings[at]?.resolve(names.map((name) => ({ id: name, name })));
  };
  return { list, readings, answer, names: () => list.items.map(({ name }) => name) };
}

test('what is asked during a reading is read after it, once for all who ask', async () => {
  const { list, readings, answer, names } = played();
  const first = list.refresh();
  const later = [list.refresh(), list.refresh()];
  expect(readings).toHaveLength(1);
  answer(0, 'a');
  await first;
  expect(names()).toEqual(['a']);
  await expect.poll(() => readings.length).toBe(2);
  answer(1, 'a', 'b');
  await Promise.all(later);
  expect(names()).toEqual(['a', 'b']);
  expect(readings).toHaveLength(2);
});

test('a reading that fails does not keep the next one from being done', async () => {
  const { list, readings, answer, names } = played();
  const first = list.refresh();
  const second = list.refresh();
  readings[0]?.reject(new Error('lost'));
  await first;
  expect(list.error?.message).toContain('lost');
  await expect.poll(() => readings.length).toBe(2);
  answer(1, 'a');
  await second;
  expect([names(), list.error]).toEqual([['a'], undefined]);
});

test('loading shares the first reading and is done with it', async () => {
  const { list, readings, answer } = played();
  const loads = [list.load(), list.load()];
  answer(0, 'a');
  await Promise.all(loads);
  await list.load();
  expect(readings).toHaveLength(1);
});

test('what is heard during a reading is not lost to what it brings', async () => {
  const { list, answer, names } = played();
  const reading = list.refresh();
  list.put({ id: 'b', name: 'renamed' });
  list.put({ id: 'c', name: 'c' });
  list.remove('a');
  answer(0, 'a', 'b');
  await reading;
  expect(names()).toEqual(['c', 'renamed']);
});
