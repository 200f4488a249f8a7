/**
 * The training loop. A run is a sequence of optimizer steps with evaluations before, during and
 * after; every step is a function of the specification and the step's number, so a run that stops at
 * any moment and continues from its last checkpoint ends where it would have ended.
 */
import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../base/errors.ts';
import { StepAbandoned } from '../engine/stepAbandoned.ts';
import type { Session, StepResult } from '../engine/types.ts';
import type { Objective } from '../strategies/types.ts';
import { BaseScores } from './baseScores.ts';
import type { RunSpecification, TrainingSettings } from './configuration.ts';
import type { RunEvent } from './events.ts';
import type { RunOutcome } from './jobProtocol.ts';
import { Meter, driftSeries } from './meter.ts';
import type { MeasuredStep } from './meter.ts';
import type { TrainingResources } from './resources.ts';
import { RunCheckpoints } from './runCheckpoints.ts';
import { RunEvaluations } from './runEvaluations.ts';
import { machineOf, writeRunFile } from './runFile.ts';
import type { Machine } from './runFile.ts';
import type { RunHistory } from './runHistory.ts';
import { learningRateAt } from './schedule.ts';
import { stepRequest, tokensOf } from './stepRequest.ts';

/** After so many steps in a row without a finite gradient the run has diverged. */
const SKIPPED_STEPS_ALLOWED = 20;

/** Why a run is asked to stop before its end. */
export type Interruption = 'pause' | 'cancel' | 'interrupt';

export interface TrainingControl {
  /** Asked between micro-batches, of steps and of evaluations alike; the answer stays once it is given. */
  interruption(): Interruption | undefined;
  /** Each event is already in the run's log. */
  publish(event: RunEvent): void;
  /** Optimizer steps done. */
  progress(step: number): void;
}

const OUTCOMES: Readonly<Record<Interruption, RunOutcome>> = {
  pause: 'paused',
  cancel: 'cancelled',
  interrupt: 'interrupted',
};

/** One attempt at a run, from where the last one left off. */
export class TrainingRun {
  readonly #specification: RunSpecification;
  readonly #settings: TrainingSettings;
  readonly #objective: Objective;
  readonly #resources: TrainingResources;
  readonly #session: Session;
  readonly #history: RunHistory;
  readonly #control: TrainingControl;
  readonly #machine: Machine;
  readonly #totalSteps: number;
  readonly #evaluations: RunEvaluations;
  readonly #checkpoints: RunCheckpoints;
  #meter = new Meter();
  #step = 0;

