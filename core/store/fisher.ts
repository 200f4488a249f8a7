import type { Connection } from './database.ts';

/** An estimate of the Fisher diagonal made from a corpus; its convention is in its folder. */
export interface FisherRecord {
  readonly id: string;
  readonly corpusId: string;
  readonly modelHash: string;
  /** Relative to the home folder. */
  readonly folder: string;
  readonly createdAt: string;
}

const COLUMNS =
  'id, corpus_id AS corpusId, model_hash AS modelHash, folder, created_at AS createdAt';

export function fisherQueries(connection: Connection) {
  const put = connection.prepare<[FisherRecord]>(`
    INSERT INTO fisher_diagonals (id, corpus_id, model_hash, folder, created_at)
    VALUES (@id, @corpusId, @modelHash, @folder, @createdAt)
    ON CONFLICT (id) DO NOTHING`);
  const byCorpus = connection.prepare<[string], FisherRecord>(
    `SELECT ${COLUMNS} FROM fisher_diagonals WHERE corpus_id = ? ORDER BY created_at, id`,
  );
  const handOver = connection.prepare<[string, string]>(
    'UPDATE fisher_diagonals SET corpus_id = ? WHERE corpus_id = ?',
  );
  return {
    /** An estimate that is recorded already stays as it is. */
    put(estimate: FisherRecord): void {
      put.run(estimate);
    },
    ofCorpus: (corpusId: string): FisherRecord[] => byCorpus.all(corpusId),
    /** Records the estimates of one corpus as those of another, whose content is the same. */
    handOver(from: string, to: string): void {
      handOver.run(to, from);
    },
  };
}
