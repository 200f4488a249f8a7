import type { Connection } from './database.ts';

export interface NoteRecord {
  readonly text: string;
  readonly updatedAt: string;
}

/** One note a run, in the words of the person who wrote it. */
export function noteQueries(connection: Connection) {
  const put = connection.prepare<[string, string, string]>(
    'INSERT OR REPLACE INTO notes (run_id, text, updated_at) VALUES (?, ?, ?)',
  );
  const find = connection.prepare<[string], NoteRecord>(
    'SELECT text, updated_at AS updatedAt FROM notes WHERE run_id = ?',
  );
  const remove = connection.prepare<[string]>('DELETE FROM notes WHERE run_id = ?');
  return {
    put(runId: string, note: NoteRecord): void {
      put.run(runId, note.text, note.updatedAt);
    },
    find: (runId: string): NoteRecord | undefined => find.get(runId),
    remove(runId: string): void {
      remove.run(runId);
    },
  };
}
