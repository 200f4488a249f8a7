/** What goes into the history comes out, and large histories are read through indices. */
import Database from 'better-sqlite3';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../../core/store/store.ts';
import type { Store } from '../../../core/store/store.ts';
import { corpusRecord, modelRecord, populate, runRecord } from '../../fixtures/populatedStore.ts';

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-store-'));
  store = openStore(join(folder, 'workbench.sqlite'));
  populate(store);
});

afterEach(async () => {
  store.close();
  await rm(folder, { recursive: true, force: true });
});

const RUN = 'run-aaaaaaaaaa';
/** Of the run, in other tables. */
const SAID = { tags: ['good'], note: 'First trial.' };
const LOSS = { name: 'train/target_loss', split: '', role: '' };

it('returns models, corpora and runs as they were put', () => {
  expect(store.models.list()).toEqual([modelRecord]);
  expect(store.corpora.find(corpusRecord.id)).toEqual(corpusRecord);
  expect(store.runs.find(RUN)).toEqual(runRecord(SAID));
  expect(store.tags.list(RUN)).toEqual(['good']);
  expect(store.notes.find(RUN)?.text).toBe('First trial.');
  expect(store.tasks.list()).toHaveLength(1);
});

it('changes only what an update names', () => {
  const change = {
    state: 'failed',
    error: { code: 'x/y', message: 'm', hint: 'h' },
    versions: { node: '24' },
    continueOnStart: true,
  } as const;
  store.runs.update(RUN, change);
  expect(store.runs.find(RUN)).toEqual(runRecord({ ...SAID, ...change }));
  store.runs.update(RUN, { error: null });
  expect(store.runs.find(RUN)).toEqual(runRecord({ ...SAID, ...change, error: null }));
});

it('gives queued runs in the order of the queue and filters by project and state', () => {
  store.projects.insert({ id: 'project-b', name: 'b', file: '{}', createdAt: '2026-01-03' });
  store.runs.insert(runRecord({ id: 'run-b', projectId: 'project-b', queuePosition: 0 }), []);
  store.runs.insert(runRecord({ id: 'run-c', state: 'completed', queuePosition: null }), []);
  expect(store.runs.queued().map(({ id }) => id)).toEqual(['run-b', RUN]);
  expect(store.runs.nextQueuePosition()).toBe(2);
  expect(store.runs.list({ projectId: 'project-b' }).map(({ id }) => id)).toEqual(['run-b']);
  expect(store.runs.list({ state: 'completed' }).map(({ id }) => id)).toEqual(['run-c']);
  expect(store.runs.usingCorpus(corpusRecord.id).map(({ id }) => id)).toEqual([RUN]);
});

it('reads the parts of a strategy out of the configuration, and the name of the project', () => {
  const parts = { ewc: { lambda: 100, layer_norm: true } };
  const configuration = JSON.stringify({ seed: 1, parts, settings: {} });
  store.runs.insert(runRecord({ id: 'run-b', purpose: 'sweep', configuration }), []);
  const record = { parts, purpose: 'sweep', projectName: 'pilot', configuration };
  expect(store.runs.find('run-b')).toMatchObject(record);
  expect(store.runs.list().map((run) => run.parts)).toEqual([{}, parts]);
});

it('keeps one choice for what was chosen among', () => {
  const choice = { projectId: 'project-aaaaaaaaaa', entry: 'ab', choice: '{}', createdAt: '2026' };
  store.choices.insert(choice);
  expect(store.choices.list(choice.projectId)).toEqual([choice]);
  expect(() => {
    store.choices.insert({ ...choice, choice: '[]' });
  }).toThrow('UNIQUE');
  expect(store.choices.list('project-b')).toEqual([]);
});

it('refuses a run without a project and a state that is none', () => {
  expect(() => {
    store.runs.insert(runRecord({ id: 'run-d', projectId: 'nowhere' }), []);
  }).toThrow('FOREIGN KEY');
  expect(() => {
    store.runs.update(RUN, { state: 'sleeping' as never });
  }).toThrow('CHECK');
});

