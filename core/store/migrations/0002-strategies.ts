import type { Migration } from './migration.ts';

/** What strategies against forgetting add: what a run is for, Fisher diagonals, choices of λ. */
export const strategies: Migration = {
  version: 2,
  apply(connection) {
    connection.exec(`
      ALTER TABLE runs ADD COLUMN purpose TEXT NOT NULL DEFAULT 'result'
        CHECK (purpose IN ('result', 'sweep', 'interpolation'));

      -- Estimates made from a corpus; a purge finds every one of them.
      CREATE TABLE fisher_diagonals (
        id         TEXT PRIMARY KEY,
        corpus_id  TEXT NOT NULL REFERENCES corpora (id) ON DELETE CASCADE,
        model_hash TEXT NOT NULL,
        folder     TEXT NOT NULL,
        created_at TEXT NOT NULL
      ) STRICT;
      CREATE INDEX fisher_diagonals_by_corpus ON fisher_diagonals (corpus_id);

      -- Written once, when every candidate has been scored on the validation split.
      CREATE TABLE choices (
        project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
        -- Hash of the strategy with its values of λ, and of the selection: steps, seed, weight.
        entry      TEXT NOT NULL,
        -- Candidates with their losses, and which was chosen; JSON.
        choice     TEXT NOT NULL,
        created_at TEXT NOT NULL,
        PRIMARY KEY (project_id, entry)
      ) STRICT, WITHOUT ROWID;
    `);
  },
};
