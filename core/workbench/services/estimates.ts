/** What a project will take, from a probe that leaves nothing behind. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { hashJson, temporaryPathFor } from '../../base/files.ts';
import type { CorpusRecord } from '../../store/corpora.ts';
import { fisherId } from '../../strategies/fisherConvention.ts';
import { throwIfAborted } from '../calls.ts';
import type { CallContext, Handlers } from '../calls.ts';
import { estimateProject } from '../estimate.ts';
import type { EstimateMaterial } from '../estimate.ts';
import { resolveInHome } from '../home.ts';
import type { ProbeRequest } from '../probeContract.ts';
import { hasDiverged } from '../lambdaChoice.ts';
import { madeChoices } from '../projectChoices.ts';
import type { ProjectFile } from '../projectFile.ts';
import { costKinds, runWorkKey, strategyWorks } from '../projectWork.ts';
import type { DoneWork, StrategyWork } from '../projectWork.ts';
import type { Estimate } from '../schemas/estimate.ts';
import { freeBytes } from '../space.ts';
import { sourceNeeds } from '../strategyEntries.ts';
import { conventionOf } from './fisher.ts';
import { frozenSetOf } from './projectMaterial.ts';
import type { Material } from './projectMaterial.ts';
import { corporaIn, requireRunnable } from './projectRegistration.ts';
import type { Services } from './services.ts';
import { SharedTurns } from './sharedTurns.ts';

const SPLITS = ['validation', 'test'] as const;

export function estimateHandlers(services: Services): Handlers<'projects/estimate'> {
  const turns = new SharedTurns<Estimate>();
  return {
    'projects/estimate': ({ project }, context) => estimate(services, turns, project, context),
  };
}

/** @throws UserError what `projects/run` throws of a project that it does not take */
async function estimate(
  services: Services,
  turns: SharedTurns<Estimate>,
  project: ProjectFile,
  context: CallContext,
): Promise<Estimate> {
  throwIfAborted(context.signal);
  const { known, material } = requireRunnable(services, project);
  const works = strategyWorks(project, doneWork(services, known?.id));
  return turns.ask(hashJson(project), context, (shared) =>
    measure(services, project, material, works, shared),
  );
}

async function measure(
  services: Services,
  project: ProjectFile,
  material: Material,
  works: readonly StrategyWork[],
  context: CallContext,
): Promise<Estimate> {
  const { home, store, runJob, corpusUse } = services;
  const request = probeRequest(services, project, material, works);
  const isAnyRunning = (): boolean => store.runs.list({ state: 'running' }).length > 0;
  const corpora = corporaIn(material).map(({ id }) => id);
  const wasRunning = isAnyRunning();
  const measured = await corpusUse.reading(corpora, async () => {
    try {
      return await runJob('projects/probe', request, context);
    } finally {
      // A process that was killed did not come to it.
      await rm(request.scratchFolder, { recursive: true, force: true });
    }
  });
  return estimateProject(measured, {
    project,
    parameters: material.model.parameters,
    works,
    ...whatIsThere(services, project, material),
    isBesideRuns: wasRunning || isAnyRunning(),
    availableMemory: availableMemory(),
    freeDisk: await freeBytes(home.path),
    homeFolder: home.path,
  });
}

/** What the system could give now, within what a container may take. */
function availableMemory(): number {
  const bound = process.constrainedMemory();
  return Math.min(freemem(), bound > 0 ? bound : Infinity);
}

/** Completed runs, candidates that diverged, and choices of the project that this file continues. */
function doneWork({ store }: Services, projectId: string | undefined): DoneWork {
  if (projectId === undefined) return { runs: new Set(), choices: new Map() };
  const done = store.runs
    .list({ projectId })
    .filter((run) => run.state === 'completed' || (run.purpose === 'sweep' && hasDiverged(run)))
    .filter(({ purpose }) => purpose !== 'interpolation');
  const runs = done.map((run) => {
    const { settings } = JSON.parse(run.configuration) as { settings?: { max_steps?: number } };
    const purpose = run.purpose === 'sweep' ? 'sweep' : 'result';
    return runWorkKey(run, run.seed, purpose, settings?.max_steps);
  });
  return { runs: new Set(runs), choices: madeChoices(store, projectId) };
}

