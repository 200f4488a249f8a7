/** What takes how much room in the home folder, and what of it nothing needs. */
import { lstat, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { TEMPORARY_PREFIX } from '../../base/files.ts';
import type { Store } from '../../store/store.ts';
import { folderBytes } from '../folderBytes.ts';
import { SHARDS_FOLDER } from '../home.ts';
import { STORAGE_KINDS } from '../schemas/system.ts';
import type { Storage, StorageKind } from '../schemas/system.ts';
import { freeBytes } from '../space.ts';
import type { Services } from './services.ts';

type Item = Storage['largest'][number];

const LARGEST_ITEMS = 8;
/** Folders that are walked through at a time. */
const AT_ONCE = 8;
const CHECKPOINT_FOLDERS = ['checkpoints', 'best'];

export async function measureStorage({ home, store }: Services): Promise<Storage> {
  const sums = new Map<StorageKind, { bytes: number; count: number }>();
  const add = (kind: StorageKind, bytes: number, count = 1): void => {
    const sum = sums.get(kind) ?? { bytes: 0, count: 0 };
    sums.set(kind, { bytes: sum.bytes + bytes, count: sum.count + count });
  };
  const items: Item[] = [];

  const models = new Map(
    store.models.list().map(({ folder, id, name }) => [basename(folder), { id, name }]),
  );
  await eachEntry(home.models, async (path, folder) => {
    const bytes = await folderBytes(path);
    add('models', bytes);
    const { id, name } = models.get(folder) ?? { id: folder, name: folder };
    items.push({ kind: 'model', id, name, bytes });
  });

  const corpora = store.corpora.list();
  let unused = { bytes: 0, count: 0 };
  await eachEntry(home.corpora, async (path, folder) => {
    const bytes = await folderBytes(path);
    const shardFolder = join(path, SHARDS_FOLDER);
    const shards = await folderBytes(shardFolder);
    // Measured one after the other: what was removed in between is no negative number.
    add('corpora', Math.max(0, bytes - shards));
    const tokenizers = await readdir(shardFolder).catch(() => []);
    if (shards > 0) add('shards', shards, tokenizers.length);
    const corpus = corpora.find((one) => basename(one.folder) === folder);
    items.push({ kind: 'corpus', id: corpus?.id ?? folder, name: corpus?.name ?? folder, bytes });
    if (corpus !== undefined && store.runs.usingCorpus(corpus.id).length === 0) {
      unused = { bytes: unused.bytes + bytes, count: unused.count + 1 };
    }
  });

  await eachEntry(home.runs, async (path, folder) => {
    let checkpoints = 0;
    let count = 0;
    for (const name of CHECKPOINT_FOLDERS) {
      checkpoints += await folderBytes(join(path, name));
      count += (await readdir(join(path, name)).catch(() => [])).length;
    }
    const bytes = await folderBytes(path);
    add('runs', Math.max(0, bytes - checkpoints));
    add('checkpoints', checkpoints, count);
    items.push({ kind: 'run', id: folder, name: folder, bytes });
  });

  await eachEntry(home.evaluations, async (path) => {
    const isBase = path === home.baseScores;
    add('evaluations', await folderBytes(path), isBase ? 0 : 1);
  });
  await eachEntry(home.fisher, async (path, folder) => {
    const bytes = await folderBytes(path);
    add('fisher', bytes);
    items.push({ kind: 'fisher', id: folder, name: folder, bytes });
  });
  for (const suffix of ['', '-wal', '-shm']) {
    const bytes = await fileBytes(`${home.database}${suffix}`);
    add('history', bytes, suffix === '' ? 1 : 0);
  }
  await eachEntry(home.backups, async (path) => {
    add('backups', await entryBytes(path));
  });
  const counted = [...sums.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  const bytes = Math.max(counted, await folderBytes(home.path));
  add('other', bytes - counted, 0);

  const largest = items.sort((a, b) => b.bytes - a.bytes).slice(0, LARGEST_ITEMS);
  const backups = sums.get('backups') ?? { bytes: 0, count: 0 };
  return {
    bytes,
    freeBytes: await freeBytes(home.path),
    kinds: STORAGE_KINDS.map((kind) => ({ kind, bytes: 0, count: 0, ...sums.get(kind) })),
    largest: largest.map((item) => ({ ...item, name: runName(store, item) ?? item.name })),
    freeable: [
      ...(unused.count > 0 ? [{ kind: 'corpora' as const, ...unused }] : []),
      ...(backups.count > 0 ? [{ kind: 'backups' as const, ...backups }] : []),
    ],
  };
}

/** Of a run that the history knows; looked up only for those that are shown. */
function runName(store: Store, { kind, id }: Item): string | undefined {
  const run = kind === 'run' ? store.runs.find(id) : undefined;
  return run === undefined ? undefined : `${run.name} of ${run.projectName}`;
}

/** Some entries at a time; what is being made or removed is left out. */
async function eachEntry(
  folder: string,
  visit: (path: string, name: string) => Promise<void>,
): Promise<void> {
  const names = (await readdir(folder).catch(() => [])).filter(
    (name) => !name.startsWith(TEMPORARY_PREFIX),
  );
  for (let from = 0; from < names.length; from += AT_ONCE) {
    await Promise.all(
      names.slice(from, from + AT_ONCE).map((name) => visit(join(folder, name), name)),
    );
  }
}

async function entryBytes(path: string): Promise<number> {
  return (await folderBytes(path)) + (await fileBytes(path));
}

/** 0 for what is no file, or not there. */
async function fileBytes(path: string): Promise<number> {
  return lstat(path).then(
    (stats) => (stats.isFile() ? stats.size : 0),
    () => 0,
  );
}
