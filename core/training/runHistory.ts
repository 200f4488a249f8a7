import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { hashFile } from '../base/files.ts';
import type { RunSpecification } from './configuration.ts';
import { EventLog } from './eventLog.ts';
import type { NewRunEvent } from './eventLog.ts';
import type { EvaluationEvent, GuardEvent, RunEvent } from './events.ts';
import { bestStep, divergenceVerdict, guardVerdict } from './forgettingGuard.ts';
import type { ForgettingGuard, GuardVerdict } from './forgettingGuard.ts';
import { validationLosses } from './validationLosses.ts';

/** An evaluation is the same when all of these are. */
export type EvaluationKey = Pick<
  EvaluationEvent,
  'step' | 'phase' | 'role' | 'split' | 'name' | 'setHash'
>;

/**
 * The valid events of a run, this attempt's among them. What is a function of the past, the best step,
 * which evaluations are done and what the guard says of them, is read from here and stored nowhere
 * else.
 */
export class RunHistory {
  readonly attempt: number;
  readonly #folder: string;
  readonly #log: EventLog;
  readonly #publish: (event: RunEvent) => void;
  readonly #guard: ForgettingGuard | undefined;
  #events: readonly RunEvent[];

  constructor(
    { runFolder, runId: run, settings }: RunSpecification,
    publish: (event: RunEvent) => void,
  ) {
    this.#folder = runFolder;
    this.#guard = settings.forgetting_guard;
    this.#log = new EventLog(runFolder, run);
    this.#publish = publish;
    this.#events = this.#log.earlier;
    this.attempt = this.#log.attempt;
  }

  get completed(): boolean {
    return this.#events.some((event) => event.type === 'ended' && event.outcome === 'completed');
  }

  /** Writes the event to disk and tells the parent. */
  add(event: NewRunEvent): void {
    const added = this.#log.append(event);
    if (added.type === 'started') {
      const resumedAt = added.resumedFrom ?? 0;
      this.#events = this.#events.filter(({ step }) => step <= resumedAt);
    }
    // Thousands of metrics would be held for nothing.
    if (added.type !== 'metrics') this.#events = [...this.#events, added];
    this.#publish(added);
  }

  /** The evaluation with these properties when it was made and its scores are still as written. */
  async evaluation(key: EvaluationKey): Promise<EvaluationEvent | undefined> {
    const found = this.#evaluations().find((event) =>
      (['step', 'phase', 'role', 'split', 'name', 'setHash'] as const).every(
        (property) => event[property] === key[property],
      ),
    );
    if (found === undefined) return undefined;
    const path = join(this.#folder, found.scoresPath);
    return existsSync(path) && (await hashFile(path)) === found.scoresHash ? found : undefined;
  }

  /** Whether this state of the step's checkpoint was told of. */
  knowsCheckpoint(step: number, sha256: string): boolean {
    return this.#events.some(
      (event) => event.type === 'checkpoint' && event.step === step && event.sha256 === sha256,
    );
  }

  /** The event with which the forgetting guard ended the training. */
  get guarded(): GuardEvent | undefined {
    return this.#events.find((event) => event.type === 'guard');
  }

  /** What the forgetting guard says of the validation losses at a step. */
  guardVerdict(step: number): GuardVerdict | undefined {
    return guardVerdict(validationLosses(this.#evaluations()), this.#guard, step);
  }

  /** What it says of a run that diverged by a step. */
  divergenceVerdict(step: number): GuardVerdict | undefined {
    return divergenceVerdict(validationLosses(this.#evaluations()), this.#guard, step);
  }

  /**
   * Of the steps up to `step` the one with the least validation loss on the target, among those that
   * the forgetting guard allows; step 0 is the base model.
   */
  best(step = Infinity): number | undefined {
    const earlier = this.#evaluations().filter((event) => event.step <= step);
    return bestStep(validationLosses(earlier), this.#guard);
  }

  #evaluations(): EvaluationEvent[] {
    return this.#events.filter((event) => event.type === 'evaluation');
  }

  close(): void {
    this.#log.close();
  }
}
