import type { Migration } from './migration.ts';

/**
 * Times are ISO 8601 in UTC, hashes hexadecimal SHA-256, booleans 0 or 1, lists and objects JSON.
 * Folders are relative to the home folder, so that it can be moved, except those of linked models.
 */
export const initialSchema: Migration = {
  version: 1,
  apply(connection) {
    connection.exec(`
      CREATE TABLE models (
        id             TEXT PRIMARY KEY,
        name           TEXT NOT NULL UNIQUE,
        hash           TEXT NOT NULL UNIQUE,
        architecture   TEXT NOT NULL,
        parameters     INTEGER NOT NULL,
        vocab_size     INTEGER NOT NULL,
        hidden_size    INTEGER NOT NULL,
        layers         INTEGER NOT NULL,
        max_seq_length INTEGER NOT NULL,
        tokenizer_kind TEXT NOT NULL,
        tokenizer_hash TEXT NOT NULL,
        cased          INTEGER NOT NULL CHECK (cased IN (0, 1)),
        folder         TEXT NOT NULL,
        linked         INTEGER NOT NULL CHECK (linked IN (0, 1)),
        parent_run     TEXT,
        notices        TEXT NOT NULL,
        created_at     TEXT NOT NULL
      ) STRICT;

      CREATE TABLE corpora (
        id                      TEXT PRIMARY KEY,
        name                    TEXT NOT NULL UNIQUE,
        folder                  TEXT NOT NULL,
        content_hash            TEXT NOT NULL,
        documents               INTEGER NOT NULL,
        characters              INTEGER NOT NULL,
        documents_read          INTEGER NOT NULL,
        exact_duplicates        INTEGER NOT NULL,
        near_duplicates         INTEGER NOT NULL,
        near_duplicate_clusters INTEGER NOT NULL,
        replaced_sequences      INTEGER NOT NULL,
        removed_nul_characters  INTEGER NOT NULL,
        train_documents         INTEGER NOT NULL,
        validation_documents    INTEGER NOT NULL,
        test_documents          INTEGER NOT NULL,
        text_column             TEXT,
        group_column            TEXT,
        created_at              TEXT NOT NULL
      ) STRICT;

      -- Files made from a corpus, so that a purge finds every one of them.
      CREATE TABLE frozen_sets (
        id         TEXT PRIMARY KEY,
        corpus_id  TEXT NOT NULL REFERENCES corpora (id) ON DELETE CASCADE,
        path       TEXT NOT NULL,
        sha256     TEXT NOT NULL,
        created_at TEXT NOT NULL
      ) STRICT;
      CREATE INDEX frozen_sets_by_corpus ON frozen_sets (corpus_id);

      CREATE TABLE tasks (
        id           TEXT PRIMARY KEY,
        name         TEXT NOT NULL UNIQUE,
        kind         TEXT NOT NULL,
        domain       TEXT NOT NULL CHECK (domain IN ('source', 'target')),
        folder       TEXT NOT NULL,
        content_hash TEXT NOT NULL,
        examples     INTEGER NOT NULL,
        created_at   TEXT NOT NULL
      ) STRICT;

      CREATE TABLE projects (
        id         TEXT PRIMARY KEY,
        name       TEXT NOT NULL,
        file       TEXT NOT NULL,
        created_at TEXT NOT NULL
      ) STRICT;
      CREATE INDEX projects_by_name ON projects (name);

      CREATE TABLE runs (
        id                 TEXT PRIMARY KEY,
        project_id         TEXT NOT NULL REFERENCES projects (id),
        name               TEXT NOT NULL,
        strategy           TEXT NOT NULL,
        seed               INTEGER NOT NULL,
        state              TEXT NOT NULL CHECK (state IN
          ('queued', 'running', 'paused', 'completed', 'interrupted', 'failed', 'cancelled')),
        folder             TEXT NOT NULL,
        configuration      TEXT NOT NULL,
        configuration_hash TEXT NOT NULL,
        model_hash         TEXT NOT NULL,
        tokenizer_hash     TEXT NOT NULL,
        step               INTEGER NOT NULL DEFAULT 0,
        total_steps        INTEGER,
        engine             TEXT,
        device             TEXT,
        threads            INTEGER,
        versions           TEXT,
        error              TEXT,
        created_at         TEXT NOT NULL,
        started_at         TEXT,
        ended_at           TEXT,
        -- Order in the queue; null when the run does not wait.
        queue_position     INTEGER,
        -- A run stopped only because the Workbench closed goes on when it opens for a person.
        continue_on_start  INTEGER NOT NULL DEFAULT 0 CHECK (continue_on_start IN (0, 1)),
        -- Process id of the job at work, to end one that outlived its owner.
        job_pid            INTEGER,
        -- The last event taken in; an event at or before it is not applied again.
        last_attempt       INTEGER NOT NULL DEFAULT 0,
        last_sequence      INTEGER NOT NULL DEFAULT -1,
        -- The last attempt whose end the state tells.
        settled_attempt    INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      CREATE INDEX runs_by_project ON runs (project_id, created_at);
      CREATE INDEX runs_by_state ON runs (state, queue_position);
      CREATE INDEX runs_by_creation ON runs (created_at);

      CREATE TABLE run_corpora (
        run_id    TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        -- No reference: a finished run stays when its corpus is purged.
        corpus_id TEXT NOT NULL,
        role      TEXT NOT NULL,
        PRIMARY KEY (run_id, corpus_id, role)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX run_corpora_by_corpus ON run_corpora (corpus_id);

      CREATE TABLE series (
        id     INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        name   TEXT NOT NULL,
        split  TEXT NOT NULL,
        role   TEXT NOT NULL,
        UNIQUE (run_id, name, split, role)
      ) STRICT;

      CREATE TABLE metrics (
        series_id INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
        step      INTEGER NOT NULL,
        value     REAL NOT NULL,
        PRIMARY KEY (series_id, step)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE evaluations (
        run_id      TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        name        TEXT NOT NULL,
        role        TEXT NOT NULL,
        split       TEXT NOT NULL,
        phase       TEXT NOT NULL,
        step        INTEGER NOT NULL,
        nll         REAL NOT NULL,
        tokens      INTEGER NOT NULL,
        set_hash    TEXT NOT NULL,
        scores_path TEXT NOT NULL,
        scores_hash TEXT NOT NULL,
        PRIMARY KEY (run_id, name, role, split, phase, step)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE checkpoints (
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        step   INTEGER NOT NULL,
        path   TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        bytes  INTEGER NOT NULL,
        PRIMARY KEY (run_id, step)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE tags (
        run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        tag    TEXT NOT NULL,
        PRIMARY KEY (run_id, tag)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX tags_by_tag ON tags (tag);

      CREATE TABLE notes (
        run_id     TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
        text       TEXT NOT NULL,
        updated_at TEXT NOT NULL
      ) STRICT;
    `);
  },
};
