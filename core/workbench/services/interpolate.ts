/** Points between the base model and a finished run: each is a run of its own that trains nothing. */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { writeFileAtomically } from '../../base/files.ts';
import { newIdentifier } from '../../base/identifiers.ts';
import type { CorpusRecord } from '../../store/corpora.ts';
import type { ProjectRecord } from '../../store/projects.ts';
import type { RunRecord } from '../../store/runs.ts';
import { requireIntact } from '../../training/checkpoint.ts';
import type { RunSpecification } from '../../training/configuration.ts';
import { configurationHash } from '../../training/runFile.ts';
import type { CheckedRequest, Handlers } from '../calls.ts';
import { findRun } from '../find.ts';
import { resolveInHome } from '../home.ts';
import { initialRun } from '../initialRun.ts';
import { PROJECT_RECORD_FILE, projectRecordJson } from '../projectRecord.ts';
import { toRunSummary } from '../records.ts';
import { loadSpecification } from '../storedSpecification.ts';
import { oneAtATime } from './oneAtATime.ts';
import { materialError, missingMaterial } from './runMaterial.ts';
import { lastCheckpoint } from './runWeights.ts';
import type { Services } from './services.ts';

type Interpolated = RunSpecification & {
  readonly interpolation: NonNullable<RunSpecification['interpolation']>;
};

export function interpolationHandlers(services: Services): Handlers<'runs/interpolate'> {
  // One at a time: the same point asked for twice at once must not become two runs.
  const inTurn = oneAtATime();
  return {
    async 'runs/interpolate'(request) {
      const id = await inTurn(() => interpolate(services, request));
      return toRunSummary(findRun(services.store, id));
    },
  };
}

/** Returns the id of the run, of an earlier one when the point was asked for before. */
async function interpolate(
  services: Services,
  { run: word, alpha }: CheckedRequest<'runs/interpolate'>,
): Promise<string> {
  const { store, queue, publish } = services;
  const run = findRun(store, word);
  requireTuned(run);
  const known = earlierPoint(services, run, alpha);
  if (known === undefined) {
    const specification = await specify(services, run, alpha);
    await register(services, run, specification);
    queue.admit([specification.runId]);
    publish({ type: 'runs/changed', runs: [specification.runId] });
    return specification.runId;
  }
  if (known.state === 'queued') queue.admit([known.id]);
  return known.id;
}

/** @throws UserError for a run that does not end with tuned weights to go towards */
function requireTuned({ id, state, step, strategy, purpose }: RunRecord): void {
  if (purpose === 'interpolation') {
    throw new UserError(
      'run/is-interpolation',
      `Run ${id} is itself a point between the base model and a run.`,
      'Interpolate the run that it was made from, with another alpha.',
    );
  }
  if (purpose === 'sweep') {
    throw new UserError(
      'run/is-sweep',
      `Run ${id} was made to choose λ and is scored on the validation split alone.`,
      'Interpolate a run that fills the table of the project.',
    );
  }
  if (strategy === 'ndt') {
    throw new UserError(
      'run/not-tuned',
      `Run ${id} is the base model as it is: there is nothing between it and itself.`,
      'Interpolate a run of a strategy that trains.',
    );
  }
  if (state !== 'completed') {
    throw new UserError(
      'run/not-completed',
      `Run ${id} is ${state} at step ${step}: the weights that it ends with are not there yet.`,
      'Let it finish, or resume it.',
    );
  }
}

function earlierPoint(
  { home, store }: Services,
  { id, projectId }: RunRecord,
  alpha: number,
): RunRecord | undefined {
  return store.runs
    .list({ projectId })
    .filter((run) => run.alpha === alpha && run.state !== 'cancelled')
    .find((run) => loadSpecification(home, run.configuration).interpolation?.run === id);
}

/** @throws UserError `run/no-weights`, `run/checkpoint-damaged`, `run/material-missing` */
async function specify(services: Services, run: RunRecord, alpha: number): Promise<Interpolated> {
  const { home } = services;
  const checkpoint = lastCheckpoint(services, run);
  // An older one is not what the run was scored with at its end.
  if (checkpoint?.step !== run.step || !existsSync(join(checkpoint.folder, 'manifest.json'))) {
    throw new UserError(
      'run/no-weights',
      `The checkpoint of run ${run.id} at step ${run.step}, its last, is not there any more.`,
      `Restore the folder ${resolveInHome(home, run.folder)} from a copy.`,
    );
  }
  await requireIntact(checkpoint.folder);
  const runId = newIdentifier('run');
  const specification = {
    ...loadSpecification(home, run.configuration),
    runId,
    runFolder: join(home.runs, runId),
    baseScoresFolder: home.baseScores,
    interpolation: {
      run: run.id,
      configurationHash: run.configurationHash,
      step: run.step,
      alpha,
      checkpointFolder: checkpoint.folder,
    },
  };
  const missing = missingMaterial(specification);
  if (missing !== undefined) throw materialError(`Run ${run.id} cannot be interpolated`, missing);
  return specification;
}

async function register(
  services: Services,
  tuned: RunRecord,
  specification: Interpolated,
): Promise<void> {
  const { home, store } = services;
  const project = projectOf(services, tuned);
  const corpora = corporaOf(services, specification);
  const run = initialRun(home, specification, {
    projectId: project.id,
    name: `${tuned.name}-alpha-${specification.interpolation.alpha}`,
    purpose: 'interpolation',
    state: 'queued',
    configurationHash: configurationHash(specification),
    createdAt: new Date().toISOString(),
  });
  const uses = corpora.map(({ id, role }) => ({ corpusId: id, role }));
  // The folder first: a run in the database always has one.
  try {
    await mkdir(specification.runFolder, { recursive: true, mode: 0o700 });
    await writeFileAtomically(
      join(specification.runFolder, PROJECT_RECORD_FILE),
      projectRecordJson(project, run, uses),
    );
    store.transaction(() => {
      for (const { id, name } of corpora) {
        if (store.corpora.find(id) === undefined) throw purgedMeanwhile(name);
      }
      store.runs.insert({ ...run, queuePosition: store.runs.nextQueuePosition() }, uses);
    });
  } catch (error) {
    await rm(specification.runFolder, { recursive: true, force: true });
    throw error;
  }
}

function projectOf({ store }: Services, { id, projectId }: RunRecord): ProjectRecord {
  const project = store.projects.find(projectId);
  if (project === undefined) throw new Error(`run ${id} has no project`);
  return project;
}

/** What it is scored on; the text that the run was trained on is not read again. */
function corporaOf(
  { home, store }: Services,
  { evaluations }: Interpolated,
): (CorpusRecord & { readonly role: string })[] {
  const byFolder = new Map(
    store.corpora.list().map((corpus) => [resolveInHome(home, corpus.folder), corpus]),
  );
  const found = evaluations.flatMap(({ role, corpusFolder }) => {
    const corpus = byFolder.get(corpusFolder);
    if (corpus === undefined) return [];
    return [{ ...corpus, role: role === 'target' ? 'target' : 'source/evaluation' }];
  });
  return [...new Map(found.map((corpus) => [`${corpus.id} ${corpus.role}`, corpus])).values()];
}

function purgedMeanwhile(name: string): UserError {
  return new UserError(
    'corpus/purged',
    `Corpus "${name}" was purged while the run was prepared.`,
    'Import it again and run the project file again; its runs can then be interpolated.',
  );
}
