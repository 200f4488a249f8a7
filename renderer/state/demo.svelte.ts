/** The demo project, started with one click on whichever screen. */
import { isAborted, reportOf } from '../client/errors.ts';
import type { ErrorReport } from '../client/errors.ts';
import { routeAddress } from '../lib/routes.ts';
import type { Route } from '../lib/routes.ts';
import type { Progress } from './activities.svelte.ts';
import { router } from './router.svelte.ts';
import { toasts } from './toasts.svelte.ts';
import { workbench } from './workbench.svelte.ts';

class DemoStart {
  #stop = $state.raw<AbortController | undefined>();
  #progress = $state.raw<Progress | undefined>();
  #failure = $state.raw<ErrorReport | undefined>();
  #screens = 0;

  get isStarting(): boolean {
    return this.#stop !== undefined;
  }

  get progress(): Progress | undefined {
    return this.#progress;
  }

  get failure(): ErrorReport | undefined {
    return this.#failure;
  }

  /**
   * Goes to the project's page once its runs wait in the queue; who has left the screen meanwhile is
   * told of it instead. Never rejects.
   */
  async start(): Promise<void> {
    if (this.isStarting) return;
    const origin = router.route;
    const stop = new AbortController();
    this.#stop = stop;
    this.#failure = undefined;
    try {
      const options = {
        signal: stop.signal,
        onProgress: (event: { readonly type: string }): void => {
          if (event.type === 'progress') this.#progress = event as Progress;
        },
      };
      const { id } = await workbench.call('demo/start', {}, options);
      const { models, corpora, projects, runs } = workbench;
      // Runs that wait in the queue have no event of their own.
      const lists = [models, corpora, projects].filter(
        (list) => list === projects || list.isLoaded,
      );
      await Promise.all([runs, ...lists].map((list) => list.refresh()));
      this.#arrive({ page: 'project', id }, origin);
    } catch (error) {
      if (isAborted(error)) return;
      const report = reportOf(error);
      if (this.#screens > 0) this.#failure = report;
      else toasts.showReport(report);
    } finally {
      this.#stop = undefined;
      this.#progress = undefined;
    }
  }

  /** A screen that shows how it goes, until the returned function is called: for an $effect. */
  attachScreen(): () => void {
    this.#screens++;
    return () => {
      this.#screens--;
      this.#failure = undefined;
    };
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

  /** What was imported until then stays and is used by the next start. */
  stop(): void {
    this.#stop?.abort();
  }
}

export const demo = new DemoStart();
