import type { Connection } from './database.ts';

/** How a project chose among several values of λ. */
export interface ChoiceRecord {
  readonly projectId: string;
  /** Names what was chosen among: a hash of the strategy with its values and of the selection. */
  readonly entry: string;
  /** JSON. */
  readonly choice: string;
  readonly createdAt: string;
}

export function choiceQueries(connection: Connection) {
  const insert = connection.prepare<[ChoiceRecord]>(
    `INSERT INTO choices (project_id, entry, choice, created_at)
     VALUES (@projectId, @entry, @choice, @createdAt)`,
  );
  const list = connection.prepare<[string], ChoiceRecord>(
    `SELECT project_id AS projectId, entry, choice, created_at AS createdAt
     FROM choices WHERE project_id = ? ORDER BY created_at, entry`,
  );
  return {
    /** A choice is made once: a second one of the same entry is an error. */
    insert(choice: ChoiceRecord): void {
      insert.run(choice);
    },
    list: (projectId: string): ChoiceRecord[] => list.all(projectId),
  };
}
