import type { Connection } from './database.ts';

/** One score of a run on one frozen-mask set; the sums of each document are in a file, hashed. */
export interface EvaluationRecord {
  readonly name: string;
  readonly role: 'source' | 'target';
  readonly split: 'validation' | 'test';
  readonly phase: 'before' | 'during' | 'after';
  readonly step: number;
  /** Nats a scored token. */
  readonly nll: number;
  readonly tokens: number;
  readonly setHash: string;
  /** Relative to the run folder. */
  readonly scoresPath: string;
  readonly scoresHash: string;
}

export function evaluationQueries(connection: Connection) {
  const put = connection.prepare<[EvaluationRecord & { runId: string }]>(`
    INSERT OR REPLACE INTO evaluations (run_id, name, role, split, phase, step, nll, tokens,
      set_hash, scores_path, scores_hash)
    VALUES (@runId, @name, @role, @split, @phase, @step, @nll, @tokens, @setHash, @scoresPath,
      @scoresHash)`);
  const list = connection.prepare<[string], EvaluationRecord>(`
    SELECT name, role, split, phase, step, nll, tokens, set_hash AS setHash,
      scores_path AS scoresPath, scores_hash AS scoresHash
    FROM evaluations WHERE run_id = ? ORDER BY step, name, split`);
  const removeAfter = connection.prepare<[string, number]>(
    'DELETE FROM evaluations WHERE run_id = ? AND step > ?',
  );
  return {
    put(runId: string, evaluation: EvaluationRecord): void {
      put.run({ ...evaluation, runId });
    },
    list: (runId: string): EvaluationRecord[] => list.all(runId),
    removeAfter(runId: string, step: number): void {
      removeAfter.run(runId, step);
    },
  };
}
