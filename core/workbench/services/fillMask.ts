/** Which weights a person means, and what they put in place of the masks of a text. */
import { existsSync } from 'node:fs';
import { UserError } from '../../base/errors.ts';
import { countMasks } from '../../evaluation/fillMask.ts';
import { fullTitle, rowName, settingsText } from '../../results/names.ts';
import type { RunRecord } from '../../store/runs.ts';
import type { CallContext, Handlers } from '../calls.ts';
import { findModel, findRun } from '../find.ts';
import { resolveInHome } from '../home.ts';
import type { JobReply, JobRequest } from '../jobContract.ts';
import { MOST_MASKS } from '../schemas/fillMask.ts';
import type { Predictor } from '../schemas/fillMask.ts';
import { loadSpecification } from '../storedSpecification.ts';
import { lastCheckpoint, requireBestWeights } from './runWeights.ts';
import type { Services } from './services.ts';

type Source = JobRequest<'models/fill-mask'>['predictors'][number];

interface Found {
  /** With the id in full. */
  readonly predictor: Predictor;
  readonly step: number | null;
  readonly source: Source;
}

type History = Pick<Services, 'home' | 'store'>;

/** `fill` is the job, in a process that stays or in one for each call. */
export function fillMaskHandlers(
  services: History,
  fill: (
    request: JobRequest<'models/fill-mask'>,
    context: CallContext,
  ) => Promise<JobReply<'models/fill-mask'>>,
): Handlers<'models/fill-mask'> {
  return {
    async 'models/fill-mask'({ text, predictors, topK }, context) {
      requireMasks(text);
      const found: Found[] = [];
      for (const predictor of predictors) found.push(await findWeights(services, predictor));
      const sources = found.map(({ source }) => source);
      const { predictions } = await fill({ text, topK, predictors: sources }, context);
      return {
        predictors: predictions.map((prediction, index) => {
          const { predictor, step, source } = found[index];
          return { ...prediction, predictor, step, name: source.name };
        }),
      };
    },
  };
}

/** @throws UserError `fill-mask/no-mask`, `fill-mask/too-many-masks` */
function requireMasks(text: string): void {
  const masks = countMasks(text);
  if (masks === 0) {
    throw new UserError(
      'fill-mask/no-mask',
      'The text has no mask.',
      'Write [MASK] or <mask> where a word is to be guessed.',
    );
  }
  if (masks > MOST_MASKS) {
    throw new UserError(
      'fill-mask/too-many-masks',
      `The text has ${masks} masks; ${MOST_MASKS} can be filled at a time.`,
      'Write words in place of some of them.',
    );
  }
}

async function findWeights(services: History, predictor: Predictor): Promise<Found> {
  if (predictor.kind === 'run') return weightsOfRun(services, predictor);
  const { id, hash, name, folder } = findModel(services.store, predictor.id);
  const modelFolder = resolveInHome(services.home, folder);
  requireFolder(`Model "${name}"`, modelFolder);
  return {
    predictor: { kind: 'model', id },
    step: null,
    source: { name, modelFolder, modelHash: hash, checkpointFolder: null },
  };
}

async function weightsOfRun(
  services: History,
  { id: word, weights }: Extract<Predictor, { kind: 'run' }>,
): Promise<Found> {
  const run = findRun(services.store, word);
  if (run.state !== 'completed') {
    throw new UserError(
      'run/not-completed',
      `Run ${run.id} is ${run.state} at step ${run.step}: the weights that it ends with are not there yet.`,
      'Let it finish, or resume it.',
    );
  }
  const { modelFolder, modelHash } = loadSpecification(services.home, run.configuration);
  requireFolder(`The base model of run ${run.id}`, modelFolder);
  const checkpoint = await checkpointOf(services, run, weights);
  return {
    predictor: { kind: 'run', id: run.id, weights },
    step: checkpoint?.step ?? 0,
    source: {
      name: titleOf(run),
      modelFolder,
      modelHash,
      checkpointFolder: checkpoint?.folder ?? null,
    },
  };
}

/** "EWC λ 100 seed 1 of pilot". */
function titleOf({ strategy, parts, alpha, seed, projectName }: RunRecord): string {
  const title = fullTitle(rowName(strategy, alpha), settingsText(parts));
  return `${title} seed ${seed} of ${projectName}`;
}

/** @throws UserError `model/folder-missing` */
function requireFolder(what: string, folder: string): void {
  if (existsSync(folder)) return;
  throw new UserError(
    'model/folder-missing',
    `${what} is not there any more: ${folder}.`,
    'Connect the disk it is on or put the folder back, or import the model again.',
  );
}

/** Undefined for a run of the base model as it is. */
async function checkpointOf(
  services: History,
  run: RunRecord,
  weights: 'last' | 'best',
): Promise<{ readonly step: number; readonly folder: string } | undefined> {
  if (run.strategy === 'ndt' && run.purpose !== 'interpolation') return undefined;
  if (weights === 'best') return requireBestWeights(services, run);
  const last = lastCheckpoint(services, run);
  // An older one is not what the run was scored with at its end.
  if (last?.step === run.step) return last;
  throw new UserError(
    'run/no-weights',
    `The checkpoint of run ${run.id} at step ${run.step}, its last, is not there any more.`,
    `Restore the folder ${resolveInHome(services.home, run.folder)} from a copy.`,
  );
}
