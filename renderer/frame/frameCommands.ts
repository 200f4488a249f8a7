/** Commands that every screen has. */
import type { Route } from '../lib/routes.ts';
import type { Command } from '../state/commands.svelte.ts';
import { demo } from '../state/demo.svelte.ts';
import { preferences } from '../state/preferences.svelte.ts';
import type { Theme } from '../state/preferences.svelte.ts';
import { router } from '../state/router.svelte.ts';

interface FrameActions {
  readonly openPalette: () => void;
  readonly openKeys: () => void;
}

export function frameCommands({ openPalette, openKeys }: FrameActions): Command[] {
  const goTo = (id: string, title: string, route: Route, keys?: readonly string[]): Command => ({
    id: `go/${id}`,
    title,
    section: 'Go to',
    run: () => {
      router.go(route);
    },
    ...(keys === undefined ? {} : { keys }),
  });
  const theme = (value: Theme, title: string): Command => ({
    id: `theme/${value}`,
    title,
    section: 'Look',
    run: () => {
      preferences.theme = value;
    },
  });
  return [
    {
      id: 'palette',
      title: 'Find or do',
      section: 'Everywhere',
      keys: ['mod+k'],
      run: openPalette,
      hidden: true,
    },
    {
      id: 'project/new',
      title: 'New project',
      section: 'Everywhere',
      // A browser keeps Ctrl+N for itself; there the first of these that arrives counts.
      keys: ['mod+n', 'n'],
      run: () => {
        router.go({ page: 'new-project' });
      },
    },
    {
      id: 'demo/start',
      title: 'Start the demo project',
      section: 'Everywhere',
      run: () => {
        void demo.start();
      },
    },
    { id: 'keys', title: 'List of keys', section: 'Everywhere', keys: ['?'], run: openKeys },
    goTo('projects', 'Projects', { page: 'projects' }),
    goTo('runs', 'Runs', { page: 'runs' }),
    goTo('compare', 'Compare', { page: 'compare', runs: [] }),
    goTo('models', 'Models', { page: 'models' }),
    goTo('corpora', 'Corpora', { page: 'corpora' }),
    goTo('playground', 'Playground', { page: 'playground' }),
    goTo('system', 'System', { page: 'system' }),
    theme('system', 'Theme: as the system'),
    theme('light', 'Theme: light'),
    theme('dark', 'Theme: dark'),
    {
      id: 'density',
      title: 'Compact or comfortable rows',
      section: 'Look',
      run: () => {
        preferences.density = preferences.density === 'compact' ? 'comfortable' : 'compact';
      },
    },
  ];
}
