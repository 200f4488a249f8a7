/**
 * The training loop. A run is a sequence of optimizer steps with evaluations before, during and
 * after; every step is a function of the specification and the step's number, so a run that stops at
 * any moment and continues from its last checkpoint ends where it would have ended.
 */
import { UserError } from '../base/errors.ts';
import type { Objective } from '../strategies/types.ts';
import { OUTCOMES, beginAttempt, machineFor } from './attempt.ts';
import type { Attempt, Interruption, TrainingControl } from './attempt.ts';
import { BaseScores } from './baseScores.ts';
import type { RunSpecification, TrainingSettings } from './configuration.ts';
import { DIVERGED, isDivergence } from './divergence.ts';
import type { GuardEvent } from './events.ts';
import { requireGuardSets } from './forgettingGuard.ts';
import type { RunOutcome } from './jobProtocol.ts';
import { Meter, driftSeries } from './meter.ts';
import type { MeasuredStep } from './meter.ts';
import { isTrained } from './objective.ts';
import type { TrainingResources } from './resources.ts';
import { RunCheckpoints } from './runCheckpoints.ts';
import { RunEvaluations } from './runEvaluations.ts';
import type { RunHistory } from './runHistory.ts';
import { takeStep } from './takeStep.ts';
import type { Counters } from './trainingState.ts';

/** After so many steps in a row without a finite gradient the run has diverged. */
const SKIPPED_STEPS_ALLOWED = 20;

/** One attempt at a run, from where the last one left off. */
export class TrainingRun {
  readonly #attempt: Attempt;
  readonly #settings: TrainingSettings;
  readonly #objective: Objective;
  readonly #resources: TrainingResources;
  readonly #history: RunHistory;
  readonly #control: TrainingControl;
  readonly #evaluations: RunEvaluations;
  readonly #checkpoints: RunCheckpoints;
  #meter = new Meter();
  #step = 0;
  /** Step of the weights when a guard rolled back and the run's end is saved. */
  #keptStep: number | undefined;

