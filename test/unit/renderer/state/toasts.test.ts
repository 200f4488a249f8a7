import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Toasts } from '../../../../renderer/state/toasts.svelte.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const report = (message: string) => ({ code: 'disk/full', message, hint: 'Make room.' });
const run = (): void => undefined;

test('plain messages make room for others; errors and what can be taken back stay', () => {
  const toasts = new Toasts();
  const shown = (): string[] => toasts.list.map(({ message }) => message);
  toasts.showReport(report('No room.'));
  toasts.showUndo('3 runs archived', run);
  for (const message of ['one', 'two', 'three', 'four']) toasts.show({ message });
  expect(shown()).toEqual(['No room.', '3 runs archived', 'three', 'four']);
  for (const message of ['Gone.', 'Torn.', 'Lost.']) toasts.showReport(report(message));
  expect(shown()).toEqual(['No room.', '3 runs archived', 'Gone.', 'Torn.', 'Lost.']);
  // What is new is shown, whatever is there.
  toasts.show({ message: 'five' });
  expect(shown().at(-1)).toBe('five');

  vi.runAllTimers();
  expect(shown()).toEqual(['No room.', 'Gone.', 'Torn.', 'Lost.']);
});

test('the same error is told once, where it was met last', () => {
  const toasts = new Toasts();
  for (const message of ['No room.', 'Gone.', 'No room.']) toasts.showReport(report(message));
  expect(toasts.list.map(({ message }) => message)).toEqual(['Gone.', 'No room.']);
});
