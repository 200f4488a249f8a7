/**
 * The training loop. A run is a sequence of optimizer steps with evaluations before, during and
 * after; every step is a function of the specification and the step's number, so a run that stops at
 * any moment and continues from its last checkpoint ends where it would have ended.
 */
import { mkdir } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { UserError, reportError } from '../base/errors.ts';
import type { ErrorReport } from '../base/errors.ts';
import { StepAbandoned } from '../engine/stepAbandoned.ts';
import type { Session, StepResult } from '../engine/types.ts';
import type { Objective } from '../strategies/types.ts';
import { BaseScores } from './baseScores.ts';
import { dropFile, listCheckpoints, recoverCheckpoints, removeCheckpoints } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { RunSpecification, TrainingSettings } from './configuration.ts';
import type { RunEvent } from './events.ts';
import type { RunOutcome } from './jobProtocol.ts';
import { Meter, driftSeries } from './meter.ts';
import type { MeasuredStep } from './meter.ts';
import { objectiveFor } from './objective.ts';
import type { OpenResources, TrainingResources } from './resources.ts';
import { checkRunFile, machineOf, writeRunFile } from './runFile.ts';
import type { Machine } from './runFile.ts';
import { RunEvaluations } from './runEvaluations.ts';
import { RunHistory } from './runHistory.ts';
import { learningRateAt } from './schedule.ts';
import { stepRequest, tokensOf } from './stepRequest.ts';
import { OPTIMIZER_FILES, restoreState, saveState } from './trainingState.ts';

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

export interface RunEnd {
  readonly outcome: RunOutcome;
  readonly error?: ErrorReport;
}

/** Runs or continues the run in `specification.runFolder`; whatever happens is told by the result. */
export async function train(
  specification: RunSpecification,
  open: OpenResources,
  control: TrainingControl,
): Promise<RunEnd> {
  let run: TrainingRun | undefined;
  let history: RunHistory | undefined;
  let end: RunEnd;
  try {
    await mkdir(specification.runFolder, { recursive: true, mode: 0o700 });
    checkRunFile(specification);
    history = new RunHistory(specification.runFolder, specification.runId, (event) =>
      control.publish(event),
    );
    if (history.completed) {
      history.close();
      return { outcome: 'completed' };
    }
    const objective = objectiveFor(specification);
    const resources = await open(specification, objective);
    run = new TrainingRun(specification, objective, resources, history, control);
    end = { outcome: await run.work() };
  } catch (error) {
    end = { outcome: 'failed', error: reportError(error) };
  }
  try {
    history?.add({ type: 'ended', step: run?.step ?? 0, ...end });
  } catch (error) {
    end = { outcome: 'failed', error: end.error ?? reportError(error) };
  } finally {
    history?.close();
    await run?.close();
  }
  return end;
}

const OUTCOMES: Readonly<Record<Interruption, RunOutcome>> = {
  pause: 'paused',
  cancel: 'cancelled',
  interrupt: 'interrupted',
};

class TrainingRun {
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
  #meter = new Meter();
  #step = 0;
  #lastSavedStep = -1;
  #lastSave = performance.now();

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
    this.#totalSteps = totalSteps(specification.settings, resources);
    const { session, threads, versions } = resources;
    this.#machine = { engine: session.engine, device: session.description, threads, versions };
    const { baseScoresFolder } = specification;
    this.#evaluations = new RunEvaluations(specification.runFolder, resources.session, history, {
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
      if (this.#saveIsDue()) await this.#save();
    }
    await this.#finish();
    return 'completed';
  }

  async #begin(): Promise<void> {
    const { session, notices } = this.#resources;
    const first = await writeRunFile(this.#specification, this.#machine);
    const { checkpoint, damaged } = await this.#recover();
    if (checkpoint !== undefined) {
      const counters = await restoreState(session, checkpoint);
      this.#step = counters.step;
      this.#lastSavedStep = counters.step;
      this.#meter = new Meter(counters);
    }
    this.#control.progress(this.#step);
    this.#history.add({
      type: 'started',
      step: this.#step,
      resumedFrom: checkpoint?.step ?? null,
      totalSteps: this.#totalSteps,
      ...this.#machine,
    });
    this.#tellOfSource();
    if (checkpoint === undefined) for (const message of notices) this.#log('info', message);
    else if (!isDeepStrictEqual(this.#machine, machineOf(first))) {
      this.#log(
        'warning',
        'This attempt has another engine, device, thread count or version than the first; its results may differ in the last digits from a run that was not interrupted.',
      );
    }
    for (const path of damaged) {
      this.#log('warning', `The checkpoint ${path} was damaged and has been removed.`);
    }
    // An attempt that was killed between writing a checkpoint and saying so.
    if (checkpoint !== undefined && !this.#history.knowsCheckpoint(checkpoint.step)) {
      await this.#record(checkpoint);
    }
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

  /** The checkpoint to continue from; weights kept for later steps belong to a future that is void. */
  async #recover(): Promise<{ checkpoint: Checkpoint | undefined; damaged: string[] }> {
    const { runFolder } = this.#specification;
    const { checkpoints, damaged } = await recoverCheckpoints(runFolder, 'checkpoints');
    const checkpoint = checkpoints[0];
    const best = await recoverCheckpoints(runFolder, 'best');
    await removeCheckpoints(runFolder, 'best', ({ step }) => step <= (checkpoint?.step ?? 0));
    return { checkpoint, damaged: [...damaged, ...best.damaged] };
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

  #saveIsDue(): boolean {
    if (this.#step === this.#totalSteps || this.#step % this.#settings.save_steps === 0)
      return true;
    return performance.now() - this.#lastSave >= this.#settings.save_minutes * 60_000;
  }

  async #save(): Promise<void> {
    if (this.#lastSavedStep === this.#step) return;
    const { runFolder } = this.#specification;
    const checkpoint = await saveState(runFolder, this.#session, {
      step: this.#step,
      attempt: this.#history.attempt,
      epoch: this.#epoch(),
      ...this.#meter.counters(),
    });
    this.#lastSave = performance.now();
    this.#lastSavedStep = this.#step;
    await this.#record(checkpoint);
  }

  /** Removes what a new checkpoint supersedes and tells of it. */
  async #record(checkpoint: Checkpoint): Promise<void> {
    const { runFolder } = this.#specification;
    await removeCheckpoints(
      runFolder,
      'checkpoints',
      (_, age) => age < this.#settings.save_total_limit,
    );
    const best = this.#history.best();
    await removeCheckpoints(runFolder, 'best', ({ step }) => step === best?.step);
    this.#history.add({
      type: 'checkpoint',
      step: checkpoint.step,
      path: `checkpoints/step-${checkpoint.step}`,
      sha256: checkpoint.sha256,
      bytes: checkpoint.bytes,
    });
  }

  /** The last checkpoint and the best weights stay, without what only a further step would need. */
  async #finish(): Promise<void> {
    const { runFolder } = this.#specification;
    const best = this.#history.best();
    await removeCheckpoints(runFolder, 'best', ({ step }) => step === best?.step);
    for (const checkpoint of await listCheckpoints(runFolder, 'checkpoints')) {
      for (const name of OPTIMIZER_FILES) await dropFile(checkpoint, name);
    }
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
