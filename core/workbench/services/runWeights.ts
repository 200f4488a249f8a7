/** The weights that a run has: what is exported, interpolated and shown. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckpointRecord } from '../../store/checkpoints.ts';
import type { RunRecord } from '../../store/runs.ts';
import { resolveInHome } from '../home.ts';
import type { Services } from './services.ts';

/** The last checkpoint of a run that is on disk, with its folder; of a completed run, its end. */
export function lastCheckpoint(
  { home, store }: Pick<Services, 'home' | 'store'>,
  run: Pick<RunRecord, 'id' | 'folder'>,
): (CheckpointRecord & { readonly folder: string }) | undefined {
  const runFolder = resolveInHome(home, run.folder);
  return store.checkpoints
    .list(run.id)
    .map((checkpoint) => ({ ...checkpoint, folder: join(runFolder, checkpoint.path) }))
    .findLast(({ folder }) => existsSync(folder));
}
