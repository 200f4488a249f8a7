/** Why projects could not go on by themselves: a linked model that is unplugged, a full disk, a job that died. */
import type { ErrorReport } from '../../base/errors.ts';
import type { ProjectSummary, WorkbenchEvent } from '../contract.ts';

export class Standstills {
  readonly #errors = new Map<string, ErrorReport>();
  readonly #publish: (event: WorkbenchEvent) => void;

  constructor(publish: (event: WorkbenchEvent) => void) {
    this.#publish = publish;
  }

  /** It stands until the project goes on, and no longer than this Workbench: the next one tries again. */
  begin(project: string, error: ErrorReport): void {
    this.#errors.set(project, error);
    this.#publish({ type: 'project/changed', project });
  }

  end(project: string): void {
    if (this.#errors.delete(project)) this.#publish({ type: 'project/changed', project });
  }

  /** The history alone does not tell that nothing more will come. */
  asItStands<Project extends ProjectSummary>(project: Project): Project {
    const error = this.#errors.get(project.id);
    return error === undefined ? project : { ...project, error, expectsMore: false };
  }
}
