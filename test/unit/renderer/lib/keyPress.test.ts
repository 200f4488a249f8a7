import { describe, expect, test } from 'vitest';
import { isMenuKey, keyOf, takesLetters } from '../../../../renderer/lib/keyPress.ts';
import type { KeyPress, KeyTarget } from '../../../../renderer/lib/keyPress.ts';

const element = (
  tagName: string,
  attributes: Readonly<Record<string, string>> = {},
  parentElement: KeyTarget | null = null,
): KeyTarget => ({
  tagName,
  ...(attributes['type'] === undefined ? {} : { type: attributes['type'] }),
  parentElement,
  getAttribute: (name) => attributes[name] ?? null,
});

const press = (key: string, held: Partial<KeyPress> = {}): KeyPress => ({
  ...{ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false },
  ...held,
});

test('a key is named with the keys that are held', () => {
  expect(keyOf(press('K', { ctrlKey: true }))).toBe('mod+k');
  expect(keyOf(press('K', { metaKey: true, shiftKey: true }))).toBe('mod+shift+k');
  expect(keyOf(press('X', { shiftKey: true }))).toBe('shift+x');
  expect(keyOf(press('?', { shiftKey: true }))).toBe('?');
  expect(keyOf(press('ArrowDown', { altKey: true }))).toBe('alt+arrowdown');
});

test('a menu is asked for by its key, by M, and by Shift and F10', () => {
  expect(isMenuKey(press('ContextMenu'))).toBe(true);
  expect(isMenuKey(press('m'))).toBe(true);
  expect(isMenuKey(press('F10', { shiftKey: true }))).toBe(true);
  expect(isMenuKey(press('F10'))).toBe(false);
  expect(isMenuKey(press('m', { ctrlKey: true }))).toBe(false);
});

describe('letters belong to', () => {
  test('fields of text, but not to boxes, buttons and sliders', () => {
    expect(takesLetters(element('TEXTAREA'))).toBe(true);
    expect(takesLetters(element('INPUT', { type: 'text' }))).toBe(true);
    expect(takesLetters(element('INPUT', { type: 'checkbox' }))).toBe(false);
    expect(takesLetters(element('INPUT', { type: 'range' }))).toBe(false);
    expect(takesLetters(element('BUTTON'))).toBe(false);
    expect(takesLetters(element('TR'))).toBe(false);
    expect(takesLetters({ ...element('DIV'), isContentEditable: true })).toBe(true);
  });

  test('a choice from a list, which goes to the value that begins with them', () => {
    expect(takesLetters(element('BUTTON', { 'aria-haspopup': 'listbox' }))).toBe(true);
    expect(takesLetters(element('BUTTON', { 'aria-haspopup': 'menu' }))).toBe(false);
    const list = element('DIV', { role: 'listbox' });
    expect(takesLetters(list)).toBe(true);
    expect(takesLetters(element('DIV', { role: 'option' }, list))).toBe(true);
  });
});
