/** Opening, migrating and refusing databases, on real files. */
import Database from 'better-sqlite3';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, schemaVersion } from '../../../core/store/database.ts';
import { MIGRATIONS } from '../../../core/store/migrations/all.ts';
import type { Migration } from '../../../core/store/migrations/migration.ts';
import { openStore } from '../../../core/store/store.ts';
import { populate } from '../../fixtures/populatedStore.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palimpsest-store-'));
  path = join(folder, 'workbench.sqlite');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Every row of every table, to compare a database before and after. */
function contents(file: string): Record<string, unknown[]> {
  const connection = new Database(file, { readonly: true });
  try {
    const tables = connection
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
      .pluck()
      .all() as string[];
    return Object.fromEntries(
      tables.map((table) => [table, connection.prepare(`SELECT * FROM ${table}`).all()]),
    );
  } finally {
    connection.close();
  }
}

function close(connection: { close(): unknown }): void {
  connection.close();
}

describe('migrations', () => {
  it('are numbered without a gap from 1', () => {
    expect(MIGRATIONS.map(({ version }) => version)).toEqual(MIGRATIONS.map((_, i) => i + 1));
  });

  it('make a database of strict tables with foreign keys and a write-ahead log', () => {
    const connection = openDatabase(path);
    expect(schemaVersion(connection)).toBe(MIGRATIONS.length);
    expect(connection.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(connection.pragma('foreign_keys', { simple: true })).toBe(1);
    expect(connection.pragma('secure_delete', { simple: true })).toBe(1);
    const tables = connection.prepare('PRAGMA table_list').all() as {
      name: string;
      strict: number;
      wr: number;
    }[];
    const ours = tables.filter(({ name }) => !name.startsWith('sqlite_'));
    expect(ours.map(({ name }) => name).sort()).toEqual([
      ...['checkpoints', 'choices', 'corpora', 'evaluations', 'fisher_diagonals', 'frozen_sets'],
      ...[
        'metrics',
        'models',
        'notes',
        'projects',
        'run_corpora',
        'runs',
        'series',
        'tags',
        'tasks',
      ],
    ]);
    expect(ours.every(({ strict }) => strict === 1)).toBe(true);
    expect(ours.find(({ name }) => name === 'metrics')?.wr).toBe(1);
    close(connection);
  });

  it('do nothing to a database that has them', () => {
    const store = openStore(path);
    populate(store);
    store.close();
    const before = contents(path);
    close(openStore(path));
    expect(contents(path)).toEqual(before);
    expect(existsSync(join(folder, 'backups'))).toBe(false);
  });

  it('keep every row of a populated older database and leave a copy of it', () => {
    const store = openStore(path);
    populate(store);
    store.close();
    const before = contents(path);
    const next: Migration = {
      version: MIGRATIONS.length + 1,
      apply: (connection) => connection.exec('ALTER TABLE runs ADD COLUMN archived_at TEXT'),
    };
    const connection = openDatabase(path, { migrations: [...MIGRATIONS, next] });
    expect(schemaVersion(connection)).toBe(next.version);
    close(connection);
    const after = contents(path);
    expect(after['metrics']).toEqual(before['metrics']);
    expect(after['runs']).toEqual(
      before['runs']?.map((row) => ({ ...(row as object), archived_at: null })),
    );
    expect(contents(join(folder, 'backups', `workbench-v${MIGRATIONS.length}.sqlite`))).toEqual(
      before,
    );
  });

  it('that fail leave the database as it was', () => {
    const store = openStore(path);
    populate(store);
    store.close();
    const before = contents(path);
    const faulty: Migration = {
      version: MIGRATIONS.length + 1,
      apply: (connection) => {
        connection.exec('DELETE FROM metrics; DROP TABLE metrics');
        throw new Error('half-way');
      },
    };
    expect(() => openDatabase(path, { migrations: [...MIGRATIONS, faulty] })).toThrow('half-way');
    expect(contents(path)).toEqual(before);
    close(openStore(path));
  });
});

describe('a database is refused', () => {
  it('when a newer version wrote it, and is left as it is', () => {
    close(openDatabase(path));
    const connection = new Database(path);
    connection.pragma(`user_version = ${MIGRATIONS.length + 1}`);
    connection.close();
    for (const readOnly of [true, false]) {
      expect(() => openDatabase(path, { readOnly })).toThrow(
        expect.objectContaining({ code: 'store/newer' }) as Error,
      );
    }
    const again = new Database(path);
    expect(again.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length + 1);
    again.close();
  });

  it('by a reader when an older version has it', () => {
    close(openDatabase(path));
    const next: Migration = { version: MIGRATIONS.length + 1, apply: () => undefined };
    expect(() => openDatabase(path, { readOnly: true, migrations: [...MIGRATIONS, next] })).toThrow(
      expect.objectContaining({ code: 'store/older' }) as Error,
    );
  });

  it('when another program made it', () => {
    const connection = new Database(path);
    connection.exec('CREATE TABLE photographs (id INTEGER)');
    connection.close();
    expect(() => openDatabase(path)).toThrow(
      expect.objectContaining({ code: 'store/foreign' }) as Error,
    );
  });

  it.each([
    ['text', Buffer.from('this is no database, though it is long enough to be one. '.repeat(40))],
    ['a header and nothing after it', Buffer.from('SQLite format 3\0')],
  ])('when the file is %s', (_, bytes) => {
    writeFileSync(path, bytes);
    expect(() => openDatabase(path)).toThrow(
      expect.objectContaining({ code: 'store/corrupt' }) as Error,
    );
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it('when its schema was overwritten', () => {
    const store = openStore(path);
    populate(store);
    store.close();
    const bytes = readFileSync(path);
    bytes.fill(0x5a, 100, 4096);
    writeFileSync(path, bytes);
    expect(() => openDatabase(path)).toThrow(
      expect.objectContaining({ code: 'store/corrupt' }) as Error,
    );
  });

  it('when the folder cannot hold it', () => {
    expect(() => openDatabase(join(folder, 'workbench.sqlite', 'inner'))).toThrow();
  });
});

it('finds damage inside a database', () => {
  const store = openStore(path);
  populate(store);
  expect(store.findDamage()).toBeNull();
  store.close();
  const bytes = readFileSync(path);
  bytes.fill(0x5a, 4096 * 3, 4096 * 4);
  writeFileSync(path, bytes);
  const damaged = openStore(path);
  expect(damaged.findDamage()).toEqual(expect.any(String));
  damaged.close();
});
