/** From what a probe measured to what a project will take. Pure. */
import type { UserError } from '../base/errors.ts';
import type { EvaluationMeasurement, Measurements } from './probeContract.ts';
import type { ProjectFile } from './projectFile.ts';
import type { RunWork, StrategyWork } from './projectWork.ts';
import { runTime, scoring } from './runTime.ts';
import type { EvaluatedSet, RunTime } from './runTime.ts';
import type { Estimate, SharedWork, Span, StrategyEstimate } from './schemas/estimate.ts';
import { gigabytes, keptBytes, runBytes, spaceShortage, weightBytes } from './space.ts';
import { ZERO, meanSeconds, sum, times, within } from './spans.ts';

/** Steps of the first kind that a probe takes at the least unless they are slow. */
const STEPS_WANTED = 8;
/** Times that were measured on few documents, as a share of them. */
const TOKENS_ERROR = 0.3;
/** Graphs, arenas and the heap grow with the shapes that a long run meets. */
const MEMORY_GROWTH = { expected: 1.1, high: 1.35 };
/** Of the processor's time, used by other programs while steps were timed. */
const BUSY_SHARE = 0.2;
/** Alone on the machine a run may take half of what it takes beside other work, which may also grow. */
const BESIDE_OTHERS = { low: 0.5, high: 1.5 };

export interface EstimatedCorpus {
  readonly name: string;
  /** As the measurements name it. */
  readonly folder: string;
  readonly documents: { readonly validation: number; readonly test: number };
}

export interface EstimateMaterial {
  readonly project: ProjectFile;
  readonly parameters: number;
  readonly works: readonly StrategyWork[];
  /** Corpora that evaluations are made on: source and target. */
  readonly evaluated: readonly EstimatedCorpus[];
  /** Names of corpora by folder. */
  readonly names: ReadonlyMap<string, string>;
  /** `folder split` of the frozen-mask sets that are there. */
  readonly sets: ReadonlySet<string>;
  /** Of the estimate for the Fisher diagonal; undefined when no run needs one. */
  readonly fisher: { readonly corpus: string; readonly isThere: boolean } | undefined;
  readonly isBesideRuns: boolean;
  readonly availableMemory: number;
  readonly freeDisk: number;
  /** Of the home folder, for what is said of the disk. */
  readonly homeFolder: string;
}

export function estimateProject(measured: Measurements, material: EstimateMaterial): Estimate {
  const { works, isBesideRuns } = material;
  const isBusy = isBusyWithOthers(measured);
  const sets = evaluatedSets(measured, material);
  const slowed = (span: Span): Span =>
    isBesideRuns || isBusy
      ? { ...span, low: span.low * BESIDE_OTHERS.low, high: span.high * BESIDE_OTHERS.high }
      : span;
  const timeOf = (run: RunWork): RunTime => {
    const time = runTime(run, measured, { ...material, sets });
    return {
      steps: time.steps,
      secondsPerStep: time.secondsPerStep && slowed(time.secondsPerStep),
      seconds: time.seconds && slowed(time.seconds),
      evaluationSeconds: slowed(time.evaluationSeconds),
    };
  };
  const strategies = works.map(({ strategy, settings, runs }): StrategyEstimate => {
    // One that is still to be done, whose steps were measured, stands for all.
    const one = [...pending(runs), ...runs].find(({ purpose }) => purpose === 'result');
    const { steps, secondsPerStep, seconds } = one === undefined ? NO_TIME : timeOf(one);
    return {
      strategy,
      settings,
      runs: countRuns(runs),
      steps,
      secondsPerStep,
      secondsPerRun: seconds,
      seconds: sum(pending(runs).flatMap((run) => timeOf(run).seconds ?? [])),
    };
  });
  const all = works.flatMap(({ runs }) => runs);
  const shared = sharedWork(measured, material, sets).map((one) => ({
    ...one,
    seconds: slowed(one.seconds),
  }));
  const memory = {
    peak: {
      expected: measured.peakBytes * MEMORY_GROWTH.expected,
      low: measured.peakBytes,
      high: measured.peakBytes * MEMORY_GROWTH.high,
    },
    available: material.availableMemory,
  };
  const disk = diskOf(measured, material);
  return {
    engine: measured.engine,
    device: measured.device,
    probe: {
      steps: measured.steps.reduce((count, { steps }) => count + steps.length, 0),
      seconds: measured.seconds,
      isBesideRuns,
      isBusy,
    },
    strategies,
    shared,
    runs: countRuns(all),
    seconds: sum([...strategies, ...shared].map(({ seconds }) => seconds)),
    evaluationSeconds: sum(pending(all).map((run) => timeOf(run).evaluationSeconds)),
    tokensPerSecond: measured.tokensPerSecond,
    memory,
    disk,
    warnings: [...memoryWarnings(memory), ...diskWarnings(disk, material)],
    remarks: remarksOn(measured, material),
  };
}

const NO_TIME: RunTime = {
  steps: ZERO,
  secondsPerStep: null,
  seconds: null,
  evaluationSeconds: ZERO,
};

const pending = (runs: readonly RunWork[]): RunWork[] => runs.filter(({ isDone }) => !isDone);

function countRuns(runs: readonly RunWork[]): Estimate['runs'] {
  const open = pending(runs);
  const results = open.filter(({ purpose }) => purpose === 'result').length;
  return { results, choosing: open.length - results, done: runs.length - open.length };
}

