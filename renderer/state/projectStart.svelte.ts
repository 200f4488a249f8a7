/** The start of the wizard's project, which takes minutes and does not need its screen. */
import type { ProjectFile } from '../../core/workbench/projectFile.ts';
import type { ErrorReport } from '../client/errors.ts';
import type { Progress } from './activities.svelte.ts';
import { projectDraft } from './projectDraft.svelte.ts';
import { router } from './router.svelte.ts';
import { ScreenTask } from './screenTask.svelte.ts';
import { toasts } from './toasts.svelte.ts';
import { workbench } from './workbench.svelte.ts';

export class ProjectStart {
  readonly #task = new ScreenTask();

  get isStarting(): boolean {
    return this.#task.isWorking;
  }

  get progress(): Progress | undefined {
    return this.#task.progress;
  }

  get failure(): ErrorReport | undefined {
    return this.#task.failure;
  }

  /**
   * Goes to the project's page once its runs wait in the queue. Who has left the wizard or goes on
   * typing there is told of it instead, and keeps what was typed since. Never rejects.
   */
  async start(project: ProjectFile): Promise<void> {
    const { content } = projectDraft;
    await this.#task.run(async (options) => {
      const { id, name, notices } = await workbench.call('projects/run', { project }, options);
      await Promise.all([workbench.projects.refresh(), workbench.runs.refresh()]);
      const isDone = projectDraft.content === content;
      if (isDone) {
        projectDraft.clear();
        projectDraft.save();
      }
      const open = (): void => {
        router.go({ page: 'project', id });
      };
      if (isDone && this.#task.isWatched) open();
      else {
        const message = `The project “${name}” was started.`;
        toasts.show({ message, action: { label: 'Open', run: open } });
      }
      for (const message of notices) toasts.show({ message });
    });
  }

  stop(): void {
    this.#task.stop();
  }

  forget(): void {
    this.#task.forget();
  }

  attachScreen(): () => void {
    return this.#task.attachScreen();
  }
}

export const projectStart = new ProjectStart();
