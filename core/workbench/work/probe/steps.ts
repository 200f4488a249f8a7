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
/** Seconds after which no further step is begun of a kind that has the fewest. */
const SECONDS = 45;
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

/** What is known of a kind so far. */
interface Tally {
  readonly kind: CostKind;
  readonly wanted: number;
  readonly material: StepMaterial;
  readonly epoch: StepMeasurement['epoch'];
  readonly steps: { tokens: number; seconds: number }[];
  readonly graphs: { seconds: number; shapes: number };
  readonly read: { tokens: number; seconds: number };
}

/**
 * Times the kinds in turn, so that what else the machine does meanwhile burdens all alike; the first
 * one most often. Every kind takes the same first batches of an epoch.
 */
export async function measureSteps(
  probe: StepProbe,
  kinds: readonly CostKind[],
): Promise<MeasuredSteps> {
  const tallies: Tally[] = [];
  for (const [index, kind] of kinds.entries()) {
    tallies.push(await beginKind(probe, kind, index === 0 ? MAIN_STEPS : OTHER_STEPS));
  }
  const seen = new Set<string>();
  const started = performance.now();
  for (let round = 1; round <= MAIN_STEPS; round++) {
    for (const tally of tallies) {
      const isLate = (performance.now() - started) / 1000 > SECONDS;
      const due = isLate ? FEWEST_STEPS : Math.floor((round * tally.wanted) / MAIN_STEPS);
      while (tally.steps.length < Math.min(due, tally.wanted)) {
        await measureStep(probe, tally, seen);
        probe.onStep();
        await setImmediate();
        probe.signal.throwIfAborted();
      }
    }
  }
  const main = tallies[0]?.read;
  return {
    measurements: tallies.map(({ kind, steps, graphs, epoch }) => ({
      key: kind.key,
      steps,
      graphs,
      epoch,
    })),
    tokensPerSecond: main !== undefined && main.seconds > 0 ? main.tokens / main.seconds : null,
  };
}

async function beginKind(probe: StepProbe, kind: CostKind, wanted: number): Promise<Tally> {
  const { session, settings, seed } = probe;
  const objective = objectiveOf(kind.strategy, kind.parts);
  for (const penalty of objective.penalties) {
    const weights = penalty.importance === 'fisher' ? probe.importances() : undefined;
    await session.setImportance(penalty.name, importanceOf(session.parameters, penalty, weights));
  }
  const streams: Partial<Record<StreamKind, OpenedStream>> = {};
  for (const stream of streamsOf(objective)) streams[stream] = probe.stream(stream, objective);
  return {
    kind,
    wanted,
    material: {
      objective,
      streams,
      settings: { ...settings, learning_rate: LEARNING_RATE },
      seed,
      parameters: session.parameters,
    },
    epoch: epochOf(streams, settings.max_steps),
    steps: [],
    graphs: { seconds: 0, shapes: 0 },
    read: { tokens: 0, seconds: 0 },
  };
}

async function measureStep(probe: StepProbe, tally: Tally, seen: Set<string>): Promise<void> {
  const { material, steps, graphs, read } = tally;
  const step = steps.length;
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
  read.tokens += tokens;
  read.seconds += seconds;
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
