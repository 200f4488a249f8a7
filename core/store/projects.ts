import type { Connection } from './database.ts';

export interface ProjectRecord {
  readonly id: string;
  readonly name: string;
  /** The project file with its defaults filled in, JSON. */
  readonly file: string;
  readonly createdAt: string;
}

const COLUMNS = 'id, name, file, created_at AS createdAt';

export function projectQueries(connection: Connection) {
  const insert = connection.prepare<[ProjectRecord]>(
    'INSERT INTO projects (id, name, file, created_at) VALUES (@id, @name, @file, @createdAt)',
  );
  const updateFile = connection.prepare<[string, string]>(
    'UPDATE projects SET file = ? WHERE id = ?',
  );
  const list = connection.prepare<[], ProjectRecord>(
    `SELECT ${COLUMNS} FROM projects ORDER BY created_at, id`,
  );
  const byId = connection.prepare<[string], ProjectRecord>(
    `SELECT ${COLUMNS} FROM projects WHERE id = ?`,
  );
  const count = connection.prepare<[], number>('SELECT count(*) FROM projects').pluck();
  return {
    insert(project: ProjectRecord): void {
      insert.run(project);
    },
    /** The same project, with another plan. */
    updateFile(id: string, file: string): void {
      updateFile.run(file, id);
    },
    list: (): ProjectRecord[] => list.all(),
    find: (id: string): ProjectRecord | undefined => byId.get(id),
    count: (): number => count.get() ?? 0,
  };
}
