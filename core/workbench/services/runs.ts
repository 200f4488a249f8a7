import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { UserError } from '../../base/errors.ts';
import type { RunRecord } from '../../store/runs.ts';
import type { Handlers } from '../calls.ts';
import type { RunSummary } from '../contract.ts';
import { findRun } from '../find.ts';
import { toRunSummary } from '../records.ts';
import { loadSpecification } from '../storedSpecification.ts';
import { exportRun } from './runExport.ts';
import { importRun } from './runImport.ts';
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
    async 'runs/export'({ run: word, folder }, context) {
      return exportRun(services, findRun(store, word), resolve(folder), context);
    },
  };
}

/** @throws UserError `run/material-missing` when what the run reads is not in this home folder */
export function requireMaterial({ home }: Services, run: RunRecord): void {
  const specification = loadSpecification(home, run.configuration);
  const { rehearsal, fisher } = specification;
  const places: readonly (readonly [what: string, path: string])[] = [
    ['its base model', specification.modelFolder],
    ['the packed target corpus', specification.target.shardFolder],
    ...(rehearsal ? [['the packed rehearsal corpus', rehearsal.shardFolder] as const] : []),
    ...(fisher ? [['its Fisher diagonal', fisher.folder] as const] : []),
    ...specification.evaluations.flatMap(({ role, corpusFolder, path }) => [
      [`the ${role} corpus`, corpusFolder] as const,
      [`the frozen-mask set of the ${role} corpus`, path] as const,
    ]),
  ];
  const missing = places.find(([, path]) => !existsSync(path));
  if (missing === undefined) return;
  throw new UserError(
    'run/material-missing',
    `Run ${run.id} cannot go on: ${missing[0]} is not there (${missing[1]}).`,
    'Import what is missing and run the project file again; a purged corpus does not come back.',
  );
}
