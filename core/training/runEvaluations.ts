import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import type { Session } from '../engine/types.ts';
import { scoreFrozenMasks, totalsOf } from '../evaluation/scoring.ts';
import { writeScores } from '../evaluation/scoresFile.ts';
import type { BaseScores } from './baseScores.ts';
import type { PreparedEvaluation } from './resources.ts';
import type { EvaluationKey, RunHistory } from './runHistory.ts';
import { saveBest } from './trainingState.ts';

const SCORES_FOLDER = 'scores';

export interface EvaluationPlan {
  readonly evaluations: readonly PreparedEvaluation[];
  readonly totalSteps: number;
  readonly evalSteps: number;
  /** Of the base model, shared with other runs. */
  readonly baseScores?: BaseScores | undefined;
}

/**
 * The evaluations of a run: all sets before the first step and after the last, those of the
 * validation split also every `evalSteps` in between. What is done is known from the history, so a
 * run that stopped inside an evaluation makes up what is missing and repeats nothing.
 */
export class RunEvaluations {
  readonly #runFolder: string;
  readonly #session: Session;
  readonly #history: RunHistory;
  readonly #plan: EvaluationPlan;

  constructor(runFolder: string, session: Session, history: RunHistory, plan: EvaluationPlan) {
    this.#runFolder = runFolder;
    this.#session = session;
    this.#history = history;
    this.#plan = plan;
  }

  /** Makes what is due at a step, and keeps the weights when they are the best so far. */
  async makeDue(step: number, interrupted: () => boolean): Promise<void> {
    const { evaluations, totalSteps, evalSteps } = this.#plan;
    const isLast = step === totalSteps;
    if (step % evalSteps !== 0 && !isLast) return;
    if (step === 0) await this.#make('before', step, evaluations, interrupted);
    if (step > 0 && !isLast) {
      const watched = evaluations.filter(({ split }) => split === 'validation');
      await this.#make('during', step, watched, interrupted);
    }
    if (isLast) await this.#make('after', step, evaluations, interrupted);
    // The base model's weights are in its own folder.
    if (step > 0 && this.#history.best()?.step === step) {
      await saveBest(this.#runFolder, this.#session, step);
    }
  }

  async #make(
    phase: EvaluationKey['phase'],
    step: number,
    evaluations: readonly PreparedEvaluation[],
    interrupted: () => boolean,
  ): Promise<void> {
    for (const { name, role, split, setHash, masks } of evaluations) {
      const key: EvaluationKey = { step, phase, name, role, split, setHash };
      if ((await this.#history.evaluation(key)) !== undefined) continue;
      // A run without steps is before its first step and after its last at once.
      const before = await this.#history.evaluation({ ...key, phase: 'before' });
      if (before !== undefined) {
        this.#history.add({ ...before, phase });
        continue;
      }
      const file = `step-${step}-${role}-${split}-${setHash.slice(0, 16)}.scores`;
      await mkdir(join(this.#runFolder, SCORES_FOLDER), { recursive: true, mode: 0o700 });
      const path = join(this.#runFolder, SCORES_FOLDER, file);
      const shared = phase === 'before' ? this.#plan.baseScores : undefined;
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
    'evaluation/not-finite',
    `The loss on the ${set} is not a finite number at step ${step}.`,
    step === 0
      ? 'The weights of the base model are damaged or do not fit its configuration; import it again.'
      : 'The run diverged: lower learning_rate, add warmup_steps, or set max_grad_norm to 1.',
  );
}
