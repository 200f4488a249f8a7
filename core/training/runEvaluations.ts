import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import type { Session } from '../engine/types.ts';
import { scoreFrozenMasks, totalsOf } from '../evaluation/scoring.ts';
import { writeScores } from '../evaluation/scoresFile.ts';
import type { BaseScores } from './baseScores.ts';
import { NOT_FINITE } from './divergence.ts';
import type { PreparedEvaluation, TrainingResources } from './resources.ts';
import type { EvaluationKey, RunHistory } from './runHistory.ts';

const SCORES_FOLDER = 'scores';

/** Answers whether to stop; asked between micro-batches. */
type Interrupted = () => boolean;

/**
 * The evaluations of a run. What is done is known from the history, so a run that stopped inside an
 * evaluation makes up what is missing and repeats nothing.
 */
export class RunEvaluations {
  readonly #runFolder: string;
  readonly #session: Session;
  readonly #history: RunHistory;
  readonly #evaluations: readonly PreparedEvaluation[];
  readonly #baseScores: BaseScores | undefined;

  /** `baseScores` are the base model's, shared with other runs. */
  constructor(
    runFolder: string,
    { session, evaluations }: Pick<TrainingResources, 'session' | 'evaluations'>,
    history: RunHistory,
    baseScores: BaseScores | undefined,
  ) {
    this.#runFolder = runFolder;
    this.#session = session;
    this.#history = history;
    this.#evaluations = evaluations;
    this.#baseScores = baseScores;
  }

  /** Scores the base model on all sets. */
  makeBefore(interrupted: Interrupted): Promise<void> {
    return this.#make('before', { step: 0, weightsOf: 0 }, this.#evaluations, interrupted);
  }

  /** Scores the weights of a step on the validation sets. */
  makeDuring(step: number, interrupted: Interrupted): Promise<void> {
    const watched = this.#evaluations.filter(({ split }) => split === 'validation');
    return this.#make('during', { step, weightsOf: step }, watched, interrupted);
  }

  /** Scores on all sets the weights that the run ends with at `step`; they are those of `weightsOf`. */
  makeAfter(step: number, weightsOf: number, interrupted: Interrupted): Promise<void> {
    return this.#make('after', { step, weightsOf }, this.#evaluations, interrupted);
  }

  async #make(
    phase: EvaluationKey['phase'],
    { step, weightsOf }: { readonly step: number; readonly weightsOf: number },
    evaluations: readonly PreparedEvaluation[],
    interrupted: Interrupted,
  ): Promise<void> {
    for (const { name, role, split, setHash, masks } of evaluations) {
      const key: EvaluationKey = { step, phase, name, role, split, setHash };
      if ((await this.#history.evaluation(key)) !== undefined) continue;
      if (phase === 'after') {
        // What a run ends with may have been scored already: it takes no step, or a guard ended it.
        const earlier = weightsOf === 0 ? 'before' : 'during';
        const scored = await this.#history.evaluation({ ...key, step: weightsOf, phase: earlier });
        if (scored !== undefined) {
          this.#history.add({ ...scored, step, phase });
          continue;
        }
      }
      const file = `step-${weightsOf}-${role}-${split}-${setHash.slice(0, 16)}.scores`;
      await mkdir(join(this.#runFolder, SCORES_FOLDER), { recursive: true, mode: 0o700 });
      const path = join(this.#runFolder, SCORES_FOLDER, file);
      const shared = phase === 'before' ? this.#baseScores : undefined;
      const known = await shared?.copyTo(path, setHash, masks.document);
      const scores = known?.scores ?? (await scoreFrozenMasks(this.#session, masks, interrupted));
      if (scores === undefined) return;
      const { nll, tokens } = totalsOf(scores);
      // JSON has no such numbers: the event would be lost, and the run shown as complete without it.
      if (!Number.isFinite(nll)) throw notFinite(`${role} ${split} set "${name}"`, step);
      const scoresHash = known?.scoresHash ?? (await writeScores(path, scores));
      if (known === undefined && shared !== undefined) await this.#share(shared, path, setHash);
      const scoresPath = `${SCORES_FOLDER}/${file}`;
      this.#history.add({ type: 'evaluation', ...key, nll, tokens, scoresPath, scoresHash });
    }
  }

  /** Other runs can do without: what hinders it is no reason to stop this one. */
  async #share(baseScores: BaseScores, path: string, setHash: string): Promise<void> {
    try {
      await baseScores.keep(path, setHash);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const message = `The base model's scores are not shared with other runs. ${error.message}`;
      this.#history.add({ type: 'log', step: 0, level: 'warning', message });
    }
  }
}

function notFinite(set: string, step: number): UserError {
  return new UserError(
    NOT_FINITE,
    `The loss on the ${set} is not a finite number at step ${step}.`,
    step === 0
      ? 'The weights of the base model are damaged or do not fit its configuration; import it again.'
      : 'The run diverged: lower learning_rate, add warmup_steps, or set max_grad_norm to 1.',
  );
}
