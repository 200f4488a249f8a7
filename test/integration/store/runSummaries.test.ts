/** Lists of runs: the same as the runs themselves say, and read without their configurations. */
import Database from 'better-sqlite3';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDatabase } from '../../../core/store/database.ts';
import { initialSchema } from '../../../core/store/migrations/0001-initial-schema.ts';
import { strategies } from '../../../core/store/migrations/0002-strategies.ts';
import { openStore } from '../../../core/store/store.ts';
import type { Store } from '../../../core/store/store.ts';
import { populate, runRecord } from '../../fixtures/populatedStore.ts';

let folder: string;
let path: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-summaries-'));
  path = join(folder, 'workbench.sqlite');
  store = openStore(path);
  populate(store);
});

afterEach(async () => {
  store.close();
  await rm(folder, { recursive: true, force: true });
});

const RUN = 'run-aaaaaaaaaa';

function addEvaluations(run: string, phase: 'before' | 'during' | 'after', nll: number): void {
  for (const role of ['source', 'target'] as const) {
    for (const split of ['validation', 'test'] as const) {
      const value = nll + (role === 'target' ? 1 : 0) + (split === 'test' ? 0 : 10);
      const key = { name: role, role, split, phase, step: phase === 'before' ? 0 : 30 };
      const scores = { setHash: 'f', scoresPath: 'a.scores', scoresHash: '1' };
      store.evaluations.put(run, { ...key, nll: value, tokens: 10, ...scores });
    }
  }
}

it('says of a run what the run itself says, with tags, note, losses at the end and parts', () => {
  const parts = { ewc: { lambda: 100 } };
  const configuration = JSON.stringify({ parts, settings: {}, interpolation: { alpha: 0.4 } });
  const error = { code: 'a/b', message: 'm', hint: 'h' };
  const change = { id: 'run-b', strategy: 'ewc', state: 'failed', configuration, error } as const;
  store.runs.insert(runRecord(change), []);
  store.tags.add('run-b', 'paper');
  store.tags.add('run-b', 'best "so far"');
  addEvaluations('run-b', 'before', 2);
  addEvaluations('run-b', 'during', 3);
  addEvaluations('run-b', 'after', 4);
  const record = store.runs.find('run-b');
  const { projectId, projectName, archivedAt, tags, note, sourceNll, targetNll } = record ?? {};
  expect(store.runSummaries.find('run-b')).toEqual({
    ...{ id: 'run-b', project: projectId, projectName, name: 'sdt-seed-1', purpose: 'result' },
    ...{ strategy: 'ewc', parts, alpha: 0.4, seed: 1, state: 'failed' },
    ...{ step: 0, totalSteps: null },
    ...{ engine: null, device: null, startedAt: null, endedAt: null, error },
    ...{ createdAt: record?.createdAt, configurationHash: record?.configurationHash },
    ...{ archivedAt, tags, note, sourceNll, targetNll },
  });
  expect({ projectName, tags, note, sourceNll, targetNll }).toEqual({
    projectName: 'pilot',
    tags: ['best "so far"', 'paper'],
    note: null,
    sourceNll: 4,
    targetNll: 5,
  });
  expect(store.runSummaries.list()).toEqual(
    [RUN, 'run-b'].map((id) => store.runSummaries.find(id)),
  );
  expect(store.runSummaries.find('run-c')).toBeUndefined();
});

it('takes the losses of a run without steps from before, once it has completed', () => {
  store.runs.insert(runRecord({ id: 'run-ndt', strategy: 'ndt', state: 'running' }), []);
  addEvaluations('run-ndt', 'before', 2);
  expect(store.runSummaries.find('run-ndt')).toMatchObject({ sourceNll: null, targetNll: null });
  store.runs.update('run-ndt', { state: 'completed' });
  expect(store.runSummaries.find('run-ndt')).toMatchObject({ sourceNll: 2, targetNll: 3 });
});

it('hides archived runs unless they are asked for, and filters by project and state', () => {
  store.projects.insert({ id: 'project-b', name: 'b', file: '{}', createdAt: '2026-01-03' });
  store.runs.insert(runRecord({ id: 'run-b', projectId: 'project-b' }), []);
  store.runs.insert(runRecord({ id: 'run-c', state: 'completed' }), []);
  store.runSummaries.archive('run-c', '2026-02-01T00:00:00.000Z');
  const ids = (filter: Parameters<Store['runSummaries']['list']>[0]) =>
    store.runSummaries.list(filter).map(({ id }) => id);
  expect(ids({})).toEqual([RUN, 'run-b']);
  expect(ids({ archived: true })).toEqual([RUN, 'run-b', 'run-c']);
  expect(ids({ state: 'completed' })).toEqual([]);
  expect(ids({ state: 'completed', archived: true })).toEqual(['run-c']);
  expect(ids({ projectId: 'project-b' })).toEqual(['run-b']);
  expect(ids({ projectId: 'project-b', state: 'failed', archived: true })).toEqual([]);
  store.runSummaries.archive('run-c', null);
  expect(ids({})).toEqual([RUN, 'run-b', 'run-c']);
});

it('lists runs from an index alone, in the order of their creation', () => {
  for (const [id, createdAt] of [
    ['run-late', '2026-03-01T00:00:00.000Z'],
    ['run-early', '2025-03-01T00:00:00.000Z'],
    ['run-same', '2025-03-01T00:00:00.000Z'],
  ] as const) {
    store.runs.insert(runRecord({ id, createdAt }), []);
  }
  const listed = store.runSummaries.list().map(({ id }) => id);
  expect(listed).toEqual(['run-early', 'run-same', RUN, 'run-late']);
  const reader = new Database(path, { readonly: true });
  const indices = reader.prepare("SELECT name FROM pragma_index_list('runs')").pluck().all();
  reader.close();
  expect(indices).toContain('runs_summaries');
});

it('gives the parts to runs that an older version stored, even beside a broken configuration', () => {
  const old = join(folder, 'old.sqlite');
  const connection = openDatabase(old, { migrations: [initialSchema, strategies] });
  connection.prepare("INSERT INTO projects VALUES ('p', 'pilot', '{}', '2026')").run();
  const insert = connection.prepare(
    `INSERT INTO runs (id, project_id, name, strategy, seed, state, folder, configuration,
       configuration_hash, model_hash, tokenizer_hash, created_at)
     VALUES (?, 'p', 'n', 'rh', 1, 'completed', 'f', ?, 'h', 'm', 't', '2026')`,
  );
  insert.run('run-old', '{"parts":{"rh":{"lambda":1}}}');
  insert.run('run-none', '{}');
  insert.run('run-broken', '{"parts":');
  connection.close();
  const migrated = openStore(old);
  const parts = migrated.runSummaries.list().map((run) => [run.id, run.parts]);
  migrated.close();
  expect(Object.fromEntries(parts)).toEqual({
    'run-old': { rh: { lambda: 1 } },
    'run-none': {},
    'run-broken': {},
  });
});
