/** The code of each screen, loaded when it is first shown and fetched ahead when nothing else is to do. */
import type { Component } from 'svelte';
import type { Page, Route } from './lib/routes.ts';

type Screen = Component<{ route: Route }>;
type Loader = () => Promise<{ default: unknown }>;

const LOADERS: Readonly<Record<Exclude<Page, 'gallery'>, Loader>> = {
  projects: () => import('./pages/ProjectsPage.svelte'),
  'new-project': () => import('./pages/NewProjectPage.svelte'),
  project: () => import('./pages/ProjectPage.svelte'),
  runs: () => import('./pages/RunsPage.svelte'),
  run: () => import('./pages/RunPage.svelte'),
  compare: () => import('./pages/ComparePage.svelte'),
  models: () => import('./pages/ModelsPage.svelte'),
  model: () => import('./pages/ModelPage.svelte'),
  corpora: () => import('./pages/CorporaPage.svelte'),
  corpus: () => import('./pages/CorpusPage.svelte'),
  playground: () => import('./pages/PlaygroundPage.svelte'),
  system: () => import('./pages/SystemPage.svelte'),
  'not-found': () => import('./pages/NotFoundPage.svelte'),
};

const loaded = new Map<Page, Screen>();

/** Rejects when the files are not there any more, as after an update. */
export async function loadPage(page: Page): Promise<Screen> {
  const known = loaded.get(page);
  if (known !== undefined) return known;
  // Each page takes the routes of its name; which those are the router guarantees.
  const screen = (await loader(page)()).default as Screen;
  loaded.set(page, screen);
  return screen;
}

/** Fetches the screens that were not shown yet, so that the first visit waits for nothing. */
export async function fetchAhead(): Promise<void> {
  for (const page of Object.keys(LOADERS) as (keyof typeof LOADERS)[]) await loadPage(page);
}

/** The gallery is no part of the product. */
function loader(page: Page): Loader {
  if (page !== 'gallery') return LOADERS[page];
  if (import.meta.env.MODE === 'gallery') return () => import('./gallery/GalleryPage.svelte');
  return LOADERS['not-found'];
}
