/** Times optimizer steps of each kind that a project takes. */
import { setImmediate } from 'node:timers/promises';
import type { Session, Weights } from '../../../engine/types.ts';
import { objectiveOf } from '../../../strategies/parts.ts';
import type { Objective, StreamKind } from '../../../strategies/types.ts';
import { importanceOf } from '../../../training/anchor.ts';
import type { OpenedStream } from '../../../training/batchStream.ts';
import type { TrainingSettings } from '../../../training/configuration.ts';
import type { MeasuredStep } from '../../../training/meter.ts';
import { streamsOf } from '../../../training/objective.ts';
import { stepRequest } from '../../../training/stepRequest.ts';
import type { StepMaterial } from '../../../training/stepRequest.ts';
import { takeStep } from '../../../training/takeStep.ts';
import type { CostKind, StepMeasurement } from '../../probeContract.ts';
import { medianRatio } from '../../spans.ts';
import { epochOf, paddedTokens, shapesOf } from './shapes.ts';

/** Rounds whose steps are not counted: graphs are built and arrays grow in them. */
const WARM_UP_ROUNDS = 2;
/** Rounds in which a kind is timed, unless steps are slow, and however quick they are. */
const FEWEST_ROUNDS = 8;
const MOST_ROUNDS = 60;
/** Seconds of the timed steps of a kind, those that it is compared with included, that suffice. */
const ENOUGH_SECONDS = 3;
/** Half the width of a ratio's 95 % interval, as a share of it, that suffices. */
const ENOUGH_ERROR = 0.1;
/** Seconds after which no further round is begun once every kind was timed in one. */
const SECONDS = 45;
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
  /** Told after each step that was timed how many were, and how many there will be about. */
  readonly onStep: (done: number, total: number) => void;
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
  readonly material: StepMaterial;
  readonly epoch: StepMeasurement['epoch'];
  readonly steps: { tokens: number; seconds: number }[];
  readonly ratios: number[];
  readonly graphs: { seconds: number; shapes: number };
  readonly read: { tokens: number; seconds: number };
  /** Of its rounds, the steps that it is compared with included. */
  rounds: number;
  seconds: number;
}

export async function measureSteps(
  probe: StepProbe,
  kinds: readonly CostKind[],
): Promise<MeasuredSteps> {
  const tallies: Tally[] = [];
  for (const kind of kinds) tallies.push(await beginKind(probe, kind));
  const [first, ...others] = tallies;
  if (first === undefined) return { measurements: [], tokensPerSecond: null };
  await new Timing(probe, first, others).measure();
  const { tokens, seconds } = first.read;
  return {
    measurements: tallies.map(({ kind, steps, ratios, graphs, epoch }) => ({
      key: kind.key,
      steps,
      ratios,
      graphs,
      epoch,
    })),
    tokensPerSecond: seconds > 0 ? tokens / seconds : null,
  };
}

/**
 * Every kind is timed next to the first one on the same batch, before or after it in turn, so that
 * what else the machine does burdens both alike: it is the ratio that is wanted.
 */
class Timing {
  readonly #probe: StepProbe;
  readonly #first: Tally;
  readonly #others: readonly Tally[];
  /** Shapes whose graphs are there. */
  readonly #built = new Set<string>();
  readonly #started = performance.now();

  constructor(probe: StepProbe, first: Tally, others: readonly Tally[]) {
    this.#probe = probe;
    this.#first = first;
    this.#others = others;
  }

