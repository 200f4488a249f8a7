/** What SQLite's error codes mean to a person. */
import Database from 'better-sqlite3';
import { UserError, asUserError, placeOf } from '../base/errors.ts';

const BACKUP_HINT =
  'Close Palimpsest and put a copy from the backups folder in its place, or move the file away to start a new history.';

/** Turns an SQLite or system error that a person can act upon into a UserError; returns others unchanged. */
export function asStoreError(error: unknown, path: string): unknown {
  // Only SQLite's errors are of the database; others name the file that they are about.
  if (!(error instanceof Database.SqliteError)) return asUserError(error, placeOf(error) ?? path);
  const options = { cause: error };
  const code = error.code;
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE') {
    return new UserError(
      'system/enospc',
      `The disk is full: ${path}.`,
      'Free some space and run the command again; nothing half-written was kept.',
      options,
    );
  }
  if (/^SQLITE_(READONLY|CANTOPEN|PERM)/.test(code)) {
    return new UserError(
      'store/not-writable',
      `The database cannot be opened for writing: ${path}.`,
      'Check the permissions of the home folder, or choose another one with --home or PALIMPSEST_HOME.',
      options,
    );
  }
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    return new UserError(
      'store/corrupt',
      `The database is damaged or is not an SQLite file: ${path}.`,
      BACKUP_HINT,
      options,
    );
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new UserError(
      'store/busy',
      `Another program holds the database: ${path}.`,
      'Close the other program, a backup or a database viewer perhaps, and try again.',
      options,
    );
  }
  if (code.startsWith('SQLITE_IOERR')) {
    return new UserError(
      'system/eio',
      `The disk reported an input/output error: ${path}.`,
      'Check the disk or move the home folder to another one.',
      options,
    );
  }
  return error;
}

/** Runs `action`; what SQLite throws leaves as asStoreError makes it. */
export function withStoreErrors<Result>(path: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw asStoreError(error, path);
  }
}
