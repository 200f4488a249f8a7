import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { VERSION } from '../../base/version.ts';
import type { EvaluationRecord } from '../../store/evaluations.ts';
import type { RunRecord } from '../../store/runs.ts';
import type { CallContext } from '../calls.ts';
import type { Reply } from '../contract.ts';
import { resolveInHome } from '../home.ts';
import type { JobRequest } from '../jobContract.ts';
import { loadSpecification } from '../storedSpecification.ts';
import type { Services } from './services.ts';

type Provenance = JobRequest<'runs/export'>['provenance'];

const MEMORY_NOTICE =
  'The weights may have memorised parts of the text they were trained on: whoever may not read that text should not be given them.';

/**
 * Writes the run's last weights as a model folder; of an NDT run, which trains nothing, the base's.
 * A run that stopped early gives its last checkpoint, and the reply says so.
 */
export async function exportRun(
  services: Services,
  run: RunRecord,
  folder: string,
  context: CallContext,
): Promise<Reply<'runs/export'>> {
  const { home, store, runJob } = services;
  if (run.state === 'running' || run.state === 'queued') {
    throw new UserError(
      'run/not-at-rest',
      `Run ${run.id} is ${run.state}: its weights are still to change.`,
      'Let it finish or pause it, then export it.',
    );
  }
  const specification = loadSpecification(home, run.configuration);
  const runFolder = resolveInHome(home, run.folder);
  const checkpoint = store.checkpoints
    .list(run.id)
    .findLast(({ path }) => existsSync(join(runFolder, path)));
  if (checkpoint === undefined && run.strategy !== 'ndt') {
    throw new UserError(
      'run/no-weights',
      `Run ${run.id} is ${run.state} and has no checkpoint.`,
      `Run it first: palimpsest runs resume ${run.id}.`,
    );
  }
  const reply = await runJob(
    'runs/export',
    {
      modelFolder: specification.modelFolder,
      checkpointFolder: checkpoint === undefined ? null : join(runFolder, checkpoint.path),
      folder,
      provenance: provenanceOf(services, run, checkpoint?.step ?? 0),
    },
    context,
  );
  const notices = [...reply.notices];
  if (run.state !== 'completed') {
    notices.push(
      `The run is ${run.state}; these are the weights of step ${checkpoint?.step ?? 0} of ${run.totalSteps ?? 'an unknown number'}.`,
    );
  }
  if (run.strategy !== 'ndt') notices.push(MEMORY_NOTICE);
  return { folder, bytes: reply.bytes, notices };
}

function provenanceOf({ home, store }: Services, run: RunRecord, steps: number): Provenance {
  const { modelHash, settings, target, evaluations } = loadSpecification(home, run.configuration);
  const project = store.projects.find(run.projectId);
  const targetName = store.corpora.find(target.corpusId)?.name ?? target.corpusId;
  return {
    name: `${project?.name ?? run.projectId} ${run.name}`,
    baseModel: { name: store.models.find(modelHash)?.name ?? 'unknown', hash: modelHash },
    strategy: run.strategy,
    seed: run.seed,
    steps,
    settings: Object.fromEntries(
      Object.entries(settings).filter(([, value]) => value !== undefined),
    ) as Provenance['settings'],
    corpora: [
      { role: 'target', name: targetName, hash: target.contentHash },
      ...evaluations.map(({ role, split, sha256 }) => ({
        role: `${role}, ${split} evaluation`,
        name: 'frozen-mask set',
        hash: sha256,
      })),
    ],
    evaluations: scoresOf(store.evaluations.list(run.id)),
    version: VERSION,
    createdAt: new Date().toISOString(),
  };
}

/** Before and after of each evaluation that has an after. */
function scoresOf(records: readonly EvaluationRecord[]): Provenance['evaluations'] {
  const before = new Map(
    records
      .filter(({ phase }) => phase === 'before')
      .map(({ name, split, nll }) => [`${name} ${split}`, nll]),
  );
  return records
    .filter(({ phase }) => phase === 'after')
    .map(({ name, role, split, nll }) => ({
      name,
      role,
      split,
      nllBefore: before.get(`${name} ${split}`) ?? null,
      nllAfter: nll,
    }));
}