  async measure(): Promise<void> {
    for (let round = 0; round < WARM_UP_ROUNDS; round++) {
      if (round > 0 && this.#isLate()) break;
      for (const tally of [this.#first, ...this.#others]) await this.#take(tally, round);
    }
    const timed = this.#others.length === 0 ? [this.#first] : this.#others;
    for (let round = 0; ; round++) {
      const due = timed.filter((tally) => this.#isDue(tally));
      if (due.length === 0) return;
      for (const tally of due) await this.#round(tally, round);
    }
  }

  #isLate(): boolean {
    return (performance.now() - this.#started) / 1000 > SECONDS;
  }

  #isDue({ rounds, seconds, ratios }: Tally): boolean {
    if (rounds === 0) return true;
    if (this.#isLate() || rounds >= MOST_ROUNDS) return false;
    return rounds < FEWEST_ROUNDS || seconds < ENOUGH_SECONDS || isUncertain(ratios);
  }

  /** Times a step of a kind and, on the same batch, one of the first. */
  async #round(tally: Tally, step: number): Promise<void> {
    const pair = tally === this.#first ? [tally] : [this.#first, tally];
    const seconds = new Map<Tally, number>();
    for (const one of step % 2 === 0 ? pair : pair.toReversed()) {
      seconds.set(one, await this.#timed(one, step));
      this.#tell();
    }
    tally.rounds++;
    for (const each of seconds.values()) tally.seconds += each;
    const own = seconds.get(tally) ?? 0;
    const reference = seconds.get(this.#first) ?? 0;
    if (tally !== this.#first && own > 0 && reference > 0) tally.ratios.push(own / reference);
  }

  async #timed(tally: Tally, step: number): Promise<number> {
    const { material, steps, read } = tally;
    const request = stepRequest(material, step, LEARNING_RATE);
    // The first step of a shape makes its arrays too, which matters where steps are short.
    if (!this.#isLate() && shapesOf(request).some((shape) => !this.#built.has(shape))) {
      await this.#take(tally, step);
    }
    const { tokens, seconds } = await this.#take(tally, step);
    steps.push({ tokens: paddedTokens(request), seconds });
    read.tokens += tokens;
    read.seconds += seconds;
    return seconds;
  }

  async #take({ material, graphs }: Tally, step: number): Promise<MeasuredStep> {
    const { session, signal } = this.#probe;
    for (const shape of shapesOf(stepRequest(material, step, LEARNING_RATE))) {
      if (!this.#built.has(shape)) graphs.shapes++;
      this.#built.add(shape);
    }
    const place = { step, totalSteps: Number.MAX_SAFE_INTEGER };
    const taken = await takeStep(session, material, place, () => signal.aborted);
    await setImmediate();
    signal.throwIfAborted();
    if (taken === undefined) throw new Error('A step of the probe was abandoned.');
    graphs.seconds += taken.result.compileSeconds;
    return taken;
  }

  #tell(): void {
    const isAlone = this.#others.length === 0;
    const done = [this.#first, ...this.#others].reduce((sum, { steps }) => sum + steps.length, 0);
    const rounds = (isAlone ? [this.#first] : this.#others).reduce(
      (sum, tally) => sum + roundsOf(tally),
      0,
    );
    this.#probe.onStep(done, Math.max(done, rounds * (isAlone ? 1 : 2)));
  }
}

/** Where other work meets one step of a pair and not the other, it takes more pairs to know. */
function isUncertain(ratios: readonly number[]): boolean {
  if (ratios.length === 0) return false;
  const { expected, high } = medianRatio(ratios);
  return high > expected * (1 + ENOUGH_ERROR);
}

/** How many rounds a kind will have if they go on as they were. */
function roundsOf({ rounds, seconds }: Tally): number {
  if (rounds === 0 || seconds === 0) return FEWEST_ROUNDS;
  const enough = Math.ceil((rounds * ENOUGH_SECONDS) / seconds);
  return Math.min(MOST_ROUNDS, Math.max(FEWEST_ROUNDS, enough));
}

async function beginKind(probe: StepProbe, kind: CostKind): Promise<Tally> {
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
    material: {
      objective,
      streams,
      settings: { ...settings, learning_rate: LEARNING_RATE },
      seed,
      parameters: session.parameters,
    },
    epoch: epochOf(streams, objective, settings.max_steps),
    steps: [],
    ratios: [],
    graphs: { seconds: 0, shapes: 0 },
    read: { tokens: 0, seconds: 0 },
    rounds: 0,
    seconds: 0,
  };
}
