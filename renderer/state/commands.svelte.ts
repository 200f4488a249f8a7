/** What the palette and the keyboard can do: the frame's commands and those of the screen shown. */
import { untrack } from 'svelte';
import { keyOf, takesLetters } from '../lib/keyPress.ts';

export interface Command {
  readonly id: string;
  readonly title: string;
  /** Heading in the palette and in the list of keys. */
  readonly section: string;
  /** "mod+k" (⌘ or Ctrl), "/", "j", "shift+x"; several for one command are alternatives. */
  readonly keys?: readonly string[];
  readonly run: () => void;
  /** Not offered in the palette: keys that only make sense where they are. */
  readonly hidden?: boolean;
}

class Commands {
  #groups = $state.raw<readonly (readonly Command[])[]>([]);

  /** Those of the screen shown last come first. */
  get all(): readonly Command[] {
    return this.#groups.flat();
  }

  /** Returns the function that takes them back: to be returned from an $effect. */
  register(commands: readonly Command[]): () => void {
    // An effect that registers must not run again when others do.
    this.#groups = [commands, ...untrack(() => this.#groups)];
    return () => {
      this.#groups = this.#groups.filter((group) => group !== commands);
    };
  }

  /** Runs by id; false when there is no such command now. */
  run(id: string): boolean {
    const command = this.all.find((candidate) => candidate.id === id);
    command?.run();
    return command !== undefined;
  }

  /** Runs the command of a key press, unless the press belongs to its target or to something open. */
  handleKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return;
    const key = keyOf(event);
    const { target } = event;
    if (!key.startsWith('mod+') && target instanceof HTMLElement && takesLetters(target)) return;
    if (document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null) {
      return;
    }
    const command = this.all.find(({ keys }) => keys?.includes(key));
    if (command === undefined) return;
    event.preventDefault();
    command.run();
  }
}

const isMac = /mac|iphone|ipad/i.test(navigator.platform);

/** "mod+k" as it is printed on this machine's keyboard: "⌘K" or "Ctrl+K". */
export function keyLabel(key: string): string {
  const parts = key.split('+').map((part) => NAMES[part] ?? part.toUpperCase());
  return parts.join(isMac ? '' : '+');
}

const NAMES: Readonly<Record<string, string>> = {
  mod: isMac ? '⌘' : 'Ctrl',
  shift: isMac ? '⇧' : 'Shift',
  alt: isMac ? '⌥' : 'Alt',
  enter: 'Enter',
  escape: 'Esc',
  arrowup: '↑',
  arrowdown: '↓',
  arrowleft: '←',
  arrowright: '→',
  home: 'Home',
  end: 'End',
  pageup: 'PgUp',
  pagedown: 'PgDn',
};

export const commands = new Commands();
