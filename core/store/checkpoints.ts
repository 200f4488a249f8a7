import type { Connection } from './database.ts';

/** A checkpoint that was complete when it was recorded; `path` is relative to the run folder. */
export interface CheckpointRecord {
  readonly step: number;
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

export function checkpointQueries(connection: Connection) {
  const put = connection.prepare<[CheckpointRecord & { runId: string }]>(`
    INSERT OR REPLACE INTO checkpoints (run_id, step, path, sha256, bytes)
    VALUES (@runId, @step, @path, @sha256, @bytes)`);
  const list = connection.prepare<[string], CheckpointRecord>(
    'SELECT step, path, sha256, bytes FROM checkpoints WHERE run_id = ? ORDER BY step',
  );
  const removeAfter = connection.prepare<[string, number]>(
    'DELETE FROM checkpoints WHERE run_id = ? AND step > ?',
  );
  return {
    put(runId: string, checkpoint: CheckpointRecord): void {
      put.run({ ...checkpoint, runId });
    },
    list: (runId: string): CheckpointRecord[] => list.all(runId),
    removeAfter(runId: string, step: number): void {
      removeAfter.run(runId, step);
    },
  };
}
