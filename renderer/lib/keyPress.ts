/** Which key was pressed, and whether the element that has the focus wants it for itself. */

/** A key that went down, with those that were held. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** "mod+k" (⌘ or Ctrl), "alt+1", "shift+x", "?": the words that commands name their keys by. */
export function keyOf(event: KeyPress): string {
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) return `mod+${event.shiftKey ? 'shift+' : ''}${key}`;
  if (event.altKey) return `alt+${key}`;
  // "?" is typed with Shift on most keyboards and is its own key.
  return event.shiftKey && /^[a-z]$/.test(key) ? `shift+${key}` : key;
}

/** The key of context menus, where a keyboard has one, and what stands for it. */
export function isMenuKey(event: KeyPress): boolean {
  const key = keyOf(event);
  return key === 'contextmenu' || key === 'm' || (key === 'f10' && event.shiftKey);
}

/** What is asked of an element that has the focus. */
export interface KeyTarget {
  readonly tagName: string;
  /** Of an input. */
  readonly type?: string;
  readonly isContentEditable?: boolean;
  readonly parentElement: KeyTarget | null;
  getAttribute(name: string): string | null;
}

/**
 * Whether letters belong to the element: a field takes them as text, and a choice from a list, open or
 * closed, goes to the value that begins with them.
 */
export function takesLetters(target: KeyTarget): boolean {
  if (target.isContentEditable === true) return true;
  if (target.tagName === 'TEXTAREA' || target.tagName === 'SELECT') return true;
  if (target.tagName === 'INPUT' && !NOT_TYPED_IN.has(target.type ?? 'text')) return true;
  for (let element: KeyTarget | null = target; element !== null; element = element.parentElement) {
    if (element.getAttribute('aria-haspopup') === 'listbox') return true;
    const role = element.getAttribute('role');
    if (role === 'listbox' || role === 'combobox') return true;
  }
  return false;
}

const NOT_TYPED_IN = new Set(['checkbox', 'radio', 'button', 'range', 'submit', 'reset', 'file']);
