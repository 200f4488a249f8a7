import type { ErrorReport } from '../base/errors.ts';
import type { StrategyParts } from '../strategies/parts.ts';
import type { Connection } from './database.ts';
import { ANNOTATION_COLUMNS, parseTags } from './runAnnotations.ts';
import type { RunAnnotations, RunAnnotationsRow } from './runAnnotations.ts';

export type RunStateName =
  'queued' | 'running' | 'paused' | 'completed' | 'interrupted' | 'failed' | 'cancelled';

export type RunPurposeName = 'result' | 'sweep' | 'interpolation';

/** A run as it is stored. */
export interface NewRunRecord {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly purpose: RunPurposeName;
  readonly strategy: string;
  readonly seed: number;
  readonly state: RunStateName;
  /** Relative to the home folder. */
  readonly folder: string;
  /** What the training job is given, JSON. */
  readonly configuration: string;
  readonly configurationHash: string;
  readonly modelHash: string;
  readonly tokenizerHash: string;
  readonly step: number;
  readonly totalSteps: number | null;
  readonly engine: string | null;
  readonly device: string | null;
  readonly threads: number | null;
  readonly versions: Readonly<Record<string, string>> | null;
  readonly error: ErrorReport | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly queuePosition: number | null;
  readonly continueOnStart: boolean;
  readonly jobPid: number | null;
  readonly lastAttempt: number;
  readonly lastSequence: number;
  readonly settledAttempt: number;
}

/** A run as it is read, with what other columns say of it. */
export interface RunRecord extends NewRunRecord, RunAnnotations {
  readonly projectName: string;
  /** Of the configuration; empty when it has none. */
  readonly parts: StrategyParts;
  /** Of an interpolation; else null. */
  readonly alpha: number | null;
}

/** What changes in the life of a run; what is left out stays. */
export type RunChange = Partial<
  Pick<
    NewRunRecord,
    | 'state'
    | 'step'
    | 'totalSteps'
    | 'engine'
    | 'device'
    | 'threads'
    | 'versions'
    | 'error'
    | 'startedAt'
    | 'endedAt'
    | 'queuePosition'
    | 'continueOnStart'
    | 'jobPid'
    | 'lastAttempt'
    | 'lastSequence'
    | 'settledAttempt'
  >
>;

export interface RunFilter {
  readonly projectId?: string;
  readonly state?: RunStateName;
}

type Row = Omit<RunRecord, 'parts' | 'versions' | 'error' | 'continueOnStart' | 'tags'> &
  RunAnnotationsRow & {
    readonly parts: string;
    readonly versions: string | null;
    readonly error: string | null;
    readonly continueOnStart: number;
  };

const COLUMN_OF: Readonly<Record<keyof NewRunRecord, string>> = {
  id: 'id',
  projectId: 'project_id',
  name: 'name',
  purpose: 'purpose',
  strategy: 'strategy',
  seed: 'seed',
  state: 'state',
  folder: 'folder',
  configuration: 'configuration',
  configurationHash: 'configuration_hash',
  modelHash: 'model_hash',
  tokenizerHash: 'tokenizer_hash',
  step: 'step',
  totalSteps: 'total_steps',
  engine: 'engine',
  device: 'device',
  threads: 'threads',
  versions: 'versions',
  error: 'error',
  createdAt: 'created_at',
  startedAt: 'started_at',
  endedAt: 'ended_at',
  queuePosition: 'queue_position',
  continueOnStart: 'continue_on_start',
  jobPid: 'job_pid',
  lastAttempt: 'last_attempt',
  lastSequence: 'last_sequence',
  settledAttempt: 'settled_attempt',
};
const FIELDS = Object.keys(COLUMN_OF) as (keyof NewRunRecord)[];
const COLUMNS = [
  ...FIELDS.map((field) => `${COLUMN_OF[field]} AS ${field}`),
  '(SELECT projects.name FROM projects WHERE projects.id = runs.project_id) AS projectName',
  // Generated columns: SQLite takes them out of the configuration faster than it could be parsed here.
  'parts',
  'alpha',
  ANNOTATION_COLUMNS,
].join(', ');

function fromRow(row: Row): RunRecord {
  return {
    ...row,
    parts: JSON.parse(row.parts) as StrategyParts,
    versions: row.versions === null ? null : (JSON.parse(row.versions) as Record<string, string>),
    error: row.error === null ? null : (JSON.parse(row.error) as ErrorReport),
    continueOnStart: row.continueOnStart === 1,
    tags: parseTags(row.tags),
  };
}

