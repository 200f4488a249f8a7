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
import { bestWeights, lastCheckpoint, requireBestWeights } from './runWeights.ts';
import type { Services } from './services.ts';

type Provenance = JobRequest<'runs/export'>['provenance'];

const MEMORY_NOTICE =
  'The weights may have memorised parts of the text they were trained on: whoever may not read that text should not be given them.';

interface Wanted {
  readonly folder: string;
  readonly weights: 'last' | 'best';
}

/**
 * Writes a run's weights as a model folder; of an NDT run, which trains nothing, the base's. The last
 * weights of a run that stopped early are those of its last checkpoint, and the reply says so.
 * @throws UserError `run/not-at-rest`, `run/no-weights`, `run/no-best`
 */
export async function exportRun(
  services: Services,
  run: RunRecord,
  { folder, weights }: Wanted,
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
  const checkpoint =
    weights === 'best' ? await requireBestWeights(services, run) : lastCheckpoint(services, run);
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
      provenance: provenanceOf(services, run, checkpoint?.step ?? 0, weights),
    },
    context,
  );
  const notices = [...reply.notices];
  const step = checkpoint?.step ?? 0;
  if (weights === 'best') {
    const at = run.state === 'completed' ? '' : `; the run is ${run.state} at step ${run.step}`;
    notices.push(`These are the weights of step ${step}, the best on validation${at}.`);
  } else if (run.state !== 'completed') {
    notices.push(
      `The run is ${run.state}; these are the weights of step ${step} of ${run.totalSteps ?? 'an unknown number'}.`,
    );
    const best = await bestWeights(services, run);
    if (best !== undefined && best.step !== step) {
      notices.push(`Its best weights on validation are those of step ${best.step}.`);
    }
  }
  if (run.strategy !== 'ndt') notices.push(MEMORY_NOTICE);
  return { folder, bytes: reply.bytes, notices };
}

function provenanceOf(
  services: Services,
  run: RunRecord,
  step: number,
  weights: Wanted['weights'],
): Provenance {
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
    steps: weights === 'best' ? step : (guard?.keptStep ?? step),
    ...(interpolation && { interpolation: { alpha: interpolation.alpha, run: interpolation.run } }),
    settings: flatten({ ...settings, ...parts }) as Provenance['settings'],
    corpora: corporaOf(services, specification),
    evaluations: scoresOf(store.evaluations.list(run.id), weights === 'best' ? step : undefined),
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

/**
 * Before and after of each evaluation that has an after. Of the best weights, which are of `step`,
 * after is what was scored at that step.
 */
function scoresOf(
  records: readonly EvaluationRecord[],
  step: number | undefined,
): Provenance['evaluations'] {
  const before = new Map(
    records.filter(({ phase }) => phase === 'before').map((one) => [setKey(one), one.nll]),
  );
  const isAfter = (one: EvaluationRecord): boolean =>
    step === undefined ? one.phase === 'after' : one.phase !== 'before' && one.step === step;
  // With a guard the last step has both, of which those made while training are of its own weights.
  const after = Map.groupBy(records.filter(isAfter), setKey);
  return [...after.values()]
    .flatMap((scored) => scored.find(({ phase }) => phase === 'during') ?? scored[0] ?? [])
    .map((one) => ({
      name: one.name,
      role: one.role,
      split: one.split,
      nllBefore: before.get(setKey(one)) ?? null,
      nllAfter: one.nll,
    }));
}