function evaluatedSets(
  { evaluations }: Measurements,
  { project, evaluated }: EstimateMaterial,
): EvaluatedSet[] {
  const most = project.evaluation.max_tokens;
  return evaluated.flatMap(({ folder, documents }) => {
    const measured = measurementOf(evaluations, folder);
    return (['validation', 'test'] as const).map((split) => ({
      split,
      tokens: Math.min(most, measured.tokensPerDocument * documents[split]),
      measured,
    }));
  });
}

function sharedWork(
  { corpora, hasBaseScores, fisher }: Measurements,
  material: EstimateMaterial,
  sets: readonly EvaluatedSet[],
): SharedWork[] {
  const tokens = corpora.map(({ folder, isThere, seconds }): SharedWork => ({
    kind: 'tokens',
    corpus: material.names.get(folder) ?? folder,
    isThere,
    seconds: within(seconds, TOKENS_ERROR),
  }));
  const frozen = material.evaluated.map(({ name, folder }): SharedWork => {
    const missing = sets.filter(
      ({ split, measured }) =>
        measured.folder === folder && !material.sets.has(`${folder} ${split}`),
    );
    const seconds = missing.reduce((total, set) => total + set.tokens * set.measured.draw, 0);
    return {
      kind: 'frozen sets',
      corpus: name,
      isThere: missing.length === 0,
      seconds: within(seconds, TOKENS_ERROR),
    };
  });
  const scored = sum(sets.map(scoring));
  const scores: SharedWork = {
    kind: 'base scores',
    corpus: null,
    isThere: hasBaseScores,
    seconds: hasBaseScores ? ZERO : scored,
  };
  if (material.fisher === undefined) return [...tokens, ...frozen, scores];
  const { corpus, isThere } = material.fisher;
  const each = meanSeconds(
    (fisher?.secondsEach ?? []).map((seconds) => ({ size: 1, seconds })),
    1,
  );
  const seconds = isThere ? ZERO : times(each, fisher?.sequences ?? 0);
  return [...tokens, ...frozen, scores, { kind: 'Fisher diagonal', corpus, isThere, seconds }];
}

function measurementOf(
  evaluations: readonly EvaluationMeasurement[],
  folder: string,
): EvaluationMeasurement {
  const measured = evaluations.find((one) => one.folder === folder);
  if (measured === undefined) throw new Error(`Evaluation on ${folder} was not measured.`);
  return measured;
}

/** Runs work one after the other: the last one is at work when all others have left what they leave. */
function diskOf(
  { corpora }: Measurements,
  { project, parameters, works, fisher, freeDisk }: EstimateMaterial,
): Estimate['disk'] {
  const limit = project.training.save_total_limit;
  const trained = works
    .flatMap(({ runs }) => pending(runs))
    .filter(({ kind }) => kind !== null).length;
  const kept = keptBytes(parameters, limit);
  const made =
    corpora.reduce((total, { bytes }) => total + bytes, 0) +
    (fisher?.isThere === false ? weightBytes(parameters) : 0);
  const left = made + trained * kept;
  const most = trained === 0 ? left : left - kept + runBytes(parameters, limit);
  return { most, left, free: freeDisk };
}

function memoryWarnings({ peak, available }: Estimate['memory']): string[] {
  if (peak.high <= available) return [];
  const isCertain = peak.expected > available;
  return [
    `A run ${isCertain ? 'needs about' : 'may need'} ${gigabytes(isCertain ? peak.expected : peak.high)} GB of memory, and ${gigabytes(available)} GB are available. Close other programs, or lower per_device_train_batch_size or max_seq_length.`,
  ];
}

function diskWarnings(
  { most, free }: Estimate['disk'],
  { homeFolder }: EstimateMaterial,
): string[] {
  const shortage: UserError | undefined = spaceShortage(homeFolder, most, free, 'The project');
  return shortage === undefined ? [] : [`${shortage.message} ${shortage.hint}`];
}

function isBusyWithOthers({ othersShare }: Measurements): boolean {
  return othersShare > BUSY_SHARE;
}

function remarksOn(
  measured: Measurements,
  { project, isBesideRuns, works }: EstimateMaterial,
): string[] {
  const [main] = measured.steps;
  const remarks: string[] = [];
  if (main !== undefined && main.steps.length < STEPS_WANTED) {
    const { expected } = meanSeconds(
      main.steps.map(({ tokens, seconds }) => ({ size: tokens, seconds })),
      main.epoch.tokens,
    );
    const timed = main.steps.length === 1 ? 'one was' : `${main.steps.length} were`;
    remarks.push(
      `A step takes about ${expected.toFixed(1)} s, so only ${timed} timed and the range is wide.`,
    );
  }
  if (isBesideRuns) {
    remarks.push(
      'A run was at work on this machine while the steps were timed; alone they are faster.',
    );
  }
  if (isBusyWithOthers(measured) && !isBesideRuns) {
    remarks.push(
      'Other programs kept the processor busy while the steps were timed, so the range is wide.',
    );
  }
  const isTraining = works.some(({ runs }) => pending(runs).some(({ kind }) => kind !== null));
  if (isTraining && project.training.forgetting_guard !== undefined) {
    remarks.push('The forgetting guard may end runs earlier.');
  }
  return remarks;
}
