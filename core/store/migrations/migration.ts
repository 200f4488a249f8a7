import type Database from 'better-sqlite3';

/**
 * One step of the schema's history. Versions are consecutive from 1; a migration that was released
 * is never edited. `apply` runs inside the transaction that also raises `user_version`.
 */
export interface Migration {
  readonly version: number;
  apply(connection: Database.Database): void;
}
