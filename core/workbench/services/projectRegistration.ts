/** Puts a project and its runs into the history, or finds those that are there. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { writeFileAtomically } from '../../base/files.ts';
import { newIdentifier } from '../../base/identifiers.ts';
import type { CorpusRecord } from '../../store/corpora.ts';
import type { ProjectRecord } from '../../store/projects.ts';
import type { NewRunRecord } from '../../store/runs.ts';
import type { Store } from '../../store/store.ts';
import { resolveInHome } from '../home.ts';
import { initialRun } from '../initialRun.ts';
import { candidateOf, choiceStates, madeChoices } from '../projectChoices.ts';
import { planRuns } from '../projectExpansion.ts';
import type { PlannedRun, SharedSpecification } from '../projectExpansion.ts';
import type { ProjectFile } from '../projectFile.ts';
import { PROJECT_RECORD_FILE, projectRecordJson } from '../projectRecord.ts';
import { findContinuation } from './continuation.ts';
import type { Continuation } from './continuation.ts';
import { cancelDropped, droppedRuns } from './droppedRuns.ts';
import { requireName } from './names.ts';
import { findMaterial, requireFit } from './projectMaterial.ts';
import type { Material } from './projectMaterial.ts';
import type { Services } from './services.ts';

export interface Registration {
  readonly record: ProjectRecord;
  /** Ids of the runs that the file means. */
  readonly runs: readonly string[];
  /** Of those, the ones that are new. */
  readonly added: readonly string[];
  /** What else happened that a person should know; sentences. */
  readonly notices: readonly string[];
}

/**
 * What a project is made of, and the latest project that the file continues.
 * @throws UserError why it cannot be run as it is
 */
export function requireRunnable(
  services: Services,
  project: ProjectFile,
): Continuation & { readonly material: Material } {
  requireName('project', project.name);
  const material = requireMaterialFor(services, project);
  return { ...findContinuation(services, project, material), material };
}

/** @throws UserError for a name that stands for nothing, and for settings that do not go with what it stands for */
export function requireMaterialFor(services: Services, project: ProjectFile): Material {
  const material = findMaterial(services, project);
  requireFit(project, material);
  return material;
}

/**
 * Registers what there is to run and what can be chosen by now, in one transaction: a choice is never
 * without its runs. A `known` project is continued: runs with a configuration it has are taken from
 * it. When a person gives the file (`again`), cancelled ones are made anew, and those that wait and are
 * not in the file any more are cancelled; else both are left alone.
 * @throws UserError `project/running` when a run that is not in the file any more has begun and is at work
 */
export async function register(
  services: Services,
  project: ProjectFile,
  material: Material,
  shared: SharedSpecification,
  known: ProjectRecord | undefined,
  again: boolean,
): Promise<Registration> {
  const { home, store } = services;
  const record: ProjectRecord = {
    id: known?.id ?? newIdentifier('project'),
    name: project.name,
    file: JSON.stringify(project),
    createdAt: known?.createdAt ?? new Date().toISOString(),
  };
  const present = store.runs.list({ projectId: record.id });
  const tried = present
    .filter(({ purpose }) => purpose === 'sweep')
    .map((run) => [run.configurationHash, candidateOf(store, run)] as const)
    .filter(([, { losses, failure }]) => losses !== null || failure?.isFinal === true);
  const plan = planRuns(project, shared, new Map(tried), madeChoices(store, record.id));
  const existing = new Map(
    present
      .filter(({ state }) => state !== 'cancelled' || !again)
      .map((run) => [run.configurationHash, run.id]),
  );
  const added = plan.runs
    .filter((planned) => !existing.has(planned.configurationHash))
    .map((planned) => newRun(services, record, planned, material));
  const asked = plan.runs.flatMap((run) => existing.get(run.configurationHash) ?? []);
  const dropped = again
    ? droppedRuns(present, new Set([...asked, ...candidates(store, record)]), record.name)
    : [];
  // The folder first: a run in the database always has one, a folder without a run is empty.
  try {
    for (const { run, corpora } of added) {
      const folder = resolveInHome(home, run.folder);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFileAtomically(
        join(folder, PROJECT_RECORD_FILE),
        projectRecordJson(record, run, corpora),
      );
    }
    store.transaction(() => {
      for (const { id, name } of corporaIn(material)) {
        if (store.corpora.find(id) === undefined) throw purgedMeanwhile(name);
      }
      const { model } = material;
      if (store.models.find(model.id) === undefined) throw removedMeanwhile(model.name);
      if (known === undefined) store.projects.insert(record);
      else if (known.file !== record.file) store.projects.updateFile(record.id, record.file);
      for (const { entry, choice } of plan.choices) {
        const createdAt = new Date().toISOString();
        store.choices.insert({
          projectId: record.id,
          entry,
          choice: JSON.stringify(choice),
          createdAt,
        });
      }
      for (const { run, corpora } of added) {
        const queuePosition = store.runs.nextQueuePosition();
        store.runs.insert({ ...run, queuePosition }, corpora);
      }
    });
  } catch (error) {
    for (const { run } of added) {
      await rm(resolveInHome(home, run.folder), { recursive: true, force: true });
    }
    throw error;
  }
  const addedIds = added.map(({ run }) => run.id);
  const byHash = new Map([
    ...existing,
    ...added.map(({ run }) => [run.configurationHash, run.id] as const),
  ]);
  const planned = plan.runs.flatMap((run) => byHash.get(run.configurationHash) ?? []);
  return {
    record,
    runs: [...new Set([...planned, ...candidates(store, record)])],
    added: addedIds,
    notices: await cancelDropped(services, dropped),
  };
}

/** Runs that tried values of λ which the file asks for. */
function candidates(store: Store, record: ProjectRecord): string[] {
  return choiceStates(store, record).flatMap(({ runs }) => runs.flatMap((run) => run?.id ?? []));
}

/** Every corpus of the material, each once. */
export function corporaIn({ target, source }: Material): CorpusRecord[] {
  const { evaluation, rehearsal, fisher } = source;
  const corpora = [target, evaluation, rehearsal, fisher].filter((corpus) => corpus !== undefined);
  return [...new Map(corpora.map((corpus) => [corpus.id, corpus])).values()];
}

function newRun(
  { home }: Services,
  project: ProjectRecord,
  { name, purpose, configurationHash, specification }: PlannedRun,
  { target, source }: Material,
): { run: NewRunRecord; corpora: { corpusId: string; role: string }[] } {
  const runId = newIdentifier('run');
  const run = initialRun(
    home,
    { ...specification, runId, runFolder: join(home.runs, runId) },
    {
      projectId: project.id,
      name,
      purpose,
      state: 'queued',
      configurationHash,
      createdAt: new Date().toISOString(),
    },
  );
  const roles: readonly (readonly [string, CorpusRecord | undefined])[] = [
    ['target', target],
    ['source/evaluation', source.evaluation],
    ['source/rehearsal', specification.rehearsal && source.rehearsal],
    ['source/fisher', specification.fisher && source.fisher],
  ];
  const corpora = roles.flatMap(([role, corpus]) =>
    corpus === undefined ? [] : [{ corpusId: corpus.id, role }],
  );
  return { run, corpora };
}

function purgedMeanwhile(name: string): UserError {
  return new UserError(
    'corpus/purged',
    `Corpus "${name}" was purged while the project was prepared.`,
    'Import it again, or name another corpus in the project file.',
  );
}

function removedMeanwhile(name: string): UserError {
  return new UserError(
    'model/removed',
    `Model "${name}" was removed while the project was prepared.`,
    'Import it again, or name another model in the project file.',
  );
}
