/** Writes a run's weights as a model folder, inside a job process. */
import { exportModel } from '../../model/exportModel.ts';
import { loadModelFolder } from '../../model/modelFolder.ts';
import { mlmParameters } from '../../model/parameters.ts';
import { requireIntact } from '../../training/checkpoint.ts';
import { readCheckpointWeights } from '../../training/trainingState.ts';
import { folderBytes } from '../folderBytes.ts';
import type { JobReply, JobRequest } from '../jobContract.ts';

export async function exportWork(
  request: JobRequest<'runs/export'>,
): Promise<JobReply<'runs/export'>> {
  const { modelFolder, checkpointFolder, folder, provenance } = request;
  if (checkpointFolder !== null) await requireIntact(checkpointFolder);
  const base = await loadModelFolder(modelFolder);
  const weights =
    checkpointFolder === null
      ? base.weights
      : await readCheckpointWeights({ folder: checkpointFolder }, mlmParameters(base.config));
  await exportModel({ base, weights, folder, provenance });
  return { bytes: await folderBytes(folder), notices: [...base.notices] };
}