it('replaces a point of the same step and forgets what lies after a step', () => {
  store.metrics.put(RUN, LOSS, { step: 100, value: 7 });
  expect(store.metrics.latest(RUN)).toEqual([{ ...LOSS, step: 100, value: 7 }]);
  store.metrics.removeAfter(RUN, 40);
  const [series] = store.metrics.series(RUN);
  expect(series?.points.map(({ step }) => step)).toEqual([10, 20, 30, 40]);
  expect(store.metrics.series(RUN, [LOSS.name], 25)[0]?.points).toHaveLength(2);
  expect(store.metrics.series(RUN, ['other'])).toEqual([]);
});

it('keeps scores of two roles apart when their sets share a name', () => {
  const score = {
    name: 'wiki',
    split: 'test',
    phase: 'after',
    step: 9,
    nll: 3,
    tokens: 5,
  } as const;
  const file = { setHash: 'a1', scoresPath: 's', scoresHash: 'b2' };
  const before = store.evaluations.list(RUN).length;
  store.evaluations.put(RUN, { ...score, ...file, role: 'source' });
  store.evaluations.put(RUN, { ...score, ...file, role: 'target' });
  expect(store.evaluations.list(RUN)).toHaveLength(before + 2);
});

it('undoes a transaction that throws, an inner one with its outer one', () => {
  expect(() => {
    store.transaction(() => {
      store.tags.add(RUN, 'one');
      store.transaction(() => {
        store.tags.add(RUN, 'two');
      });
      throw new Error('no');
    });
  }).toThrow('no');
  expect(store.tags.list(RUN)).toEqual(['good']);
});

it('forgets the frozen-mask sets of a corpus with the corpus, and keeps its runs', () => {
  store.corpora.remove(corpusRecord.id);
  expect(store.corpora.listFrozenSets()).toEqual([]);
  expect(store.runs.find(RUN)).toBeDefined();
});

describe('at the size of years of work', () => {
  it.each([
    ['SELECT * FROM metrics WHERE series_id = ? AND step >= ? ORDER BY step', 'PRIMARY KEY'],
    ['SELECT * FROM series WHERE run_id = ? ORDER BY name, split, role', 'sqlite_autoindex'],
    ["SELECT * FROM runs WHERE state = 'queued' ORDER BY queue_position", 'runs_by_state'],
    ['SELECT * FROM evaluations WHERE run_id = ?', 'PRIMARY KEY'],
    ['SELECT run_id FROM run_corpora WHERE corpus_id = ?', 'run_corpora_by_corpus'],
  ])('%s uses an index and sorts nothing', (query, index) => {
    const connection = new Database(join(folder, 'workbench.sqlite'), { readonly: true });
    const plan = connection.prepare(`EXPLAIN QUERY PLAN ${query}`).all(...bindings(query)) as {
      detail: string;
    }[];
    connection.close();
    const text = plan.map(({ detail }) => detail).join('; ');
    expect(text).toContain(`SEARCH`);
    expect(text).toContain(index);
    expect(text).not.toContain('TEMP B-TREE');
  });
});

function bindings(query: string): number[] {
  return Array.from(query.matchAll(/\?/g), () => 1);
}

it('leaves no trace of a removed row in any file', async () => {
  const marker = 'Zugspitze-remnant';
  store.corpora.insert({ ...corpusRecord, id: 'corpus-b', name: marker });
  const { readFileSync, readdirSync } = await import('node:fs');
  const holdsMarker = (): boolean =>
    readdirSync(folder).some((name) => readFileSync(join(folder, name)).includes(marker));
  expect(holdsMarker()).toBe(true);
  store.corpora.remove('corpus-b');
  store.eraseRemnants();
  expect(holdsMarker()).toBe(false);
});
