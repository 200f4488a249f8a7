import type { Connection } from './database.ts';

/** A labelled set for downstream evaluation; its examples are in `folder`, relative to the home folder. */
export interface TaskRecord {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly domain: 'source' | 'target';
  readonly folder: string;
  readonly contentHash: string;
  readonly examples: number;
  readonly createdAt: string;
}

const COLUMNS = `id, name, kind, domain, folder, content_hash AS contentHash, examples,
  created_at AS createdAt`;

export function taskQueries(connection: Connection) {
  const insert = connection.prepare<[TaskRecord]>(`
    INSERT INTO tasks (id, name, kind, domain, folder, content_hash, examples, created_at)
    VALUES (@id, @name, @kind, @domain, @folder, @contentHash, @examples, @createdAt)`);
  const list = connection.prepare<[], TaskRecord>(
    `SELECT ${COLUMNS} FROM tasks ORDER BY created_at, id`,
  );
  const remove = connection.prepare<[string]>('DELETE FROM tasks WHERE id = ?');
  return {
    insert(task: TaskRecord): void {
      insert.run(task);
    },
    list: (): TaskRecord[] => list.all(),
    remove(id: string): void {
      remove.run(id);
    },
  };
}
