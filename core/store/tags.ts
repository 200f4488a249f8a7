import type { Connection } from './database.ts';

export function tagQueries(connection: Connection) {
  const add = connection.prepare<[string, string]>(
    'INSERT OR IGNORE INTO tags (run_id, tag) VALUES (?, ?)',
  );
  const remove = connection.prepare<[string, string]>(
    'DELETE FROM tags WHERE run_id = ? AND tag = ?',
  );
  const list = connection
    .prepare<[string], string>('SELECT tag FROM tags WHERE run_id = ? ORDER BY tag')
    .pluck();
  return {
    add(runId: string, tag: string): void {
      add.run(runId, tag);
    },
    remove(runId: string, tag: string): void {
      remove.run(runId, tag);
    },
    list: (runId: string): string[] => list.all(runId),
  };
}
