/**
 * One owner at a time for a home folder. The lock is an exclusive transaction on a small SQLite
 * file: the operating system drops it when the owner dies, however it dies, and it cannot go stale.
 */
import Database from 'better-sqlite3';
import { withStoreErrors } from './storeErrors.ts';

export interface OwnerLock {
  release(): void;
}

/** Takes the lock, waiting up to `patience` milliseconds; undefined when another process holds it. */
export function tryOwnerLock(path: string, patience = 500): OwnerLock | undefined {
  return withStoreErrors(path, () => {
    const connection = new Database(path, { timeout: patience });
    try {
      connection.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      connection.close();
      if (isBusy(error)) return undefined;
      throw error;
    }
    return {
      release: () => {
        connection.close();
      },
    };
  });
}

/** Whether some process, this one included, holds the lock. */
export function isOwnerLockHeld(path: string): boolean {
  return withStoreErrors(path, () => {
    const connection = new Database(path, { timeout: 0 });
    try {
      connection.prepare('SELECT count(*) FROM sqlite_schema').get();
      return false;
    } catch (error) {
      if (isBusy(error)) return true;
      throw error;
    } finally {
      connection.close();
    }
  });
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}