  constructor(
    specification: RunSpecification,
    objective: Objective,
    resources: TrainingResources,
    history: RunHistory,
    control: TrainingControl,
  ) {
    this.#specification = specification;
    this.#settings = specification.settings;
    this.#objective = objective;
    this.#resources = resources;
    this.#session = resources.session;
    this.#history = history;
    this.#control = control;
    const { runFolder } = specification;
    this.#checkpoints = new RunCheckpoints(runFolder, resources.session, history, this.#settings);
    this.#totalSteps = totalSteps(specification.settings, resources);
    const { session, threads, versions } = resources;
    this.#machine = { engine: session.engine, device: session.description, threads, versions };
    const { baseScoresFolder } = specification;
    this.#evaluations = new RunEvaluations(runFolder, resources.session, history, {
      evaluations: resources.evaluations,
      totalSteps: this.#totalSteps,
      evalSteps: specification.settings.eval_steps,
      baseScores:
        baseScoresFolder === undefined
          ? undefined
          : new BaseScores(baseScoresFolder, specification, this.#machine),
    });
  }

  /** Optimizer steps done. */
  get step(): number {
    return this.#step;
  }

  close(): Promise<void> {
    return this.#resources.close();
  }

  async work(): Promise<RunOutcome> {
    await this.#begin();
    for (;;) {
      await this.#evaluations.makeDue(this.#step, () => this.#control.interruption() !== undefined);
      const interruption = this.#control.interruption();
      if (interruption !== undefined) {
        if (interruption !== 'cancel') await this.#save();
        return OUTCOMES[interruption];
      }
      if (this.#step === this.#totalSteps) break;

      const step = await this.#takeStep();
      if (step === undefined) continue;
      await this.#measure(step);
      const isLast = this.#step === this.#totalSteps;
      if (isLast || this.#checkpoints.isDue(this.#step)) await this.#save();
    }
    await this.#checkpoints.finish();
    return 'completed';
  }

  async #begin(): Promise<void> {
    const first = await writeRunFile(this.#specification, this.#machine);
    const { counters, damaged } = await this.#checkpoints.restore();
    if (counters !== undefined) {
      this.#step = counters.step;
      this.#meter = new Meter(counters);
    }
    this.#control.progress(this.#step);
    this.#history.add({
      type: 'started',
      step: this.#step,
      resumedFrom: counters?.step ?? null,
      totalSteps: this.#totalSteps,
      ...this.#machine,
    });
    this.#tellOfSource();
    const { notices } = this.#resources;
    if (counters === undefined) for (const message of notices) this.#log('info', message);
    else if (!isDeepStrictEqual(this.#machine, machineOf(first))) {
      this.#log(
        'warning',
        'This attempt has another engine, device, thread count or version than the first; its results may differ in the last digits from a run that was not interrupted.',
      );
    }
    for (const path of damaged) {
      this.#log('warning', `The checkpoint ${path} was damaged and has been removed.`);
    }
    await this.#checkpoints.tellOfUntold();
  }

  /** What the run uses of the source domain. */
  #tellOfSource(): void {
    const { rehearsal, fisher } = this.#resources;
    if (rehearsal !== undefined) {
      const buffer = rehearsal(this.#totalSteps);
      this.#history.add({ type: 'rehearsal', step: this.#step, buffer });
    }
    if (fisher !== undefined) this.#history.add({ type: 'fisher', step: this.#step, ...fisher });
  }

  /** Undefined when it was interrupted: it has then changed nothing. */
  async #takeStep(): Promise<MeasuredStep | undefined> {
    const started = performance.now();
    const learningRate = learningRateAt(this.#settings, this.#step, this.#totalSteps);
    const request = stepRequest(
      {
        objective: this.#objective,
        streams: this.#resources.streams,
        settings: this.#settings,
        seed: this.#specification.seed,
        parameters: this.#session.parameters,
      },
      this.#step,
      learningRate,
    );
    let result: StepResult;
    try {
      result = await this.#session.step({
        ...request,
        abandon: () => this.#control.interruption() !== undefined,
      });
    } catch (error) {
      if (error instanceof StepAbandoned) return undefined;
      throw error;
    }
    this.#step++;
    this.#control.progress(this.#step);
    const tokens = tokensOf(request);
    return { result, learningRate, tokens, seconds: (performance.now() - started) / 1000 };
  }

  async #measure(step: MeasuredStep): Promise<void> {
    this.#meter.add(step);
    if (!step.result.updated) {
      this.#log('warning', `Step ${this.#step} had no finite gradient and was left out.`);
    }
    if (this.#meter.skippedInARow > SKIPPED_STEPS_ALLOWED) {
      throw new UserError(
        'training/diverged',
        `The run diverged: ${this.#meter.skippedInARow} steps in a row up to step ${this.#step} had no finite gradient.`,
        'Lower learning_rate, add warmup_steps, or set max_grad_norm to 1.',
      );
    }
    if (this.#step % this.#settings.logging_steps === 0 || this.#step === this.#totalSteps) {
      const drift = driftSeries(await this.#session.drift());
      const values = { ...this.#meter.take(step), 'train/epoch': this.#epoch(), ...drift };
      this.#history.add({ type: 'metrics', step: this.#step, values });
    }
  }

  #save(): Promise<void> {
    return this.#checkpoints.save({
      step: this.#step,
      attempt: this.#history.attempt,
      epoch: this.#epoch(),
      ...this.#meter.counters(),
    });
  }

  #epoch(): number {
    return this.#step / (this.#resources.streams.target?.stepsPerEpoch ?? 1);
  }

  #log(level: 'info' | 'warning', message: string): void {
    this.#history.add({ type: 'log', step: this.#step, level, message });
  }
}

/** `max_steps`, else whole steps for `num_train_epochs`; 0 when the strategy takes no batches. */
function totalSteps(settings: TrainingSettings, resources: TrainingResources): number {
  const { target } = resources.streams;
  if (target === undefined) return 0;
  return settings.max_steps ?? Math.ceil(settings.num_train_epochs * target.stepsPerEpoch);
}
