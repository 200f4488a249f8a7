import { UserError } from '../../base/errors.ts';
import { VERSION } from '../../base/version.ts';
import type { EvaluationRecord } from '../../store/evaluations.ts';
import type { RunRecord } from '../../store/runs.ts';
import type { RunSpecification } from '../../training/configuration.ts';
import type { CallContext } from '../calls.ts';
import { flatten } from '../comparableSettings.ts';
import type { Reply } from '../contract.ts';
import { resolveInHome } from '../home.ts';
import type { JobRequest } from '../jobContract.ts';
import { readRunReports } from '../runReports.ts';
import { setKey } from '../runScores.ts';
import { loadSpecification } from '../storedSpecification.ts';
import { lastCheckpoint } from './runWeights.ts';
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
  const { home, runJob } = services;
  if (run.state === 'running' || run.state === 'queued') {
    throw new UserError(
      'run/not-at-rest',
      `Run ${run.id} is ${run.state}: its weights are still to change.`,
      'Let it finish or pause it, then export it.',
    );
  }
  const specification = loadSpecification(home, run.configuration);
  const checkpoint = lastCheckpoint(services, run);
  if (checkpoint === undefined && run.strategy !== 'ndt') {
    throw new UserError(
      'run/no-weights',
      `Run ${run.id} is ${run.state} and has no checkpoint.`,
      'Resume it: from its first checkpoint on it can be exported.',
    );
  }
  const reply = await runJob(
    'runs/export',
    {
      modelFolder: specification.modelFolder,
      checkpointFolder: checkpoint?.folder ?? null,
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

function provenanceOf(services: Services, run: RunRecord, steps: number): Provenance {
  const { home, store } = services;
  const specification = loadSpecification(home, run.configuration);
  const { modelHash, settings, parts, interpolation } = specification;
  const { guard } = readRunReports(resolveInHome(home, run.folder));
  const project = store.projects.find(run.projectId);
  return {
    name: `${project?.name ?? run.projectId} ${run.name}`,
    baseModel: { name: store.models.find(modelHash)?.name ?? 'unknown', hash: modelHash },
    strategy: run.strategy,
    seed: run.seed,
    steps: guard?.keptStep ?? steps,
    ...(interpolation && { interpolation: { alpha: interpolation.alpha, run: interpolation.run } }),
    settings: flatten({ ...settings, ...parts }) as Provenance['settings'],
    corpora: corporaOf(services, specification),
    evaluations: scoresOf(store.evaluations.list(run.id)),
    version: VERSION,
    createdAt: new Date().toISOString(),
  };
}

/** What the weights were trained on, and what they were scored on. */
function corporaOf(
  { store }: Services,
  { target, rehearsal, fisher, evaluations }: RunSpecification,
): Provenance['corpora'] {
  const nameOf = (corpusId: string): string => store.corpora.find(corpusId)?.name ?? corpusId;
  const estimated = store.corpora
    .list()
    .find(({ contentHash }) => contentHash === fisher?.corpusHash);
  return [
    { role: 'target', name: nameOf(target.corpusId), hash: target.contentHash },
    ...(rehearsal
      ? [
          {
            role: 'source, rehearsal',
            name: nameOf(rehearsal.corpusId),
            hash: rehearsal.contentHash,
          },
        ]
      : []),
    ...(fisher
      ? [
          {
            role: 'source, Fisher diagonal',
            name: estimated?.name ?? 'unknown',
            hash: fisher.corpusHash,
          },
        ]
      : []),
    ...evaluations.map(({ role, split, sha256 }) => ({
      role: `${role}, ${split} evaluation`,
      name: 'frozen-mask set',
      hash: sha256,
    })),
  ];
}

/** Before and after of each evaluation that has an after. */
function scoresOf(records: readonly EvaluationRecord[]): Provenance['evaluations'] {
  const before = new Map(
    records.filter(({ phase }) => phase === 'before').map((one) => [setKey(one), one.nll]),
  );
  return records
    .filter(({ phase }) => phase === 'after')
    .map((one) => ({
      name: one.name,
      role: one.role,
      split: one.split,
      nllBefore: before.get(setKey(one)) ?? null,
      nllAfter: one.nll,
    }));
}