  constructor(
    specification: RunSpecification,
    objective: Objective,
    resources: TrainingResources,
    history: RunHistory,
    control: TrainingControl,
  ) {
    this.#settings = specification.settings;
    this.#objective = objective;
    this.#resources = resources;
    this.#history = history;
    this.#control = control;
    const { runFolder } = specification;
    this.#checkpoints = new RunCheckpoints(runFolder, resources.session, history, this.#settings);
    const machine = machineFor(resources);
    this.#attempt = {
      specification,
      resources,
      history,
      checkpoints: this.#checkpoints,
      machine,
      totalSteps: totalSteps(specification.settings, resources),
    };
    const baseScores = BaseScores.of(specification, machine);
    this.#evaluations = new RunEvaluations(runFolder, resources, history, baseScores);
  }

  /** Optimizer steps done. */
  get step(): number {
    return this.#step;
  }

  close(): Promise<void> {
    return this.#resources.close();
  }

  async work(): Promise<RunOutcome> {
    try {
      return await this.#work();
    } catch (error) {
      throw this.#withBest(error);
    }
  }

  async #work(): Promise<RunOutcome> {
    await this.#begin();
    for (;;) {
      await this.#watch();
      const interruption = this.#control.interruption();
      if (interruption !== undefined) return this.#stop(interruption);
      this.#judge();
      if (this.#isOver()) break;

      const step = await this.#takeStep();
      if (step === undefined) continue;
      await this.#measure(step);
      if (this.#isLast() || this.#checkpoints.isDue(this.#step)) await this.#save();
    }
    await this.#settle();
    const weightsOf = this.#keptStep ?? this.#step;
    await this.#evaluations.makeAfter(this.#step, weightsOf, this.#isInterrupted);
    if (weightsOf === this.#step) await this.#checkpoints.keepIfBest(this.#step);
    const interruption = this.#control.interruption();
    if (interruption !== undefined) return this.#stop(interruption);
    await this.#checkpoints.finish();
    return 'completed';
  }

  async #begin(): Promise<void> {
    const { forgetting_guard: guard, eval_steps: evalSteps } = this.#settings;
    const isGuarded = guard !== undefined && isTrained(this.#objective);
    if (isGuarded) requireGuardSets(guard, this.#resources.evaluations);
    const counters = await beginAttempt(this.#attempt, this.#control);
    if (counters !== undefined) {
      this.#step = counters.step;
      this.#meter = new Meter(counters);
      this.#keptStep = counters.keptStep;
    } else if (isGuarded && evalSteps >= this.#attempt.totalSteps) {
      this.#log(
        'warning',
        `The forgetting guard looks at evaluations, and with eval_steps ${evalSteps} the only one comes after the last of the ${this.#attempt.totalSteps} steps.`,
      );
    }
    this.#tellOfSource();
  }

  /** The evaluations that are due while the run may go on. With a guard the last step is watched too. */
  async #watch(): Promise<void> {
    // Once the guard has spoken, the session may hold other weights than this step's.
    if (this.#history.guarded !== undefined) return;
    if (this.#step === 0) await this.#evaluations.makeBefore(this.#isInterrupted);
    else if (this.#isWatched()) {
      try {
        await this.#evaluations.makeDuring(this.#step, this.#isInterrupted);
      } catch (error) {
        this.#endDiverged(error);
        return;
      }
      await this.#checkpoints.keepIfBest(this.#step);
    }
  }

  /** Lets a guard that rolls back end a run that diverged; throws the error of another one. */
  #endDiverged(error: unknown): void {
    if (!isDivergence(error)) throw error;
    const verdict = this.#history.divergenceVerdict(this.#step);
    if (verdict === undefined) throw error;
    this.#log('warning', error.message);
    this.#history.add({ type: 'guard', ...verdict });
  }

  /** The error of a run that diverged, with the way to what is left of it. */
  #withBest(error: unknown): unknown {
    if (!isDivergence(error)) return error;
    const best = this.#history.best(this.#step - 1);
    if (best === undefined || !this.#checkpoints.hasBest(best)) return error;
    const { runId } = this.#attempt.specification;
    return new UserError(
      error.code,
      error.message,
      `${error.hint} The weights of step ${best}, its best, are kept: \`palimpsest export ${runId} FOLDER --weights best\`.`,
      { cause: error },
    );
  }

  #isWatched(): boolean {
    const isGuarded = this.#settings.forgetting_guard !== undefined;
    return this.#isLast() ? isGuarded : this.#step % this.#settings.eval_steps === 0;
  }

  /** Lets the forgetting guard end the training at this step. */
  #judge(): void {
    if (this.#step === 0 || !this.#isWatched() || this.#history.guarded !== undefined) return;
    const verdict = this.#history.guardVerdict(this.#step);
    if (verdict !== undefined) this.#history.add({ type: 'guard', ...verdict });
  }

  #isLast(): boolean {
    return this.#step === this.#attempt.totalSteps;
  }

  #isOver(): boolean {
    return this.#isLast() || this.#history.guarded !== undefined;
  }

  /** Saves the weights that the run ends with, before they are scored. */
  async #settle(): Promise<void> {
    const { guarded } = this.#history;
    if (guarded?.action === 'rollback') await this.#rollBack(guarded);
    else if (this.#step > 0) await this.#save();
  }

  async #rollBack({ keptStep }: GuardEvent): Promise<void> {
    if (this.#keptStep !== undefined) return;
    const { session } = this.#resources;
    await session.writeWeights(
      keptStep === 0
        ? await this.#resources.readBase()
        : await this.#checkpoints.readBest(keptStep),
    );
    const values = driftSeries(await session.drift());
    this.#history.add({ type: 'metrics', step: this.#step, values });
    await this.#checkpoints.saveEnd({ ...this.#counters(), keptStep });
    this.#keptStep = keptStep;
  }

  readonly #isInterrupted = (): boolean => this.#control.interruption() !== undefined;

  async #stop(interruption: Interruption): Promise<RunOutcome> {
    if (interruption !== 'cancel') await this.#save();
    return OUTCOMES[interruption];
  }

  /** What the run uses of the source domain. */
  #tellOfSource(): void {
    const { rehearsal, fisher } = this.#resources;
    if (rehearsal !== undefined) {
      const buffer = rehearsal(this.#attempt.totalSteps);
      this.#history.add({ type: 'rehearsal', step: this.#step, buffer });
    }
    if (fisher !== undefined) this.#history.add({ type: 'fisher', step: this.#step, ...fisher });
  }

  /** Undefined when it was interrupted: it has then changed nothing. */
  async #takeStep(): Promise<MeasuredStep | undefined> {
    const { session, streams } = this.#resources;
    const { specification, totalSteps } = this.#attempt;
    const taken = await takeStep(
      session,
      {
        objective: this.#objective,
        streams,
        settings: this.#settings,
        seed: specification.seed,
        parameters: session.parameters,
      },
      { step: this.#step, totalSteps },
      this.#isInterrupted,
    );
    if (taken === undefined) return undefined;
    this.#step++;
    this.#control.progress(this.#step);
    return taken;
  }

  async #measure(step: MeasuredStep): Promise<void> {
    this.#meter.add(step);
    if (!step.result.updated) {
      this.#log('warning', `Step ${this.#step} had no finite gradient and was left out.`);
    }
    if (this.#meter.skippedInARow > SKIPPED_STEPS_ALLOWED) {
      const error = new UserError(
        DIVERGED,
        `The run diverged: ${this.#meter.skippedInARow} steps in a row up to step ${this.#step} had no finite gradient.`,
        'Lower learning_rate, add warmup_steps, or set max_grad_norm to 1.',
      );
      this.#endDiverged(error);
    }
    if (this.#step % this.#settings.logging_steps === 0 || this.#mayEnd()) {
      const drift = driftSeries(await this.#resources.session.drift());
      const values = { ...this.#meter.take(step), 'train/epoch': this.#epoch(), ...drift };
      this.#history.add({ type: 'metrics', step: this.#step, values });
    }
  }

  /** After a step at which the run may end its series are told. */
  #mayEnd(): boolean {
    return this.#isLast() || (this.#settings.forgetting_guard !== undefined && this.#isWatched());
  }

  #save(): Promise<void> {
    return this.#checkpoints.save(this.#counters());
  }

  #counters(): Counters {
    return {
      step: this.#step,
      attempt: this.#history.attempt,
      epoch: this.#epoch(),
      ...this.#meter.counters(),
    };
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