function toColumn(value: NewRunRecord[keyof NewRunRecord]): string | number | null {
  if (typeof value === 'boolean') return Number(value);
  if (value !== null && typeof value === 'object') return JSON.stringify(value);
  return value;
}

export function runQueries(connection: Connection) {
  const insert = connection.prepare<[Record<string, string | number | null>]>(
    `INSERT INTO runs (${FIELDS.map((field) => COLUMN_OF[field]).join(', ')})
     VALUES (${FIELDS.map((field) => `@${field}`).join(', ')})`,
  );
  const insertCorpus = connection.prepare<[string, string, string]>(
    'INSERT OR IGNORE INTO run_corpora (run_id, corpus_id, role) VALUES (?, ?, ?)',
  );
  const byId = connection.prepare<[string], Row>(`SELECT ${COLUMNS} FROM runs WHERE id = ?`);
  // One statement a combination: a condition that may be off would keep SQLite from its indices.
  const list = (where: string) =>
    connection.prepare<[{ projectId?: string | undefined; state?: string | undefined }], Row>(
      `SELECT ${COLUMNS} FROM runs ${where} ORDER BY created_at, rowid`,
    );
  const listAll = list('');
  const listOfProject = list('WHERE project_id = @projectId');
  const listInState = list('WHERE state = @state');
  const listOfProjectInState = list('WHERE project_id = @projectId AND state = @state');
  const queued = connection.prepare<[], Row>(
    `SELECT ${COLUMNS} FROM runs WHERE state = 'queued' ORDER BY queue_position`,
  );
  const lastPosition = connection
    .prepare<[], number>('SELECT coalesce(max(queue_position), 0) FROM runs')
    .pluck();
  const byCorpus = connection.prepare<[string], Row>(
    `SELECT ${COLUMNS} FROM runs
     WHERE id IN (SELECT run_id FROM run_corpora WHERE corpus_id = ?) ORDER BY created_at, rowid`,
  );
  const byModel = connection
    .prepare<[string], string>(
      'SELECT id FROM runs WHERE model_hash = ? ORDER BY created_at, rowid',
    )
    .pluck();
  const names = connection.prepare<[], { id: string; name: string }>(
    'SELECT id, name FROM runs ORDER BY created_at, rowid',
  );
  const count = connection.prepare<[], number>('SELECT count(*) FROM runs').pluck();
  return {
    insert(run: NewRunRecord, corpora: readonly { corpusId: string; role: string }[]): void {
      insert.run(Object.fromEntries(FIELDS.map((field) => [field, toColumn(run[field])])));
      for (const { corpusId, role } of corpora) insertCorpus.run(run.id, corpusId, role);
    },
    update(id: string, change: RunChange): void {
      const fields = Object.keys(change) as (keyof RunChange)[];
      if (fields.length === 0) return;
      const assignments = fields.map((field) => `${COLUMN_OF[field]} = ?`).join(', ');
      const values = fields.map((field) => toColumn(change[field] ?? null));
      connection.prepare(`UPDATE runs SET ${assignments} WHERE id = ?`).run(...values, id);
    },
    find(id: string): RunRecord | undefined {
      const row = byId.get(id);
      return row === undefined ? undefined : fromRow(row);
    },
    /** In the order of their creation. */
    list({ projectId, state }: RunFilter = {}): RunRecord[] {
      if (projectId === undefined && state === undefined) return listAll.all({}).map(fromRow);
      if (projectId === undefined) return listInState.all({ state }).map(fromRow);
      if (state === undefined) return listOfProject.all({ projectId }).map(fromRow);
      return listOfProjectInState.all({ projectId, state }).map(fromRow);
    },
    /** Of all runs, in the order of their creation. */
    names: (): { id: string; name: string }[] => names.all(),
    /** In the order in which they are to run. */
    queued: (): RunRecord[] => queued.all().map(fromRow),
    nextQueuePosition: (): number => (lastPosition.get() ?? 0) + 1,
    usingCorpus: (corpusId: string): RunRecord[] => byCorpus.all(corpusId).map(fromRow),
    /** Ids of the runs that began with a model. */
    usingModel: (modelHash: string): string[] => byModel.all(modelHash),
    count: (): number => count.get() ?? 0,
  };
}
