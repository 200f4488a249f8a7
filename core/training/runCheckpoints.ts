import { existsSync } from 'node:fs';
import type { Session, Weights } from '../engine/types.ts';
import {
  checkpointFolder,
  dropFile,
  listCheckpoints,
  recoverCheckpoints,
  removeCheckpoints,
  setAside,
} from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { TrainingSettings } from './configuration.ts';
import type { RunHistory } from './runHistory.ts';
import {
  OPTIMIZER_FILES,
  readCheckpointWeights,
  readCounters,
  restoreState,
  saveBest,
  saveEnd,
  saveState,
} from './trainingState.ts';
import type { Counters } from './trainingState.ts';

type SaveSettings = Pick<
  TrainingSettings,
  'save_steps' | 'save_minutes' | 'save_total_limit' | 'forgetting_guard'
>;

/** What an attempt finds of the ones before it. */
export interface Restored {
  /** Undefined when it begins anew. */
  readonly counters: Counters | undefined;
  /** What was lost, one sentence each. */
  readonly losses: readonly string[];
}

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
   * Puts the session into the state of the latest checkpoint that the run can go on from. Weights
   * kept for later steps belong to a future that is void.
   */
  async restore(): Promise<Restored> {
    const { checkpoints, damaged } = await recoverCheckpoints(this.#runFolder, 'checkpoints');
    const best = await recoverCheckpoints(this.#runFolder, 'best');
    const losses = [...damaged, ...best.damaged].map(
      ({ name, keptAs }) =>
        `The checkpoint ${name} is damaged and is not used; what is left of it is kept as ${keptAs}.`,
    );
    let last: Checkpoint | undefined;
    for (const checkpoint of checkpoints) {
      if (await this.#mayGoOn(checkpoint, best.checkpoints)) {
        last = checkpoint;
        break;
      }
      const { keptAs } = await setAside(checkpoint.folder);
      losses.push(
        `The weights that the forgetting guard would roll back to are lost, so the run does not go on from step ${checkpoint.step} but from an earlier one; that checkpoint is kept as ${keptAs}.`,
      );
    }
    const lastStep = last?.step ?? 0;
    await removeCheckpoints(
      this.#runFolder,
      'checkpoints',
      ({ step }) => last !== undefined && step <= lastStep,
    );
    await removeCheckpoints(this.#runFolder, 'best', ({ step }) => step <= lastStep);
    const counters = last === undefined ? undefined : await restoreState(this.#session, last);
    this.#lastSavedStep = counters?.step ?? -1;
    return { counters, losses };
  }

  /** A run that may be rolled back needs the best weights of its past. */
  async #mayGoOn(checkpoint: Checkpoint, best: readonly Checkpoint[]): Promise<boolean> {
    if (this.#settings.forgetting_guard?.action !== 'rollback') return true;
    const { keptStep } = await readCounters(checkpoint);
    if (keptStep !== undefined) return true;
    const needed = this.#history.best(checkpoint.step) ?? 0;
    // Of its own step a checkpoint has the weights itself; the base model's are in its own folder.
    return needed === 0 || needed === checkpoint.step || best.some(({ step }) => step === needed);
  }

  /** Tells of a checkpoint that an attempt wrote and was killed before it said so. */
  async tellOfUntold(): Promise<void> {
    const [latest] = await listCheckpoints(this.#runFolder, 'checkpoints');
    if (latest === undefined || this.#history.knowsCheckpoint(latest.step, latest.sha256)) return;
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

  /** Saves the weights that the run ends with; no step follows. */
  async saveEnd(counters: Counters): Promise<void> {
    const checkpoint = await saveEnd(this.#runFolder, this.#session, counters);
    this.#lastSavedStep = counters.step;
    await this.#record(checkpoint);
  }

  /** Keeps the weights of a step when they are the best so far; the base model's are in its own folder. */
  async keepIfBest(step: number): Promise<void> {
    if (step === 0 || this.#history.best() !== step) return;
    await saveBest(this.#runFolder, this.#session, step);
  }

  hasBest(step: number): boolean {
    return existsSync(checkpointFolder(this.#runFolder, 'best', step));
  }

  /** The best weights, which were kept at `step`. */
  readBest(step: number): Promise<Weights> {
    const folder = checkpointFolder(this.#runFolder, 'best', step);
    return readCheckpointWeights({ folder }, this.#session.parameters);
  }

  /** The last checkpoint and the best weights stay, without what only a further step would need. */
  async finish(): Promise<void> {
    await this.#keepBest([]);
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
    await this.#keepBest(await listCheckpoints(this.#runFolder, 'checkpoints'));
    this.#history.add({
      type: 'checkpoint',
      step: checkpoint.step,
      path: `checkpoints/step-${checkpoint.step}`,
      sha256: checkpoint.sha256,
      bytes: checkpoint.bytes,
    });
  }

  /** The best weights, and those that a run which goes on from one of `resumable` may roll back to. */
  async #keepBest(resumable: readonly Checkpoint[]): Promise<void> {
    const needed = new Set([this.#history.best()]);
    if (this.#settings.forgetting_guard?.action === 'rollback') {
      for (const { step } of resumable) needed.add(this.#history.best(step));
    }
    await removeCheckpoints(this.#runFolder, 'best', ({ step }) => needed.has(step));
  }
}
