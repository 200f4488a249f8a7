/** The start of the wizard's project, which takes minutes and does not need its screen. */
import type { ProjectFile } from '../../core/workbench/projectFile.ts';
import { projectDraft } from './projectDraft.svelte.ts';
import { router } from './router.svelte.ts';
import { ScreenTask } from './screenTask.svelte.ts';
import { toasts } from './toasts.svelte.ts';
import { workbench } from './workbench.svelte.ts';

export class ProjectStart extends ScreenTask {
  /**
   * Goes to the project's page once its runs wait in the queue. Who has left the wizard or goes on
   * typing there is told of it instead, and keeps what was typed since. Never rejects.
   */
  async start(project: ProjectFile): Promise<void> {
    const { content } = projectDraft;
    await this.run(async (options) => {
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
      if (isDone && this.isWatched) open();
      else {
        const message = `The project “${name}” was started.`;
        toasts.show({ message, action: { label: 'Open', run: open } });
      }
      for (const message of notices) toasts.show({ message });
    });
  }
}

export const projectStart = new ProjectStart();
