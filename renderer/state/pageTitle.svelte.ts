/** What the title line says of the screen that is shown. */
import type { Route } from '../lib/routes.ts';

export interface Crumb {
  readonly label: string;
  readonly route: Route;
}

interface Title {
  readonly crumbs: readonly Crumb[];
  readonly title: string;
}

class PageTitle {
  #shown = $state.raw<Title>({ crumbs: [], title: '' });

  get crumbs(): readonly Crumb[] {
    return this.#shown.crumbs;
  }

  get title(): string {
    return this.#shown.title;
  }

  show(title: string, crumbs: readonly Crumb[]): void {
    this.#shown = { title, crumbs };
    document.title = title === '' ? 'Palimpsest' : `${title} – Palimpsest`;
  }
}

export const pageTitle = new PageTitle();
