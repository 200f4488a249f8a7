/** From what the database holds to what the contract promises. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CorpusRecord } from '../store/corpora.ts';
import type { ModelRecord } from '../store/models.ts';
import type { ProjectRecord } from '../store/projects.ts';
import type { RunRecord } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import type { Corpus, Model, ProjectSummary, RunDetail, RunSummary } from './contract.ts';
import { resolveInHome } from './home.ts';
import type { Home } from './home.ts';
import { choiceStates, expectsMore, parseStoredProject } from './projectChoices.ts';
import { readRunReports } from './runReports.ts';

export function toModel(home: Home, record: ModelRecord): Model {
  return {
    ...record,
    notices: [...record.notices],
    folder: resolveInHome(home, record.folder),
  };
}

export function toCorpus(home: Home, record: CorpusRecord): Corpus {
  const { trainDocuments, validationDocuments, testDocuments, ...rest } = record;
  return {
    ...rest,
    folder: resolveInHome(home, record.folder),
    splitDocuments: {
      train: trainDocuments,
      validation: validationDocuments,
      test: testDocuments,
    },
  };
}

export function toRunSummary(record: RunRecord): RunSummary {
  return {
    id: record.id,
    project: record.projectId,
    projectName: record.projectName,
    name: record.name,
    purpose: record.purpose,
    strategy: record.strategy,
    parts: record.parts,
    alpha: record.alpha,
    seed: record.seed,
    state: record.state,
    step: record.step,
    totalSteps: record.totalSteps,
    engine: record.engine,
    device: record.device,
    createdAt: record.createdAt,
    startedAt: record.startedAt,
    endedAt: record.endedAt,
    configurationHash: record.configurationHash,
    error: record.error,
    archivedAt: record.archivedAt,
    tags: record.tags,
    note: record.note,
    sourceNll: record.sourceNll,
    targetNll: record.targetNll,
  };
}

export function toRunDetail(home: Home, store: Store, record: RunRecord): RunDetail {
  const folder = resolveInHome(home, record.folder);
  return {
    ...toRunSummary(record),
    folder,
    attempts: record.lastAttempt,
    threads: record.threads,
    versions: record.versions,
    configuration: JSON.parse(record.configuration) as unknown,
    evaluations: store.evaluations.list(record.id),
    // Older checkpoints were deleted as save_total_limit says.
    checkpoints: store.checkpoints
      .list(record.id)
      .filter(({ path }) => existsSync(join(folder, path))),
    latest: Object.fromEntries(
      store.metrics
        .latest(record.id)
        .map(({ name, split, role, step, value }) => [
          [name, role, split].filter((part) => part !== '').join('/'),
          { step, value },
        ]),
    ),
    ...readRunReports(folder),
  };
}

export function toProjectSummary(store: Store, record: ProjectRecord): ProjectSummary {
  const file = parseStoredProject(record);
  const states = choiceStates(store, record, file);
  return {
    id: record.id,
    name: record.name,
    createdAt: record.createdAt,
    seeds: file?.seeds ?? null,
    runs: store.runSummaries.list({ projectId: record.id, archived: true }),
    choices: states.map(({ choice }) => choice),
    expectsMore: expectsMore(states),
    error: null,
  };
}
