/** The demo project, started with one click on whichever screen. */
import { isAborted, reportOf } from '../client/errors.ts';
import type { ErrorReport } from '../client/errors.ts';
import type { Progress } from './activities.svelte.ts';
import { router } from './router.svelte.ts';
import { workbench } from './workbench.svelte.ts';

class DemoStart {
  #stop = $state.raw<AbortController | undefined>();
  #progress = $state.raw<Progress | undefined>();
  #failure = $state.raw<ErrorReport | undefined>();

  get isStarting(): boolean {
    return this.#stop !== undefined;
  }

  get progress(): Progress | undefined {
    return this.#progress;
  }

  get failure(): ErrorReport | undefined {
    return this.#failure;
  }

  /** Goes to the project's page once its runs wait in the queue. Resolves with why it did not. */
  async start(): Promise<ErrorReport | undefined> {
    if (this.isStarting) return undefined;
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
      router.go({ page: 'project', id });
    } catch (error) {
      if (!isAborted(error)) this.#failure = reportOf(error);
    } finally {
      this.#stop = undefined;
      this.#progress = undefined;
    }
    return this.#failure;
  }

  /** What was imported until then stays and is used by the next start. */
  stop(): void {
    this.#stop?.abort();
  }
}

export const demo = new DemoStart();
