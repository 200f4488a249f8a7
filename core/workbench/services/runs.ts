import { resolve } from 'node:path';
import type { RunRecord } from '../../store/runs.ts';
import type { Handlers } from '../calls.ts';
import type { RunSummary } from '../contract.ts';
import { findRun } from '../find.ts';
import { toRunSummary } from '../records.ts';
import { exportRun } from './runExport.ts';
import { importRun } from './runImport.ts';
import { requireMaterial } from './runMaterial.ts';
import type { Services } from './services.ts';

export function runHandlers(
  services: Services,
): Handlers<'runs/pause' | 'runs/resume' | 'runs/cancel' | 'runs/import' | 'runs/export'> {
  const { store, queue } = services;
  const summaryOf = ({ id }: RunRecord): RunSummary => toRunSummary(findRun(store, id));
  return {
    async 'runs/pause'({ run: word }) {
      const run = findRun(store, word);
      await queue.pause(run);
      return summaryOf(run);
    },
    'runs/resume'({ run: word }) {
      const run = findRun(store, word);
      requireMaterial(services, run);
      // A run is not at work unseen.
      store.runSummaries.archive(run.id, null);
      queue.resume(run);
      return summaryOf(run);
    },
    async 'runs/cancel'({ run: word }) {
      const run = findRun(store, word);
      await queue.cancel(run);
      return summaryOf(run);
    },
    async 'runs/import'({ path }) {
      return summaryOf(await importRun(services, resolve(path)));
    },
    async 'runs/export'({ run: word, folder, weights }, context) {
      const run = findRun(store, word);
      return exportRun(services, run, { folder: resolve(folder), weights }, context);
    },
  };
}
