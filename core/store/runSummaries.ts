import type { ErrorReport } from '../base/errors.ts';
import type { StrategyParts } from '../strategies/parts.ts';
import type { Connection } from './database.ts';
import { ANNOTATION_COLUMNS, parseTags } from './runAnnotations.ts';
import type { RunAnnotations, RunAnnotationsRow } from './runAnnotations.ts';
import type { RunPurposeName, RunStateName } from './runs.ts';

/** What a list of runs shows of each: everything but its configuration and its curves. */
export interface RunSummaryRecord extends RunAnnotations {
  readonly id: string;
  readonly project: string;
  readonly projectName: string;
  readonly name: string;
  readonly purpose: RunPurposeName;
  readonly strategy: string;
  readonly parts: StrategyParts;
  /** Of an interpolation: the weight of the adapted model. Null for any other run. */
  readonly alpha: number | null;
  readonly seed: number;
  readonly state: RunStateName;
  readonly step: number;
  readonly totalSteps: number | null;
  readonly engine: string | null;
  readonly device: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly configurationHash: string;
  readonly error: ErrorReport | null;
}

export interface RunSummaryFilter {
  readonly projectId?: string | undefined;
  readonly state?: RunStateName | undefined;
  /** Archived runs too. */
  readonly archived?: boolean;
}

type Row = Omit<RunSummaryRecord, 'parts' | 'error' | 'tags'> &
  RunAnnotationsRow & { readonly parts: string; readonly error: string | null };

const COLUMNS = `id, project_id AS project,
  (SELECT projects.name FROM projects WHERE projects.id = runs.project_id) AS projectName,
  name, purpose, strategy, parts, alpha, seed, state, step, total_steps AS totalSteps, engine, device,
  created_at AS createdAt, started_at AS startedAt, ended_at AS endedAt,
  configuration_hash AS configurationHash, error, ${ANNOTATION_COLUMNS}`;

/** How many runs are read together in the time that one takes by itself. */
const SINGLE_COST = 4;

export function runSummaryQueries(connection: Connection) {
  const list = (source: string) =>
    connection.prepare<[{ projectId: string | null; state: string | null; archived: number }], Row>(
      `SELECT ${COLUMNS} FROM ${source}
         AND (@state IS NULL OR state = @state) AND (@archived OR archived_at IS NULL)
       ORDER BY created_at, rowid`,
    );
  // The index has every column that is read, so that none of the large rows is visited.
  const listAll = list('runs INDEXED BY runs_summaries WHERE true');
  const listOfProject = list('runs WHERE project_id = @projectId');
  const byId = connection.prepare<[string], Row>(`SELECT ${COLUMNS} FROM runs WHERE id = ?`);
  const count = connection.prepare<[], number>('SELECT count(*) FROM runs').pluck();
  const archive = connection.prepare<[string | null, string]>(
    'UPDATE runs SET archived_at = ? WHERE id = ?',
  );
  const queries = {
    /** In the order of their creation. */
    list({ projectId, state, archived = false }: RunSummaryFilter = {}): RunSummaryRecord[] {
      // Many runs share few combinations of parts.
      const partsOf = new Map<string, StrategyParts>();
      const statement = projectId === undefined ? listAll : listOfProject;
      const filter = { projectId: projectId ?? null, state: state ?? null };
      return statement.all({ ...filter, archived: Number(archived) }).map((row) => {
        let parts = partsOf.get(row.parts);
        if (parts === undefined) {
          parts = JSON.parse(row.parts) as StrategyParts;
          partsOf.set(row.parts, parts);
        }
        return fromRow(row, parts);
      });
    },
    find(id: string): RunSummaryRecord | undefined {
      const row = byId.get(id);
      return row === undefined ? undefined : fromRow(row, JSON.parse(row.parts) as StrategyParts);
    },
    /** By id; ids that are none are left out. A large part of the history is read together. */
    findAll(ids: readonly string[]): ReadonlyMap<string, RunSummaryRecord> {
      const isLarge = ids.length * SINGLE_COST > (count.get() ?? 0);
      const wanted = new Set(ids);
      const found = isLarge
        ? queries.list({ archived: true }).filter(({ id }) => wanted.has(id))
        : [...wanted].flatMap((id) => queries.find(id) ?? []);
      return new Map(found.map((run) => [run.id, run]));
    },
    /** Hides a run from lists from a time on, or shows it again. */
    archive(id: string, time: string | null): void {
      archive.run(time, id);
    },
  };
  return queries;
}

function fromRow(row: Row, parts: StrategyParts): RunSummaryRecord {
  return {
    ...row,
    parts,
    error: row.error === null ? null : (JSON.parse(row.error) as ErrorReport),
    tags: parseTags(row.tags),
  };
}
