/** Times optimizer steps of each kind that a project takes. */
import { setImmediate } from 'node:timers/promises';
import type { MlmBatch, Session, StepRequest, Weights } from '../../../engine/types.ts';
import { objectiveOf } from '../../../strategies/parts.ts';
import type { Objective, StreamKind } from '../../../strategies/types.ts';
import type { BatchPlan } from '../../../text/batchPlan.ts';
import { importanceOf } from '../../../training/anchor.ts';
import type { OpenedStream } from '../../../training/batchStream.ts';
import type { TrainingSettings } from '../../../training/configuration.ts';
import { streamsOf } from '../../../training/objective.ts';
import { stepRequest } from '../../../training/stepRequest.ts';
import type { StepMaterial } from '../../../training/stepRequest.ts';
import { takeStep } from '../../../training/takeStep.ts';
import type { CostKind, StepMeasurement } from '../../probeContract.ts';

/** Steps wanted of the first kind and of every other one. */
export const MAIN_STEPS = 20;
export const OTHER_STEPS = 8;
/** Seconds after which no further step is begun, once there are the fewest. */
const MAIN_SECONDS = 24;
const OTHER_SECONDS = 40;
const FEWEST_STEPS = 2;
/** Most steps whose planned batches are looked at. */
const STEPS_PLANNED = 5000;
/** So small that the weights stay those of the base model: an update costs the same at any rate. */
const LEARNING_RATE = 1e-9;

export interface StepProbe {
  readonly session: Session;
  readonly settings: TrainingSettings;
  readonly seed: number;
  /** The stream of a domain for an objective; opened when it is asked for. */
  readonly stream: (kind: StreamKind, objective: Objective) => OpenedStream;
  /** Stands for the Fisher diagonal; made when it is asked for. */
  readonly importances: () => Weights;
  /** Told after each step. */
  readonly onStep: () => void;
  readonly signal: AbortSignal;
}

export interface MeasuredSteps {
  readonly measurements: StepMeasurement[];
  /** Of the first kind, padding left out. */
  readonly tokensPerSecond: number | null;
}

/** The first kind is measured longest; the others share a time. */
export async function measureSteps(
  probe: StepProbe,
  kinds: readonly CostKind[],
): Promise<MeasuredSteps> {
  const measurements: StepMeasurement[] = [];
  let tokensPerSecond: number | null = null;
  const seen = new Set<string>();
  for (const [index, kind] of kinds.entries()) {
    const bounds =
      index === 0
        ? { steps: MAIN_STEPS, seconds: MAIN_SECONDS }
        : { steps: OTHER_STEPS, seconds: OTHER_SECONDS / (kinds.length - 1) };
    const measured = await measureKind(probe, kind, bounds, seen);
    measurements.push(measured.measurement);
    if (index === 0) tokensPerSecond = measured.tokensPerSecond;
  }
  return { measurements, tokensPerSecond };
}

async function measureKind(
  probe: StepProbe,
  kind: CostKind,
  bounds: { readonly steps: number; readonly seconds: number },
  seen: Set<string>,
): Promise<{ measurement: StepMeasurement; tokensPerSecond: number | null }> {
  const { session, settings, seed, signal } = probe;
  const objective = objectiveOf(kind.strategy, kind.parts);
  for (const penalty of objective.penalties) {
    const weights = penalty.importance === 'fisher' ? probe.importances() : undefined;
    await session.setImportance(penalty.name, importanceOf(session.parameters, penalty, weights));
  }
  const streams: Partial<Record<StreamKind, OpenedStream>> = {};
  for (const stream of streamsOf(objective)) streams[stream] = probe.stream(stream, objective);
  const material: StepMaterial = {
    objective,
    streams,
    settings: { ...settings, learning_rate: LEARNING_RATE },
    seed,
    parameters: session.parameters,
  };

  const steps: { tokens: number; seconds: number }[] = [];
  const graphs = { seconds: 0, shapes: 0 };
  let read = { tokens: 0, seconds: 0 };
  const started = performance.now();
  for (let step = 0; steps.length < bounds.steps; step++) {
    const isLate = (performance.now() - started) / 1000 > bounds.seconds;
    if (isLate && steps.length >= FEWEST_STEPS) break;
    const request = stepRequest(material, step, LEARNING_RATE);
    const fresh = shapesOf(request).filter((shape) => !seen.has(shape));
    for (const shape of fresh) seen.add(shape);
    // A graph is made when its shape is met first; the same step once more shows what it costs after.
    const first = fresh.length === 0 ? undefined : await timedStep(probe, material, step);
    const { tokens, seconds } = await timedStep(probe, material, step);
    if (first !== undefined) {
      graphs.seconds += Math.max(0, first.seconds - seconds);
      graphs.shapes += fresh.length;
    }
    steps.push({ tokens: paddedTokens(request), seconds });
    read = { tokens: read.tokens + tokens, seconds: read.seconds + seconds };
    probe.onStep();
    await setImmediate();
    signal.throwIfAborted();
  }
  return {
    measurement: { key: kind.key, steps, graphs, epoch: epochOf(streams, settings.max_steps) },
    tokensPerSecond: read.seconds > 0 ? read.tokens / read.seconds : null,
  };
}

async function timedStep({ session, signal }: StepProbe, material: StepMaterial, step: number) {
  const place = { step, totalSteps: Number.MAX_SAFE_INTEGER };
  const taken = await takeStep(session, material, place, () => signal.aborted);
  signal.throwIfAborted();
  if (taken === undefined) throw new Error('A step of the probe was abandoned.');
  return taken;
}

function batchesOf({ terms, projection }: StepRequest): readonly MlmBatch[] {
  const all = projection === undefined ? terms : [...terms, projection];
  return all.flatMap(({ batches }) => batches);
}

function paddedTokens(request: StepRequest): number {
  return batchesOf(request).reduce(
    (total, { batchSize, sequenceLength }) => total + batchSize * sequenceLength,
    0,
  );
}

/** What decides whether a graph is there: rows, length, padding, and whether the base is asked too. */
function shapesOf({ terms, projection }: StepRequest): string[] {
  const all = projection === undefined ? terms : [...terms, projection];
  const shapes = all.flatMap(({ batches, distillation }) =>
    batches.map(
      ({ batchSize, sequenceLength, attentionMask }) =>
        `${batchSize} × ${sequenceLength} ${attentionMask.includes(0)} ${distillation !== undefined}`,
    ),
  );
  return [...new Set(shapes)];
}

/** Tokens with padding of a mean step of an epoch, or of the run when that is shorter, and its shapes. */
function epochOf(
  streams: Partial<Record<StreamKind, OpenedStream>>,
  maxSteps = STEPS_PLANNED,
): StepMeasurement['epoch'] {
  const shapes = new Set<string>();
  let tokens = 0;
  const steps = Math.min(streams.target?.plan.stepsPerEpoch ?? 0, maxSteps, STEPS_PLANNED);
  for (const { plan } of Object.values(streams)) tokens += meanTokens(plan, steps, shapes);
  return { tokens, shapes: shapes.size };
}

function meanTokens(plan: BatchPlan, steps: number, shapes: Set<string>): number {
  let tokens = 0;
  for (let step = 0; step < steps; step++) {
    for (const { windows, padTo } of plan.stepAt(step)) {
      shapes.add(`${windows.length} × ${padTo}`);
      tokens += windows.length * padTo;
    }
  }
  return steps === 0 ? 0 : tokens / steps;
}
