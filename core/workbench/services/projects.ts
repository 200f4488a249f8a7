import { throwIfAborted } from '../calls.ts';
import type { CallContext, Handlers } from '../calls.ts';
import type { StartedProject } from '../contract.ts';
import { canChoose, choiceStates, parseStoredProject } from '../projectChoices.ts';
import type { ProjectFile } from '../projectFile.ts';
import { toProjectSummary } from '../records.ts';
import { requireSameContent } from './continuation.ts';
import { oneAtATime } from './oneAtATime.ts';
import { buildShared, requireSpaceFor } from './projectMaterial.ts';
import { corporaIn, register, requireMaterialFor, requireRunnable } from './projectRegistration.ts';
import type { Services } from './services.ts';

export interface ProjectService {
  readonly handlers: Handlers<'projects/run'>;
  /**
   * Makes the choices of a project that can be made by now, and queues the runs that they lead to.
   * Nothing else of the project is touched.
   */
  advance(projectId: string, context: CallContext): Promise<void>;
  /** Projects that advance has work on, which an owner that died left undone. */
  waiting(): string[];
}

export function projectService(services: Services): ProjectService {
  const { store } = services;
  // One at a time: the same file given twice at once must not become two projects.
  const inTurn = oneAtATime();
  return {
    handlers: {
      'projects/run': ({ project }, context) =>
        inTurn(() => runProject(services, project, context)),
    },
    advance: (projectId, context) => inTurn(() => advance(services, projectId, context)),
    waiting: () =>
      store.projects
        .list()
        .filter((project) => canChoose(choiceStates(store, project)))
        .map(({ id }) => id),
  };
}

async function runProject(
  services: Services,
  project: ProjectFile,
  context: CallContext,
): Promise<StartedProject> {
  throwIfAborted(context.signal);
  const { known, notices, material } = requireRunnable(services, project);
  await requireSpaceFor(services, project, material);
  if (project.engine === 'webgpu' || project.engine === 'tensorflow') {
    await services.runJob('system/require-engine', { engine: project.engine }, context);
  }
  const corpora = corporaIn(material).map(({ id }) => id);
  return services.corpusUse.reading(corpora, async () => {
    const shared = await buildShared(services, project, material, context);
    const registered = await register(services, project, material, shared, known, true);
    const { record, runs, added } = registered;
    queueRuns(services, runs, added);
    const summary = toProjectSummary(services.store, record);
    return {
      ...summary,
      runs: summary.runs.filter(({ id }) => runs.includes(id)),
      notices: [...notices, ...registered.notices],
    };
  });
}

async function advance(services: Services, projectId: string, context: CallContext): Promise<void> {
  const record = services.store.projects.find(projectId);
  if (record === undefined || !canChoose(choiceStates(services.store, record))) return;
  const project = parseStoredProject(record);
  if (project === undefined) return;
  throwIfAborted(context.signal);
  const material = requireMaterialFor(services, project);
  requireSameContent(services, record, project, material);
  const corpora = corporaIn(material).map(({ id }) => id);
  await services.corpusUse.reading(corpora, async () => {
    const shared = await buildShared(services, project, material, context);
    const { added } = await register(services, project, material, shared, record, false);
    queueRuns(services, added, added);
  });
}

/** The queue tells of runs that change their state; that others wait now is told here. */
function queueRuns(
  { queue, publish }: Services,
  runs: readonly string[],
  added: readonly string[],
): void {
  queue.admit(runs);
  if (added.length > 0) publish({ type: 'runs/changed', runs: [...added] });
}
