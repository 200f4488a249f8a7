import type { Migration } from './migration.ts';

/** What screens with many runs need: an archive, and lists that do not read whole configurations. */
export const workbench: Migration = {
  version: 3,
  apply(connection) {
    connection.exec(`
      ALTER TABLE runs ADD COLUMN archived_at TEXT;

      -- A run's configuration takes a page of its own or more. The parts of its strategy lie in the
      -- index below, with all else that a list of runs shows, so that a list reads the index alone.
      ALTER TABLE runs ADD COLUMN parts TEXT
        GENERATED ALWAYS AS (CASE WHEN json_valid(configuration)
          THEN coalesce(json_extract(configuration, '$.parts'), '{}') ELSE '{}' END) VIRTUAL;
      ALTER TABLE runs ADD COLUMN alpha REAL
        GENERATED ALWAYS AS (CASE WHEN json_valid(configuration)
          THEN json_extract(configuration, '$.interpolation.alpha') END) VIRTUAL;
      CREATE INDEX runs_summaries ON runs (created_at, id, project_id, name, purpose, strategy, parts,
        alpha, seed, state, step, total_steps, engine, device, started_at, ended_at, configuration_hash,
        error, archived_at);

      -- The losses that a list of runs shows.
      CREATE INDEX evaluations_at_end ON evaluations (run_id, role, name, phase, nll)
        WHERE split = 'test' AND phase <> 'during';

      -- 0 to 4095: what the points of a curve are grouped by, without being sorted.
      CREATE TABLE pixels (number INTEGER PRIMARY KEY) STRICT;
      INSERT INTO pixels
        WITH RECURSIVE numbers (number) AS (
          SELECT 0 UNION ALL SELECT number + 1 FROM numbers WHERE number < 4095
        )
        SELECT number FROM numbers;
    `);
  },
};
