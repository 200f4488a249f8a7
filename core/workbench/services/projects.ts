import { UserError, reportError } from '../../base/errors.ts';
import type { ProjectRecord } from '../../store/projects.ts';
import { asStoreError } from '../../store/storeErrors.ts';
import { throwIfAborted } from '../calls.ts';
import type { CallContext, Handlers } from '../calls.ts';
import type { ProjectSummary, StartedProject } from '../contract.ts';
import { findProject } from '../find.ts';
import { canChoose, choiceStates, parseStoredProject } from '../projectChoices.ts';
import type { ProjectFile } from '../projectFile.ts';
import { toProjectSummary } from '../records.ts';
import { requireSameContent } from './continuation.ts';
import { oneAtATime } from './oneAtATime.ts';
import { buildShared, requireSpaceFor } from './projectMaterial.ts';
import type { Material } from './projectMaterial.ts';
import { corporaIn, register, requireMaterialFor, requireRunnable } from './projectRegistration.ts';
import type { Services } from './services.ts';
import { Standstills } from './standstills.ts';

export interface ProjectService {
  readonly handlers: Handlers<'projects/run' | 'projects/add-seeds' | 'projects/advance'>;
  /**
   * Makes the choices of a project that can be made by now, and queues the runs that they lead to.
   * Nothing else of the project is touched. A failure is kept with the project until it goes on.
   */
  advance(projectId: string, context: CallContext): Promise<void>;
  /** Projects that advance has work on, which an owner that died left undone. */
  waiting(): string[];
  /** A project with what stops it from going on by itself, which is not in the history. */
  asItStands<Project extends ProjectSummary>(project: Project): Project;
}

export function projectService(services: Services): ProjectService {
  const { store } = services;
  // One at a time: the same file given twice at once must not become two projects.
  const inTurn = oneAtATime();
  const standstills = new Standstills(services.publish);
  const goOn = (projectId: string, context: CallContext): Promise<void> =>
    inTurn(async () => {
      try {
        await advance(services, projectId, context);
      } catch (error) {
        // What is stopped is gone on with at the next start.
        if (!context.signal.aborted) {
          standstills.begin(projectId, reportError(asStoreError(error, services.home.database)));
        }
        throw error;
      }
      standstills.end(projectId);
    });
  /** With a registration goes whatever could be chosen. */
  const begin = async (registering: Promise<StartedProject>): Promise<StartedProject> => {
    const started = await registering;
    standstills.end(started.id);
    return started;
  };
  return {
    handlers: {
      'projects/run': ({ project }, context) =>
        inTurn(() => begin(runProject(services, project, context))),
      'projects/add-seeds': ({ project, seeds }, context) =>
        inTurn(() => begin(addSeeds(services, findProject(store, project), seeds, context))),
      'projects/advance': async ({ project: word }, context) => {
        const { id } = findProject(store, word);
        await goOn(id, context);
        return toProjectSummary(store, findProject(store, id));
      },
    },
    advance: goOn,
    asItStands: (project) => standstills.asItStands(project),
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
  const { runs, ...started } = await start(services, project, material, known, true, context);
  return { ...started, runs: runs.meant, notices: [...notices, ...started.notices] };
}

/** @throws UserError `project/other-file`, `project/seeds-known`; else as a project that is run */
async function addSeeds(
  services: Services,
  record: ProjectRecord,
  seeds: readonly number[],
  context: CallContext,
): Promise<StartedProject> {
  throwIfAborted(context.signal);
  const stored = parseStoredProject(record);
  if (stored === undefined) {
    throw new UserError(
      'project/other-file',
      `The settings of project "${record.name}" are not all kept here, so no run can be added to it.`,
      'Start a project of your own with the settings that its runs show.',
    );
  }
  const known = stored.seeds.filter((seed) => seeds.includes(seed));
  if (known.length > 0) {
    throw new UserError(
      'project/seeds-known',
      `Project "${record.name}" already has ${known.length === 1 ? 'seed' : 'the seeds'} ${known.join(', ')}.`,
      'Choose others; a run of a seed that failed or was interrupted is resumed instead.',
    );
  }
  const project = { ...stored, seeds: [...new Set([...stored.seeds, ...seeds])] };
  const material = requireMaterialFor(services, project);
  requireSameContent(services, record, project, material);
  const { runs, ...started } = await start(services, project, material, record, false, context);
  return { ...started, runs: runs.added };
}

/** Makes what the runs share, registers them (see `register` for `again`) and queues them. */
async function start(
  services: Services,
  project: ProjectFile,
  material: Material,
  known: ProjectRecord | undefined,
  again: boolean,
  context: CallContext,
) {
  await requireSpaceFor(services, project, material);
  if (project.engine === 'webgpu' || project.engine === 'tensorflow') {
    await services.runJob('system/require-engine', { engine: project.engine }, context);
  }
  const corpora = corporaIn(material).map(({ id }) => id);
  return services.corpusUse.reading(corpora, async () => {
    const shared = await buildShared(services, project, material, context);
    const registered = await register(services, project, material, shared, known, again);
    const { record, runs, added, notices } = registered;
    queueRuns(services, again ? runs : added, added);
    const summary = toProjectSummary(services.store, record);
    const summaries = (ids: readonly string[]) => summary.runs.filter(({ id }) => ids.includes(id));
    return {
      ...summary,
      runs: { meant: summaries(runs), added: summaries(added) },
      notices: [...notices],
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
