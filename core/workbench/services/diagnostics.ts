import { availableParallelism, homedir, totalmem, userInfo } from 'node:os';
import { withoutUser } from '../../base/personalPaths.ts';
import { VERSION } from '../../base/version.ts';
import type { Handlers } from '../calls.ts';
import { folderBytes } from '../folderBytes.ts';
import { freeBytes } from '../space.ts';
import { findConnections } from './connections.ts';
import type { Services } from './services.ts';
import { measureStorage } from './storage.ts';

export function diagnosticsHandlers(
  services: Services,
): Handlers<'system/diagnostics' | 'system/storage' | 'system/connections'> {
  const { home, store, runJob } = services;
  return {
    async 'system/diagnostics'(_, context) {
      const electron = process.versions['electron'];
      const user = { folder: homedir(), name: userName() };
      const engines = await runJob('system/engines', {}, context);
      return {
        version: VERSION,
        node: process.version,
        platform: `${process.platform} ${process.arch}`,
        home: home.path,
        homeForCopies: withoutUser(home.path, user),
        homeBytes: await folderBytes(home.path),
        freeBytes: await freeBytes(home.path),
        cores: availableParallelism(),
        memoryBytes: totalmem(),
        databaseProblem: store.findDamage(),
        // A library's own words may name a place.
        engines: engines.map((one) => ({ ...one, detail: withoutUser(one.detail, user) })),
        libraries: [
          ...(electron === undefined ? [] : [{ name: 'Electron', version: electron }]),
          { name: 'SQLite', version: store.sqliteVersion() },
          ...(await runJob('system/libraries', {}, context)),
        ],
        counts: {
          models: store.models.count(),
          corpora: store.corpora.count(),
          projects: store.projects.count(),
          runs: store.runs.count(),
        },
      };
    },
    'system/storage': () => measureStorage(services),
    'system/connections': () => findConnections(),
  };
}

/** A system without an entry for the user has no name to hide. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}
