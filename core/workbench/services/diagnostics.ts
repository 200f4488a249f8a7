import { availableParallelism, totalmem } from 'node:os';
import { VERSION } from '../../base/version.ts';
import type { Handlers } from '../calls.ts';
import { folderBytes } from '../folderBytes.ts';
import { freeBytes } from '../space.ts';
import type { Services } from './services.ts';

export function diagnosticsHandlers(services: Services): Handlers<'system/diagnostics'> {
  const { home, store, runJob } = services;
  return {
    async 'system/diagnostics'(_, context) {
      return {
        version: VERSION,
        node: process.version,
        platform: `${process.platform} ${process.arch}`,
        home: home.path,
        homeBytes: await folderBytes(home.path),
        freeBytes: await freeBytes(home.path),
        cores: availableParallelism(),
        memoryBytes: totalmem(),
        databaseProblem: store.findDamage(),
        engines: await runJob('system/engines', {}, context),
        counts: {
          models: store.models.count(),
          corpora: store.corpora.count(),
          projects: store.projects.count(),
          runs: store.runs.count(),
        },
      };
    },
  };
}
