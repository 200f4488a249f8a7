/** The demo project, started with one click on whichever screen. */
import { routeAddress } from '../lib/routes.ts';
import type { Route } from '../lib/routes.ts';
import { router } from './router.svelte.ts';
import { ScreenTask } from './screenTask.svelte.ts';
import { toasts } from './toasts.svelte.ts';
import { workbench } from './workbench.svelte.ts';

/** Stopped, what was imported until then stays and is used by the next start. */
class DemoStart extends ScreenTask {
  /**
   * Goes to the project's page once its runs wait in the queue; who has left the screen meanwhile is
   * told of it instead. Never rejects.
   */
  async start(): Promise<void> {
    const origin = router.route;
    await this.run(async (options) => {
      const { id } = await workbench.call('demo/start', {}, options);
      const { models, corpora, projects, runs } = workbench;
      const lists = [models, corpora, projects].filter(
        (list) => list === projects || list.isLoaded,
      );
      await Promise.all([runs, ...lists].map((list) => list.refresh()));
      this.#arrive({ page: 'project', id }, origin);
    });
  }

  #arrive(project: Route, origin: Route): void {
    if (routeAddress(router.route) === routeAddress(origin)) {
      router.go(project);
      return;
    }
    const run = (): void => {
      router.go(project);
    };
    toasts.show({ message: 'The demo project was started.', action: { label: 'Show', run } });
  }
}

export const demo = new DemoStart();
