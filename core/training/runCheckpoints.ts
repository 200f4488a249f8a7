import type { Session } from '../engine/types.ts';
import { dropFile, listCheckpoints, recoverCheckpoints, removeCheckpoints } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { TrainingSettings } from './configuration.ts';
import type { RunHistory } from './runHistory.ts';
import { OPTIMIZER_FILES, restoreState, saveState } from './trainingState.ts';
import type { Counters } from './trainingState.ts';

type SaveSettings = Pick<TrainingSettings, 'save_steps' | 'save_minutes' | 'save_total_limit'>;

/** What a run keeps of its states: the latest to resume from, and the best weights. */
export class RunCheckpoints {
  readonly #runFolder: string;
  readonly #session: Session;
  readonly #history: RunHistory;
  readonly #settings: SaveSettings;
  #lastSavedStep = -1;
  #lastSave = performance.now();

  constructor(runFolder: string, session: Session, history: RunHistory, settings: SaveSettings) {
    this.#runFolder = runFolder;
    this.#session = session;
    this.#history = history;
    this.#settings = settings;
  }

  /**
   * Puts the session into the state of the latest checkpoint. `counters` are undefined when there is
   * none; `damaged` are those that were removed. Weights kept for later steps belong to a future that
   * is void.
   */
  async restore(): Promise<{ counters: Counters | undefined; damaged: string[] }> {
    const { checkpoints, damaged } = await recoverCheckpoints(this.#runFolder, 'checkpoints');
    const [checkpoint] = checkpoints;
    const best = await recoverCheckpoints(this.#runFolder, 'best');
    await removeCheckpoints(this.#runFolder, 'best', ({ step }) => step <= (checkpoint?.step ?? 0));
    const counters =
      checkpoint === undefined ? undefined : await restoreState(this.#session, checkpoint);
    this.#lastSavedStep = counters?.step ?? -1;
    return { counters, damaged: [...damaged, ...best.damaged] };
  }

  /** Tells of a checkpoint that an attempt wrote and was killed before it said so. */
  async tellOfUntold(): Promise<void> {
    const [latest] = await listCheckpoints(this.#runFolder, 'checkpoints');
    if (latest === undefined || this.#history.knowsCheckpoint(latest.step)) return;
    await this.#record(latest);
  }

  /** Whether a checkpoint is to be written after `step` steps. */
  isDue(step: number): boolean {
    if (step % this.#settings.save_steps === 0) return true;
    return performance.now() - this.#lastSave >= this.#settings.save_minutes * 60_000;
  }

  async save(counters: Counters): Promise<void> {
    if (this.#lastSavedStep === counters.step) return;
    const checkpoint = await saveState(this.#runFolder, this.#session, counters);
    this.#lastSave = performance.now();
    this.#lastSavedStep = counters.step;
    await this.#record(checkpoint);
  }

  /** The last checkpoint and the best weights stay, without what only a further step would need. */
  async finish(): Promise<void> {
    await this.#keepBest();
    for (const checkpoint of await listCheckpoints(this.#runFolder, 'checkpoints')) {
      for (const name of OPTIMIZER_FILES) await dropFile(checkpoint, name);
    }
  }

  /** Removes what a new checkpoint supersedes and tells of it. */
  async #record(checkpoint: Checkpoint): Promise<void> {
    await removeCheckpoints(
      this.#runFolder,
      'checkpoints',
      (_, age) => age < this.#settings.save_total_limit,
    );
    await this.#keepBest();
    this.#history.add({
      type: 'checkpoint',
      step: checkpoint.step,
      path: `checkpoints/step-${checkpoint.step}`,
      sha256: checkpoint.sha256,
      bytes: checkpoint.bytes,
    });
  }

  async #keepBest(): Promise<void> {
    const best = this.#history.best();
    await removeCheckpoints(this.#runFolder, 'best', ({ step }) => step === best?.step);
  }
}
