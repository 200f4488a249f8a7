/** The weights that a run has: what is exported, interpolated and shown. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import type { CheckpointRecord } from '../../store/checkpoints.ts';
import type { RunRecord } from '../../store/runs.ts';
import { listCheckpoints } from '../../training/checkpoint.ts';
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

/** The weights with which a run did best on the validation sets, where it has kept them beside its last. */
export async function bestWeights(
  { home }: Pick<Services, 'home'>,
  run: Pick<RunRecord, 'folder'>,
): Promise<{ readonly step: number; readonly folder: string } | undefined> {
  // Of several, which a run that goes on may still roll back to, the latest is the best.
  const [best] = await listCheckpoints(resolveInHome(home, run.folder), 'best');
  return best;
}

/** @throws UserError `run/no-best` */
export async function requireBestWeights(
  services: Pick<Services, 'home'>,
  run: Pick<RunRecord, 'id' | 'folder'>,
): Promise<{ readonly step: number; readonly folder: string }> {
  const best = await bestWeights(services, run);
  if (best !== undefined) return best;
  throw new UserError(
    'run/no-best',
    `Run ${run.id} has kept no best weights beside its last ones.`,
    'Use its last weights.',
  );
}
