/**
 * The history's SQLite file: write-ahead log, foreign keys, STRICT tables, a version that only
 * grows. Opening it migrates it, after a backup, or refuses it with a reason.
 */
import Database from 'better-sqlite3';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { temporaryPathFor } from '../base/files.ts';
import { MIGRATIONS } from './migrations/all.ts';
import type { Migration } from './migrations/migration.ts';
import { withStoreErrors } from './storeErrors.ts';

export type Connection = Database.Database;

/** "PALI": tells our file from any other SQLite database. */
const APPLICATION_ID = 0x50414c49;

export interface DatabaseOptions {
  /** A reader never writes and never migrates; the file must be of this program's version. */
  readonly readOnly?: boolean;
  /** Folder for the copy made before a migration; `backups` beside the file by default. */
  readonly backupFolder?: string;
  readonly migrations?: readonly Migration[];
}

/**
 * Opens the database, creating or migrating it unless `readOnly`.
 * @throws UserError `store/newer`, `store/older` (readers), `store/foreign`, `store/corrupt`, `store/not-writable`, …
 */
export function openDatabase(path: string, options: DatabaseOptions = {}): Connection {
  return withStoreErrors(path, () => {
    const readOnly = options.readOnly ?? false;
    const connection = new Database(path, { readonly: readOnly, timeout: 5000 });
    try {
      checkFileIsOurs(connection, path);
      if (readOnly) requireVersion(connection, path, options.migrations ?? MIGRATIONS);
      else prepareForWriting(connection, path, options);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  });
}

function prepareForWriting(connection: Connection, path: string, options: DatabaseOptions): void {
  const migrations = options.migrations ?? MIGRATIONS;
  refuseNewer(connection, path, migrations);
  connection.pragma('journal_mode = WAL');
  // A commit is on disk when it returns: a registered model or run never vanishes in a power cut.
  connection.pragma('synchronous = FULL');
  connection.pragma('foreign_keys = ON');
  // Deleted rows are overwritten with zeros, so that a purge leaves nothing in free pages.
  connection.pragma('secure_delete = ON');
  connection.pragma('cache_size = -32768');
  const backupFolder = options.backupFolder ?? join(dirname(path), 'backups');
  migrate(connection, path, migrations, backupFolder);
}

export function schemaVersion(connection: Connection): number {
  return Number(connection.pragma('user_version', { simple: true }));
}

function checkFileIsOurs(connection: Connection, path: string): void {
  const id = Number(connection.pragma('application_id', { simple: true }));
  const tables = connection.prepare('SELECT count(*) FROM sqlite_schema').pluck().get();
  if (id === APPLICATION_ID || (id === 0 && tables === 0)) return;
  throw new UserError(
    'store/foreign',
    `The file is a database of another program: ${path}.`,
    'Choose another home folder with --home or PALIMPSEST_HOME.',
  );
}

function refuseNewer(connection: Connection, path: string, migrations: readonly Migration[]): void {
  const version = schemaVersion(connection);
  if (version <= migrations.length) return;
  throw new UserError(
    'store/newer',
    `The database was written by a newer version of Palimpsest (schema ${version}, this one knows ${migrations.length}): ${path}.`,
    'Use the newer version, or choose another home folder with --home.',
  );
}

function requireVersion(connection: Connection, path: string, migrations: readonly Migration[]) {
  refuseNewer(connection, path, migrations);
  if (schemaVersion(connection) === migrations.length) return;
  throw new UserError(
    'store/older',
    `The database was written by an older version of Palimpsest that still has it open: ${path}.`,
    'Close the older version and run the command again.',
  );
}

/** Applies what is missing, one transaction a migration, after a copy of the file was made. */
function migrate(
  connection: Connection,
  path: string,
  migrations: readonly Migration[],
  backupFolder: string,
): void {
  const from = schemaVersion(connection);
  const missing = migrations.slice(from);
  if (missing.length === 0) return;
  if (from > 0) backUp(connection, path, backupFolder, from);
  for (const migration of missing) {
    connection
      .transaction(() => {
        migration.apply(connection);
        connection.pragma(`application_id = ${APPLICATION_ID}`);
        connection.pragma(`user_version = ${migration.version}`);
      })
      .immediate();
  }
}

function backUp(connection: Connection, path: string, folder: string, version: number): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const backup = join(folder, `${basename(path, '.sqlite')}-v${version}.sqlite`);
  // A migration that failed is tried again at the next start; the first copy is the good one.
  if (existsSync(backup)) return;
  const temporary = temporaryPathFor(backup);
  try {
    connection.prepare('VACUUM INTO ?').run(temporary);
    renameSync(temporary, backup);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Leaves no trace of deleted rows: rewrites the file and empties the write-ahead log. */
export function eraseRemnants(connection: Connection): void {
  connection.exec('VACUUM');
  const [outcome] = connection.prepare('PRAGMA wal_checkpoint(TRUNCATE)').raw().all() as number[][];
  if (outcome?.[0] !== 1) return;
  throw new UserError(
    'store/busy',
    `Another program is reading the database, so traces of deleted rows stay in its log: ${connection.name}.`,
    'Close it and purge again.',
  );
}

/** The first complaint of SQLite's own check, or null when the file is sound. */
export function findDamage(connection: Connection): string | null {
  const answer = connection.prepare('PRAGMA quick_check(1)').pluck().get();
  return answer === 'ok' ? null : String(answer);
}
