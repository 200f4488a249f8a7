/** How long one run of a project takes, from what a probe measured. Pure. */
import type { EvaluationMeasurement, Measurements, StepMeasurement } from './probeContract.ts';
import type { ProjectFile } from './projectFile.ts';
import type { RunWork } from './projectWork.ts';
import type { Span } from './schemas/estimate.ts';
import { weightBytes } from './space.ts';
import { ZERO, exactly, meanSeconds, medianRatio, scaled, sum, times, within } from './spans.ts';

export interface EvaluatedSet {
  readonly split: 'validation' | 'test';
  readonly tokens: number;
  readonly measured: EvaluationMeasurement;
}

export interface RunTime {
  readonly steps: Span;
  /** Null when the run takes no steps, or none of its kind were measured. */
  readonly secondsPerStep: Span | null;
  /**
   * From the start of its process to its last checkpoint; the base model's scores are shared work. Null
   * when its steps were not measured, as those of kinds whose runs are all done are not.
   */
  readonly seconds: Span | null;
  readonly evaluationSeconds: Span;
}

export interface RunTimeMaterial {
  readonly project: Pick<ProjectFile, 'training'>;
  readonly parameters: number;
  readonly sets: readonly EvaluatedSet[];
}

/** What a machine's own pace may change by from the probe to the run, as a share. */
const PACE_ERROR = 0.1;
const START_ERROR = 0.3;
/** Which shapes a run meets, and how often weights are the best so far, is a guess. */
const GRAPH_ERROR = 0.5;
const SAVE_ERROR = 0.5;
const MOST_ERROR = 0.7;
/** Weights and the two moments of the optimizer. */
const ARRAYS_A_CHECKPOINT = 3;

export function runTime(
  run: RunWork,
  measured: Measurements,
  { project, parameters, sets }: RunTimeMaterial,
): RunTime {
  const own = run.purpose === 'sweep' ? sets.filter(({ split }) => split === 'validation') : sets;
  const start = startTime(measured, own);
  if (run.kind === null) {
    return { steps: ZERO, secondsPerStep: null, seconds: start, evaluationSeconds: ZERO };
  }
  const { key } = run.kind;
  const kind = measured.steps.find((one) => one.key === key);
  const steps = stepsOf(run, measured, project);
  const evaluating = evaluationTime(steps, own, project);
  if (kind === undefined) {
    return { steps, secondsPerStep: null, seconds: null, evaluationSeconds: evaluating };
  }
  const step = withPace(stepSeconds(kind, measured));
  const training = times(steps, step);
  const graphs = within(graphSeconds(measured) * kind.epoch.shapes, GRAPH_ERROR);
  const saving = savingTime(steps, training, measured.bytesPerSecond, { project, parameters });
  return {
    steps,
    secondsPerStep: step,
    seconds: sum([start, training, graphs, evaluating, saving]),
    evaluationSeconds: evaluating,
  };
}

/**
 * Of the first kind by a line through its steps; of others its time by the median ratio, because steps
 * that were taken back to back met the same batch and the same other work.
 */
function stepSeconds(kind: StepMeasurement, { steps: [first = kind] }: Measurements): Span {
  const mean = meanSeconds(
    first.steps.map(({ tokens, seconds }) => ({ size: tokens, seconds })),
    first.epoch.tokens,
  );
  return kind === first ? mean : scaled(mean, medianRatio(kind.ratios));
}

/** `max_steps`, else whole steps for the epochs, from a count or an estimate of the corpus's windows. */
function stepsOf(
  { steps }: RunWork,
  { corpora: [target] }: Measurements,
  { training }: RunTimeMaterial['project'],
): Span {
  if (steps !== undefined) return exactly(steps);
  const stepsFor = (windows: number): number => {
    const batches = Math.ceil(windows / training.per_device_train_batch_size);
    const perEpoch = Math.max(1, Math.ceil(batches / training.gradient_accumulation_steps));
    return Math.ceil(training.num_train_epochs * perEpoch);
  };
  const { expected, low, high } = within(target?.windows ?? 0, target?.windowsError ?? 0);
  return { expected: stepsFor(expected), low: stepsFor(low), high: stepsFor(high) };
}

function startTime({ startSeconds }: Measurements, sets: readonly EvaluatedSet[]): Span {
  const ready = sets.reduce((total, set) => total + set.tokens * set.measured.prepare, 0);
  return within(startSeconds + ready, START_ERROR);
}

/** Seconds that a new shape takes once, over all kinds: they share their graphs. */
function graphSeconds({ steps }: Measurements): number {
  const seconds = steps.reduce((total, { graphs }) => total + graphs.seconds, 0);
  const shapes = steps.reduce((total, { graphs }) => total + graphs.shapes, 0);
  return shapes === 0 ? 0 : seconds / shapes;
}

/** Validation sets every `eval_steps`, and all sets at the end. */
function evaluationTime(
  steps: Span,
  sets: readonly EvaluatedSet[],
  { training }: RunTimeMaterial['project'],
): Span {
  const watched = sets.filter(({ split }) => split === 'validation');
  const during = (count: number): number =>
    Math.floor(Math.max(0, count - 1) / training.eval_steps);
  const passes: Span = {
    expected: during(steps.expected),
    low: during(steps.low),
    high: during(steps.high),
  };
  const graphs = new Map(sets.map(({ measured }) => [measured.folder, measured.graphs]));
  return sum([
    times(sum(watched.map(scoring)), passes),
    sum(sets.map(scoring)),
    ...[...graphs.values()].map((seconds) => within(seconds, GRAPH_ERROR)),
  ]);
}

export function scoring({ tokens, measured }: EvaluatedSet): Span {
  return withPace(within(tokens * measured.score, measured.spread));
}

/** Checkpoints every `save_steps` and `save_minutes`, and the weights that are the best so far. */
function savingTime(
  steps: Span,
  training: Span,
  bytesPerSecond: number,
  { project, parameters }: Pick<RunTimeMaterial, 'project' | 'parameters'>,
): Span {
  const settings = project.training;
  const once = weightBytes(parameters) / bytesPerSecond;
  const bySteps = Math.floor(steps.expected / settings.save_steps);
  const byTime = Math.floor(training.expected / (60 * settings.save_minutes));
  const checkpoints = 1 + Math.max(bySteps, byTime);
  const best = 1 + Math.floor(steps.expected / settings.eval_steps) / 2;
  return within(once * (ARRAYS_A_CHECKPOINT * checkpoints + best), SAVE_ERROR);
}

/** The range widened by what the machine's pace may change by. */
function withPace({ expected, low, high }: Span): Span {
  if (expected <= 0) return ZERO;
  const error = Math.max(expected - low, high - expected) / expected;
  return within(expected, Math.min(MOST_ERROR, Math.hypot(error, PACE_ERROR)));
}