function probeRequest(
  services: Services,
  project: ProjectFile,
  material: Material,
  works: readonly StrategyWork[],
): ProbeRequest {
  const { home } = services;
  const { model, target, source } = material;
  const needs = sourceNeeds(project);
  const rehearsal = needs.has('rehearsal corpus') ? source.rehearsal : undefined;
  const fisher = needs.has('Fisher diagonal') ? source.fisher : undefined;
  const folderOf = (corpus: CorpusRecord): string => resolveInHome(home, corpus.folder);
  const read = [target, rehearsal, fisher].flatMap((corpus) => corpus ?? []);
  const evaluated = [source.evaluation, target];
  const sets = evaluated.flatMap((corpus) =>
    SPLITS.map((split) => frozenSetOf(services, project, model, corpus, split).sha256),
  );
  return {
    modelFolder: resolveInHome(home, model.folder),
    modelHash: model.hash,
    tokenizerHash: model.tokenizerHash,
    seed: project.seeds[0] ?? 0,
    settings: project.training,
    engine: project.engine,
    ...(project.threads === undefined ? {} : { threads: project.threads }),
    corpora: [...new Set(read.map(folderOf))],
    targetFolder: folderOf(target),
    ...(rehearsal === undefined
      ? {}
      : { rehearsal: { folder: folderOf(rehearsal), buffer: project.rehearsal } }),
    ...(fisher === undefined || hasFisher(services, project, material)
      ? {}
      : { fisher: { folder: folderOf(fisher), settings: project.fisher } }),
    kinds: costKinds(works),
    evaluation: {
      corpora: evaluated.map(folderOf),
      seed: project.evaluation.seed,
      maskProbability: project.evaluation.mask_probability,
      maxTokens: project.evaluation.max_tokens,
      // Of a set that is not there, there are no scores either.
      sets: sets.includes(undefined) ? [] : sets.flatMap((sha256) => sha256 ?? []),
      baseScoresFolder: home.baseScores,
    },
    // In the home folder, so that the next owner removes what a killed one left.
    scratchFolder: temporaryPathFor(join(home.path, 'probe')),
  };
}

function whatIsThere(
  services: Services,
  project: ProjectFile,
  material: Material,
): Pick<EstimateMaterial, 'evaluated' | 'names' | 'sets' | 'fisher'> {
  const { home } = services;
  const { model, target, source } = material;
  const folderOf = (corpus: CorpusRecord): string => resolveInHome(home, corpus.folder);
  const evaluated = [source.evaluation, target];
  const sets = evaluated.flatMap((corpus) =>
    SPLITS.filter(
      (split) => frozenSetOf(services, project, model, corpus, split).sha256 !== undefined,
    ).map((split) => `${folderOf(corpus)} ${split}`),
  );
  const needsFisher = sourceNeeds(project).has('Fisher diagonal');
  return {
    evaluated: evaluated.map((corpus) => ({
      name: corpus.name,
      folder: folderOf(corpus),
      documents: { validation: corpus.validationDocuments, test: corpus.testDocuments },
    })),
    names: new Map(corporaIn(material).map((corpus) => [folderOf(corpus), corpus.name])),
    sets: new Set(sets),
    fisher:
      needsFisher && source.fisher !== undefined
        ? { corpus: source.fisher.name, isThere: hasFisher(services, project, material) }
        : undefined,
  };
}

function hasFisher({ home }: Services, project: ProjectFile, { model, source }: Material): boolean {
  const { fisher } = source;
  if (fisher === undefined) return false;
  return existsSync(join(home.fisher, fisherId(conventionOf(model, fisher, project))));
}
