/** What a person has chosen about the look, kept in this browser or window. */
import type { Sort } from '../lib/sorting.ts';

export type Theme = 'system' | 'light' | 'dark';
export type Density = 'comfortable' | 'compact';

export interface TableLayout {
  /** Keys of the shown columns in their order; undefined: the table's own. */
  readonly columns?: readonly string[];
  /** How many of them stay at the left while the others scroll. */
  readonly pinned?: number;
  readonly sort?: Sort;
}

export interface SavedView {
  readonly name: string;
  readonly filter: string;
}

interface Stored {
  readonly theme: Theme;
  readonly density: Density;
  readonly tables: Readonly<Record<string, TableLayout>>;
  readonly views: Readonly<Record<string, readonly SavedView[]>>;
  /** Single choices of screens: smoothing of charts, x axis. */
  readonly choices: Readonly<Record<string, string>>;
}

const KEY = 'palimpsest.preferences.1';
const DEFAULTS: Stored = {
  theme: 'system',
  density: 'comfortable',
  tables: {},
  views: {},
  choices: {},
};

class Preferences {
  #stored = $state.raw<Stored>(read());

  constructor() {
    applyTheme(this.#stored.theme);
    // Several windows share one set.
    window.addEventListener('storage', ({ key }) => {
      if (key !== KEY) return;
      this.#stored = read();
      applyTheme(this.#stored.theme);
    });
  }

  get theme(): Theme {
    return this.#stored.theme;
  }

  set theme(theme: Theme) {
    this.#change({ theme });
    applyTheme(theme);
  }

  get density(): Density {
    return this.#stored.density;
  }

  set density(density: Density) {
    this.#change({ density });
  }

  table(id: string): TableLayout {
    return this.#stored.tables[id] ?? {};
  }

  setTable(id: string, layout: TableLayout): void {
    this.#change({ tables: { ...this.#stored.tables, [id]: layout } });
  }

  views(id: string): readonly SavedView[] {
    return this.#stored.views[id] ?? [];
  }

  setViews(id: string, views: readonly SavedView[]): void {
    this.#change({ views: { ...this.#stored.views, [id]: views } });
  }

  choice(id: string): string | undefined {
    return this.#stored.choices[id];
  }

  setChoice(id: string, value: string): void {
    this.#change({ choices: { ...this.#stored.choices, [id]: value } });
  }

  #change(change: Partial<Stored>): void {
    this.#stored = { ...this.#stored, ...change };
    try {
      window.localStorage.setItem(KEY, JSON.stringify(this.#stored));
    } catch {
      // Without room or permission the choice lasts as long as the window.
    }
  }
}

/** What cannot be read counts as not chosen. */
function read(): Stored {
  try {
    const text = window.localStorage.getItem(KEY);
    const found: unknown = text === null ? undefined : JSON.parse(text);
    return typeof found === 'object' && found !== null ? { ...DEFAULTS, ...found } : DEFAULTS;
  } catch {
    return DEFAULTS;
  }
}

function applyTheme(theme: Theme): void {
  const { dataset } = document.documentElement;
  if (theme === 'system') delete dataset['theme'];
  else dataset['theme'] = theme;
}

export const preferences = new Preferences();
