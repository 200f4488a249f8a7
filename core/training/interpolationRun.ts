/**
 * A run that trains nothing: it scores a point on the line between the base model and the weights
 * that a finished run ended with. Base model and checkpoint decide the result, so an attempt that was
 * killed is made good by the next one.
 */
import { existsSync } from 'node:fs';
import { UserError } from '../base/errors.ts';
import { OUTCOMES, beginAttempt, machineFor } from './attempt.ts';
import type { Attempt, TrainingControl } from './attempt.ts';
import { BaseScores } from './baseScores.ts';
import { requireIntact } from './checkpoint.ts';
import type { RunSpecification } from './configuration.ts';
import { interpolateWeights } from './interpolateWeights.ts';
import type { RunOutcome } from './jobProtocol.ts';
import { driftSeries } from './meter.ts';
import type { TrainingResources } from './resources.ts';
import { RunCheckpoints } from './runCheckpoints.ts';
import { RunEvaluations } from './runEvaluations.ts';
import type { RunHistory } from './runHistory.ts';
import { readCheckpointWeights } from './trainingState.ts';

export type Interpolation = NonNullable<RunSpecification['interpolation']>;

/** One attempt at it. Its one step is counted as the step of the finished run. */
export class InterpolationRun {
  readonly #interpolation: Interpolation;
  readonly #attempt: Attempt;
  readonly #resources: TrainingResources;
  readonly #history: RunHistory;
  readonly #control: TrainingControl;
  readonly #evaluations: RunEvaluations;
  readonly #checkpoints: RunCheckpoints;
  #step = 0;

  constructor(
    specification: RunSpecification,
    interpolation: Interpolation,
    resources: TrainingResources,
    history: RunHistory,
    control: TrainingControl,
  ) {
    this.#interpolation = interpolation;
    this.#resources = resources;
    this.#history = history;
    this.#control = control;
    const { runFolder, settings } = specification;
    this.#checkpoints = new RunCheckpoints(runFolder, resources.session, history, {
      ...settings,
      forgetting_guard: undefined,
    });
    const machine = machineFor(resources);
    this.#attempt = {
      specification,
      resources,
      history,
      checkpoints: this.#checkpoints,
      machine,
      totalSteps: interpolation.step,
    };
    const baseScores = BaseScores.of(specification, machine);
    this.#evaluations = new RunEvaluations(runFolder, resources, history, baseScores);
  }

  get step(): number {
    return this.#step;
  }

  close(): Promise<void> {
    return this.#resources.close();
  }

  async work(): Promise<RunOutcome> {
    const { step } = this.#interpolation;
    const isInterrupted = (): boolean => this.#control.interruption() !== undefined;
    const counters = await beginAttempt(this.#attempt, this.#control);
    this.#step = counters?.step ?? 0;
    if (this.#step === 0) {
      await this.#evaluations.makeBefore(isInterrupted);
      const interruption = this.#control.interruption();
      if (interruption !== undefined) return OUTCOMES[interruption];
      await this.#moveWeights();
    }
    await this.#evaluations.makeAfter(step, step, isInterrupted);
    const interruption = this.#control.interruption();
    if (interruption !== undefined) return OUTCOMES[interruption];
    await this.#checkpoints.finish();
    return 'completed';
  }

  /** From the base model's, which the session holds, to the point between; saved before it is scored. */
  async #moveWeights(): Promise<void> {
    const { step, alpha, checkpointFolder: folder } = this.#interpolation;
    const { session } = this.#resources;
    if (!existsSync(folder)) throw checkpointGone(this.#interpolation);
    await requireIntact(folder);
    const base = await this.#resources.readBase();
    await session.setAnchor(base);
    const tuned = await readCheckpointWeights({ folder }, session.parameters);
    await session.writeWeights(interpolateWeights(base, tuned, alpha));
    this.#history.add({ type: 'metrics', step, values: driftSeries(await session.drift()) });
    await this.#checkpoints.saveEnd({
      step,
      attempt: this.#history.attempt,
      epoch: 0,
      seconds: 0,
      compileSeconds: 0,
      skippedInARow: 0,
      unlogged: { steps: 0, sums: {} },
    });
    this.#step = step;
    this.#control.progress(step);
  }
}

function checkpointGone({ run, step, checkpointFolder }: Interpolation): UserError {
  return new UserError(
    'run/checkpoint-gone',
    `The checkpoint of run ${run} at step ${step} is not there any more: ${checkpointFolder}.`,
    'Restore it from a copy, or run the project again and interpolate the new run.',
  );
}
